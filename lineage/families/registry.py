"""Families as curated data: read from TOML, validated, found by name."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar

from lineage.domain.families import Family, FormerName, Reupload, Release
from lineage.domain.repo_ids import is_repo_id
from lineage.errors import SettingsError

_Kind = TypeVar("_Kind")
_HANDLE = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")


def bundled_families() -> tuple[str, ...]:
    """Return the ids of the families that come with this package, sorted."""
    return tuple(sorted(_bundled_files()))


def family(name: str) -> Family:
    """Return a bundled family by its id, `llama`, in any case; SettingsError if there is none."""
    id = name.strip().lower()
    known = bundled_families()
    if id not in known:
        raise SettingsError(f"no family is called {name!r}", f"known families: {', '.join(known)}")
    return _bundled(id)


def all_families() -> tuple[Family, ...]:
    """Return every bundled family."""
    return tuple(family(id) for id in bundled_families())


def find_release(name: str) -> tuple[Family, Release] | None:
    """Find a bundled release by its id or name in any case: `llama-3.1`, `Llama 3.1`."""
    wanted = name.strip().lower()
    for id in bundled_families():
        for release in _bundled(id).releases:
            if wanted in (release.id, release.name.lower()):
                return _bundled(id), release
    return None


def load_family_file(source: Path | Traversable) -> Family:
    """Read one family file.

    Raises:
        SettingsError: it cannot be read, or it breaks a rule; the message names file and entry.
    """
    try:
        content = tomllib.loads(source.read_bytes().decode())
    except (OSError, ValueError) as error:
        raise SettingsError(f"{source.name} cannot be read as TOML: {error}") from error
    loaded = _family(_Table(source.name, content))
    _check_names(source.name, loaded)
    return loaded


def _bundled_files() -> dict[str, Traversable]:
    files = resources.files("lineage.families").iterdir()
    return {file.name.removesuffix(".toml"): file for file in files if file.name.endswith(".toml")}


@cache
def _bundled(id: str) -> Family:
    return load_family_file(_bundled_files()[id])


@dataclass(frozen=True, slots=True)
class _Table:
    """A TOML table and where it stands, so that a complaint can name its place."""

    where: str
    content: Mapping[str, object]

    def allow(self, *keys: str) -> None:
        """Refuse every key that is not named."""
        unknown = ", ".join(sorted(set(self.content) - set(keys)))
        if unknown:
            hint = f"known keys: {', '.join(keys)}"
            raise SettingsError(f"{self.where}: unknown key {unknown}", hint)

    def text(self, key: str) -> str:
        value = self._value(key, str, "a text")
        if not value.strip():
            raise self._wrong(key, "a text that is not empty")
        return value

    def text_or_none(self, key: str) -> str | None:
        return self.text(key) if key in self.content else None

    def handle(self, key: str) -> str:
        value = self.text(key)
        if not _HANDLE.fullmatch(value):
            raise self._wrong(key, "a short handle like llama-3.1")
        return value

    def repo_id(self, id: object) -> str:
        """Return this value if the Hub would accept it as a repository's id."""
        if not isinstance(id, str) or not is_repo_id(id):
            raise SettingsError(f"{self.where}: {id!r} is not a repository id like owner/name")
        return id

    def day(self, key: str) -> date:
        value = self._value(key, date, "a date like 2024-04-18, without quotes")
        if isinstance(value, datetime):
            raise self._wrong(key, "a date without a time")
        return value

    def items(self, key: str) -> list[object]:
        return self._value(key, list, "a list")

    def table(self, key: str) -> "_Table":
        """Return the table under this key, an empty one if it is not there."""
        content = self._value(key, dict, "a table") if key in self.content else {}
        return _Table(f"{self.where}, {key}", content)

    def tables(self, key: str) -> Iterator["_Table"]:
        """Yield the tables of a list, none if it is not there; each is called by its id."""
        for number, value in enumerate(self.items(key) if key in self.content else (), start=1):
            if not isinstance(value, dict):
                raise self._wrong(key, "a list of tables")
            yield _Table(f"{self.where}, {key} {value.get('id', f'number {number}')}", value)

    def _value(self, key: str, kind: type[_Kind], wanted: str) -> _Kind:
        if key not in self.content:
            raise SettingsError(f"{self.where}: {key} is missing")
        value = self.content[key]
        if not isinstance(value, kind):
            raise self._wrong(key, wanted)
        return value

    def _wrong(self, key: str, wanted: str) -> SettingsError:
        return SettingsError(f"{self.where}: {key} must be {wanted}, not {self.content[key]!r}")


def _family(file: _Table) -> Family:
    file.allow("family", "release")
    head = file.table("family")
    head.allow("id", "name", "version")
    releases = tuple(_release(table) for table in file.tables("release"))
    if not releases:
        raise SettingsError(f"{file.where}: a family needs at least one [[release]]")
    return Family(head.handle("id"), head.text("name"), head.text("version"), releases)


def _release(table: _Table) -> Release:
    table.allow("id", "name", "released", "license", "source", "official", "mirror", "former_names")
    table.text("source")
    official = tuple(table.repo_id(id) for id in table.items("official"))
    mirrors = tuple(_mirror(entry, official) for entry in table.tables("mirror"))
    if not official and not mirrors:
        raise SettingsError(f"{table.where}: neither an official repository nor a mirror")
    return Release(
        id=table.handle("id"),
        name=table.text("name"),
        released=table.day("released"),
        license=table.text_or_none("license"),
        official=official,
        mirrors=mirrors,
        former_names=tuple(_former_names(table, official)),
    )


def _mirror(table: _Table, official: tuple[str, ...]) -> Reupload:
    table.allow("id", "of", "note")
    table.text_or_none("note")
    of = table.text("of") if official else table.text_or_none("of")
    if of is not None and of not in official:
        raise SettingsError(f"{table.where}: of = {of!r} is not official in this release")
    return Reupload(table.repo_id(table.text("id")), of)


def _former_names(table: _Table, official: tuple[str, ...]) -> Iterator[FormerName]:
    names = table.table("former_names")
    for name, now in names.content.items():
        if now not in official:
            raise SettingsError(f"{names.where}: {name} = {now!r} is not official in this release")
        yield FormerName(names.repo_id(name), names.repo_id(now))


def _check_names(file: str, loaded: Family) -> None:
    """Refuse a name that would stand for two things; the Hub compares ids without case."""
    releases: dict[str, str] = {}
    ids: dict[str, str] = {}
    for release in loaded.releases:
        _claim(releases, {release.id, release.name.lower()}, f"release {release.id}", file)
        _claim(ids, release.official, f"official in {release.id}", file)
        _claim(ids, (it.id for it in release.mirrors), f"a mirror in {release.id}", file)
        _claim(ids, (it.name for it in release.former_names), f"an old name in {release.id}", file)


def _claim(taken: dict[str, str], names: Iterable[str], role: str, file: str) -> None:
    for name in names:
        if name.lower() in taken:
            raise SettingsError(f"{file}: {name} is {taken[name.lower()]} and also {role}")
        taken[name.lower()] = role
