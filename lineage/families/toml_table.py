"""A TOML table read field by field; a complaint names the place and says what would be right."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from lineage.domain.repo_ids import is_repo_id
from lineage.errors import SettingsError

_Kind = TypeVar("_Kind")
_Word = TypeVar("_Word", bound=StrEnum)
_HANDLE = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Table:
    """A table and where it stands: `llama.toml, release llama-2, mirror owner/name`."""

    where: str
    content: Mapping[str, object]

    def allow(self, *keys: str) -> None:
        """Refuse every key that is not named."""
        unknown = ", ".join(sorted(set(self.content) - set(keys)))
        if unknown:
            raise self.refusal(f"unknown key {unknown}", f"known keys: {', '.join(keys)}")

    def refusal(self, what: str, hint: str = "") -> SettingsError:
        """Return the error that says what is wrong here."""
        return SettingsError(f"{self.where}: {what}", hint)

    # One value

    def text(self, key: str) -> str:
        """Return a text that says something."""
        value = self._value(key, str, "a text")
        if not value.strip():
            raise self._wrong(key, "a text that is not empty")
        return value

    def text_or_none(self, key: str) -> str | None:
        """Return the text under a key, None where there is no such key."""
        return self.text(key) if key in self.content else None

    def address_or_none(self, key: str) -> str | None:
        """Return a web address: whatever is printed as a link must be one."""
        value = self.text_or_none(key)
        if value is not None and not (value.startswith("https://") and value.isprintable()):
            raise self._wrong(key, "an address that begins with https://")
        return value

    def handle(self, key: str) -> str:
        """Return a short name that is easily typed."""
        value = self.text(key)
        if not _HANDLE.fullmatch(value):
            raise self._wrong(key, "a short handle like llama-3.1")
        return value

    def repo_id(self, key: str) -> str:
        """Return the repository id under a key."""
        return self.checked_id(self.text(key))

    def repo_id_or_none(self, key: str) -> str | None:
        """Return the repository id under a key, None where there is no such key."""
        return self.repo_id(key) if key in self.content else None

    def word(self, key: str, words: type[_Word]) -> _Word:
        """Return one word of a fixed list."""
        value = self.text(key)
        if value not in words.__members__.values():
            raise self._wrong(key, f"one of {', '.join(words)}")
        return words(value)

    def day(self, key: str) -> date:
        """Return a date without a time."""
        value = self._value(key, date, "a date like 2024-04-18, without quotes")
        if isinstance(value, datetime):
            raise self._wrong(key, "a date without a time")
        return value

    def checked_id(self, id: object) -> str:
        """Return this value if the Hub would accept it as a repository's id."""
        if not isinstance(id, str) or not is_repo_id(id):
            raise self.refusal(f"{id!r} is not a repository id like owner/name")
        return id

    # Several values

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, an empty one if it is not there."""
        found = self._items(key) if key in self.content else []
        if not all(isinstance(one, str) and one.strip() for one in found):
            raise self._wrong(key, "a list of texts")
        return tuple(str(one) for one in found)

    def repo_ids(self, key: str) -> tuple[str, ...]:
        """Return a list of repository ids; it must be there."""
        return tuple(self.checked_id(id) for id in self._items(key))

    def table(self, key: str) -> "Table":
        """Return the table under this key, an empty one if it is not there."""
        content = self._value(key, dict, "a table") if key in self.content else {}
        return Table(f"{self.where}, {key}", content)

    def tables(self, key: str, called: str = "id") -> Iterator["Table"]:
        """Yield the tables of a list, none if it is not there; `called` is the key of the name."""
        for number, value in enumerate(self._tables(key), start=1):
            yield Table(f"{self.where}, {key} {value.get(called, f'number {number}')}", value)

    def _tables(self, key: str) -> Sequence[dict[str, object]]:
        found = self._items(key) if key in self.content else []
        tables = [one for one in found if isinstance(one, dict)]
        if len(tables) < len(found):
            raise self._wrong(key, "a list of tables")
        return tables

    def _items(self, key: str) -> list[object]:
        return self._value(key, list, "a list")

    def _value(self, key: str, kind: type[_Kind], wanted: str) -> _Kind:
        if key not in self.content:
            raise self.refusal(f"{key} is missing", f"it must be {wanted}")
        value = self.content[key]
        if not isinstance(value, kind):
            raise self._wrong(key, wanted)
        return value

    def _wrong(self, key: str, wanted: str) -> SettingsError:
        return self.refusal(f"{key} must be {wanted}, not {self.content[key]!r}")
