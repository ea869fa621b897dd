"""Claims inferred from local paths: `/data/models/Llama-2-7b-hf` holds that official model."""

import re
from collections.abc import Callable, Iterable

from lineage.domain.families import Family

RULE = "local_path"
_SEPARATORS = re.compile(r"[\\/]+")


def read_official_paths(families: Iterable[Family]) -> Callable[[str], str | None]:
    """Return what gives the official model that a path ends in: the last part, spelled exactly.

    None for what is no path, and where two official models bear that name.
    """
    ids_by_name: dict[str, set[str]] = {}
    for release in (release for family in families for release in family.releases):
        official = set(release.official)
        former = [(it.name, it.now) for it in release.former_names if it.now in official]
        for name, id in (*former, *((id, id) for id in release.official)):
            ids_by_name.setdefault(name.rpartition("/")[2], set()).add(id)

    def find_official(path: str) -> str | None:
        parts = _SEPARATORS.split(path.strip().rstrip("\\/"))
        ids = ids_by_name.get(parts[-1], ()) if len(parts) > 1 else ()
        return next(iter(ids)) if len(ids) == 1 else None

    return find_official
