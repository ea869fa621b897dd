"""Who is called otherwise than before: a rename costs no request, since keys survive it."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import KeyBytes


def renamed(
    keys_before: pa.StringArray,
    ids_before: pa.StringArray,
    keys: pa.StringArray,
    ids: pa.StringArray,
) -> dict[str, str]:
    """Return former name to key of every model whose key now bears another name.

    Both sides are listed models in order of their keys.
    """
    if len(keys) == 0 or len(keys_before) == 0:
        return {}
    now, before = _bare(keys), _bare(keys_before)
    place = np.minimum(np.searchsorted(now, before), len(now) - 1)
    same = np.flatnonzero(now[place] == before)
    old_ids = ids_before.take(pa.array(same))
    differs = pc.indices_nonzero(pc.not_equal(old_ids, ids.take(pa.array(place[same]))))
    return dict(
        zip(
            old_ids.take(differs).to_pylist(),
            keys_before.take(pa.array(same)).take(differs).to_pylist(),
            strict=True,
        )
    )


def _bare(keys: pa.StringArray) -> KeyBytes:
    whole = pa.concat_arrays([keys, pa.array([], pa.string())])
    return np.frombuffer(whole.buffers()[2], "S24", len(whole))
