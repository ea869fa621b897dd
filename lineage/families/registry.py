"""The families at hand: those of this package and a user's own; found by family or release."""

from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from lineage.domain.families import Family, Release
from lineage.errors import SettingsError
from lineage.families.consistency import names_of_roots
from lineage.families.family_file import load_family_file

__all__ = [
    "all_families",
    "bundled_families",
    "family",
    "find_release",
    "load_families",
    "load_family_file",
]


def bundled_families() -> tuple[str, ...]:
    """Return the ids of the families that come with this package, sorted."""
    return tuple(sorted(_bundled_files()))


def all_families() -> tuple[Family, ...]:
    """Return every bundled family, sorted by id."""
    return tuple(_bundled(id) for id in bundled_families())


def load_families(path: str | Path | None) -> tuple[Family, ...]:
    """Return the bundled families and those of a user's file or folder, sorted by id.

    Raises:
        SettingsError: a file cannot be read or breaks a rule, or it names what a family before it
            has named.
    """
    found = list(all_families())
    for file in () if path is None else _files_at(Path(path).expanduser()):
        added = load_family_file(file)
        _refuse_clash(file.name, added, found)
        found.append(added)
    return tuple(sorted(found, key=lambda one: one.id))


def family(name: str, among: Sequence[Family] | None = None) -> Family:
    """Return a family by its id, `llama`, in any case; a bundled one unless others are given.

    Raises:
        SettingsError: there is none of this id; the hint names those there are.
    """
    id = name.strip().lower()
    known = bundled_families() if among is None else tuple(one.id for one in among)
    if id not in known:
        raise SettingsError(f"no family is called {name!r}", f"known families: {', '.join(known)}")
    return _bundled(id) if among is None else next(one for one in among if one.id == id)


def find_release(name: str, among: Sequence[Family] | None = None) -> tuple[Family, Release] | None:
    """Find a release by its id or name in any case, `llama-3.1`, `Llama 3.1`; else None.

    The bundled families are searched unless others are given.
    """
    wanted = name.strip().lower()
    for one in all_families() if among is None else among:
        for release in one.releases:
            if wanted in (release.id, release.name.lower()):
                return one, release
    return None


def _bundled_files() -> dict[str, Traversable]:
    files = resources.files("lineage.families").iterdir()
    return {file.name.removesuffix(".toml"): file for file in files if file.name.endswith(".toml")}


@cache
def _bundled(id: str) -> Family:
    return load_family_file(_bundled_files()[id])


def _files_at(path: Path) -> Sequence[Path]:
    if not path.exists():
        raise SettingsError(f"there are no families at {path}", "name a TOML file or a folder")
    files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    if not files:
        raise SettingsError(f"the folder {path} holds no family", "put a file like mine.toml there")
    return files


def _refuse_clash(file: str, added: Family, known: Iterable[Family]) -> None:
    for other in known:
        if other.id == added.id:
            raise SettingsError(
                f"{file}: there is a family {added.id} already", "give yours another id"
            )
        handles = _handles(other) & _handles(added)
        roots = _roots(other) & (_roots(added) | {it.name.lower() for it in added.renamed})
        for name in sorted(handles) or sorted(roots):
            what = "name" if handles else "root"
            raise SettingsError(
                f"{file}: {name} is a {what} of the family {other.id} already",
                "a name, release or root belongs to one family: take it out of yours",
            )


def _handles(one: Family) -> set[str]:
    """Return the names by which a family or one of its releases can be asked for."""
    releases = {name for it in one.releases for name in (it.id, it.name.lower())}
    return releases | {one.id, one.name.lower()}


def _roots(one: Family) -> set[str]:
    return {name.lower() for name, _ in names_of_roots(one)}
