"""The registry: the families of this package and a user's own, found by family or release."""

import stat
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import overload

from lineage.domain.families import Family, Release
from lineage.domain.files import expand_home_in_path
from lineage.errors import SettingsError, UnknownModel, file_error

# msgspec is loaded where files are read: importing it takes a tenth of a plain look-up.

__all__ = [
    "all_families",
    "bundled_families",
    "check_bundled_families",
    "family",
    "find_release",
    "lazy_families",
    "load_families",
]


class _BundledFamilies(Sequence[Family]):
    """The families of this package, sorted by id, read when first looked at."""

    # Reading 25 files takes a quarter of the time that a plain look-up may take, and most look-ups
    # never ask for a family.

    @overload
    def __getitem__(self, at: int) -> Family: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Family]: ...
    def __getitem__(self, at: int | slice) -> Family | Sequence[Family]:
        return _load_all_families()[at]

    def __len__(self) -> int:
        return len(bundled_families())


def lazy_families(path: str | Path | None = None) -> Sequence[Family]:
    """Return what `load_families` does; the bundled ones alone are read when first looked at."""
    return _BundledFamilies() if path is None else load_families(path)


def load_families(path: str | Path | None) -> tuple[Family, ...]:
    """Return the bundled families and those of a user's file or folder, sorted by id.

    Raises:
        SettingsError: a file cannot be read or breaks a rule, or it names what a family before it
            has named.
    """
    from lineage.families.family_file import load_family_file

    families = list(all_families())
    for file in () if path is None else _list_family_files(expand_home_in_path(str(path))):
        added = load_family_file(file)
        _refuse_family_clash(file.name, added, families)
        families.append(added)
    return tuple(sorted(families, key=lambda it: it.id))


def bundled_families() -> tuple[str, ...]:
    """Return the ids of the families that come with this package, sorted."""
    from lineage.families.toml_file import list_registry_files

    return tuple(
        sorted(name for name, _ in list_registry_files(resources.files("lineage.families")))
    )


def check_bundled_families() -> None:
    """Raise SettingsError for the first rule that a file of this package breaks."""
    from lineage.families.family_file import load_family_file
    from lineage.families.toml_file import list_registry_files

    for _, file in list_registry_files(resources.files("lineage.families")):
        load_family_file(file)


def all_families() -> tuple[Family, ...]:
    """Return every bundled family, sorted by id."""
    return _load_all_families()


def family(name: str, among: Sequence[Family] | None = None) -> Family:
    """Return a family by its id, `llama`, in any case; a bundled one unless others are given.

    Raises:
        UnknownModel: there is none of this id; the hint names those there are.
    """
    id = name.strip().lower()
    families = {it.id: it for it in (all_families() if among is None else among)}
    if id not in families:
        raise UnknownModel(
            f"no family is called {name!r}", f"known families: {', '.join(families)}"
        )
    return families[id]


def find_release(name: str, among: Sequence[Family] | None = None) -> tuple[Family, Release] | None:
    """Find a release by its id or name in any case, `llama-3.1`, `Llama 3.1`; else None.

    The bundled families are searched unless others are given.
    """
    handle = name.strip().lower()
    for owner in all_families() if among is None else among:
        for release in owner.releases:
            if handle in (release.id, release.name.lower()):
                return owner, release
    return None


@cache
def _load_all_families() -> tuple[Family, ...]:
    from lineage.families.family_file import load_family_file
    from lineage.families.toml_file import list_registry_files

    # `families check` and the tests prove them; every question about a family waits for this.
    files = dict(list_registry_files(resources.files("lineage.families")))
    return tuple(load_family_file(files[name], is_proven=True) for name in sorted(files))


def _list_family_files(path: Path) -> Sequence[Path]:
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
        files = sorted(path.glob("*.toml")) if is_folder else [path]
    except (OSError, ValueError) as error:
        hint = "name a TOML file or a folder"
        raise file_error(f"there are no families at {path}", error, hint) from error
    if not files:
        raise SettingsError(f"the folder {path} holds no family", "put a file like mine.toml there")
    return files


def _refuse_family_clash(file: str, added: Family, families: Sequence[Family]) -> None:
    """Raise SettingsError where a family would take a name or a root of another one."""
    for other in families:
        if other.id == added.id:
            raise SettingsError(
                f"{file}: there is a family {added.id} already", "give yours another id"
            )
        handles = set(_list_family_handles(other)) & set(_list_family_handles(added))
        renamed = {it.name.lower() for it in added.renamed}
        roots = _family_root_names(other) & (_family_root_names(added) | renamed)
        for name in sorted(handles) or sorted(roots):
            what = "name" if handles else "root"
            raise SettingsError(
                f"{file}: {name} is a {what} of the family {other.id} already",
                "a name, release or root belongs to one family: take it out of yours",
            )


def _list_family_handles(owner: Family) -> Iterator[str]:
    """Yield the names by which a family or one of its releases can be asked for."""
    yield from (owner.id, owner.name.lower())
    for release in owner.releases:
        yield from (release.id, release.name.lower())


def _family_root_names(owner: Family) -> set[str]:
    from lineage.families.family_file import list_root_names

    return {name.lower() for name, _ in list_root_names(owner)}
