"""What models declare of their license, read column by column and each distinct word once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.licenses.claims import LicenseStatement, claim_of
from lineage.analysis.licenses.findings import Knowledge
from lineage.domain.addresses import is_loopback
from lineage.domain.arrays import Indices, Int64s, Mask
from lineage.domain.licenses import LicenseTerms
from lineage.store import schema
from lineage.store.reader import Snapshot

_WORDS = ("license", "license_name", "license_link")


@dataclass(frozen=True, slots=True)
class Declared:
    """The words of some models, and what they say."""

    key: list[str]
    id: list[str]
    license: list[str | None]
    license_name: list[str | None]
    license_link: list[str | None]
    library: list[str | None]
    claims: Sequence[LicenseStatement]
    """Each distinct claim."""
    claim: Int64s
    """Which of them is each model's."""


def knowledge_of(snapshot: Snapshot) -> Knowledge:
    """Return how many models of a snapshot have a known license."""
    tags = snapshot.column(schema.MODELS_FILE, "license")
    listed = snapshot.manifest.models
    local = is_loopback(snapshot.manifest.origin.endpoint)
    return Knowledge(listed - tags.null_count, listed, local)


def declared_by(snapshot: Snapshot, nodes: Indices, terms: LicenseTerms) -> Declared:
    """Read what models with a record declare, in the order asked."""
    columns = ["key", "id", *_WORDS, "library"]
    table = snapshot.record_table(columns).take(pa.array(nodes)).combine_chunks()
    claims, claim = _claims(table, terms)
    words = {name: table[name].to_pylist() for name in columns}
    return Declared(**words, claims=claims, claim=claim)


def same_license(snapshot: Snapshot, nodes: Indices, parents: Indices) -> Mask:
    """Say where a model's tag is its parent's; False where a tag or the parent is not known."""
    tags = snapshot.record_column("license").combine_chunks()
    is_listed = (parents >= 0) & (parents < snapshot.records)
    same = pc.equal(
        tags.take(pa.array(nodes)),
        tags.take(pa.array(np.where(is_listed, parents, 0), mask=~is_listed)),
    )
    found: Mask = pc.fill_null(same, False).to_numpy(zero_copy_only=False)
    return found


def _claims(table: pa.Table, terms: LicenseTerms) -> tuple[list[LicenseStatement], Int64s]:
    encoded = [table[name].combine_chunks().dictionary_encode() for name in _WORDS]
    code = np.zeros(table.num_rows, np.int64)
    for column in encoded:
        # One more for the word that is not there.
        place = pc.fill_null(column.indices, len(column.dictionary)).to_numpy(zero_copy_only=False)
        code = np.unique(code * (len(column.dictionary) + 1) + place, return_inverse=True)[1]
    _, first, which = np.unique(code, return_index=True, return_inverse=True)
    words = table.select(list(_WORDS)).take(pa.array(first)).to_pylist()
    claims = [
        claim_of(row["license"], row["license_name"], row["license_link"], terms) for row in words
    ]
    return claims, which.astype(np.int64)
