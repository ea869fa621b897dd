"""Rows as if somebody had never been there: neither listed, nor named by anybody else."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import compress
from operator import attrgetter
from typing import Any

from lineage.domain.forgotten import Forgotten
from lineage.domain.records import BadRow, HubParent, ModelRecord
from lineage.errors import SettingsError
from lineage.sources.interface import RecordPage

_VOCABULARIES = ("license", "pipeline", "gated", "hub_relation", "card_relation")
"""Fields whose words are the Hub's: `mit` is a license, whoever else is called so."""
_TEXTS = tuple(
    field
    for field, kind in ModelRecord.__annotations__.items()
    if kind == str | None and field not in _VOCABULARIES
)
_texts_of = attrgetter(*_TEXTS, *_VOCABULARIES)


class LeavingOut:
    """Cleans page after page; learns the keys and names of the forgotten on its way."""

    def __init__(self, forgotten: Forgotten) -> None:
        self.forgotten = forgotten
        """Grows with what rows tell."""

    def cleaned(self, page: RecordPage) -> RecordPage:
        """Return the page without the forgotten; a row that could not be read goes if it names one.

        Whoever bears the key of one of them is one of them, under whatever name. Of anybody else's
        row that goes the key is told, or its model would be taken for missing.
        """
        if not self.forgotten:
            return page
        tell = self._telling(page.records)
        if any(tell) and self._learn(list(compress(page.records, tell))):
            tell = self._telling(page.records)
        bad_rows: list[BadRow] = []
        keys: list[str] = []
        for row in page.bad_rows:
            if not _names_one(row, self.forgotten):
                bad_rows.append(row)
            elif row.key is not None and not self.forgotten.knows(row.key):
                keys.append(row.key)
        records = list(_without(page.records, tell, self.forgotten))
        return replace(page, records=records, bad_rows=bad_rows, unread_keys=keys)

    def _telling(self, records: list[ModelRecord]) -> list[bool]:
        return [_may_tell(record, self.forgotten) for record in records]

    def _learn(self, records: list[ModelRecord]) -> bool:
        """Take in the keys and names that records tell; say whether any of them is new."""
        keys: dict[str, str] = {}
        names: dict[str, str] = {}
        for key, id in _met(records):
            listed = self.forgotten.behind_key(key) or self.forgotten.behind(id)
            if listed is not None:
                keys[key] = names[id] = listed
        known, self.forgotten = self.forgotten, self.forgotten.and_also(keys, names)
        return self.forgotten is not known


def refuse_forgotten(name: str, forgotten: Forgotten) -> None:
    """Raise SettingsError where the model of a name may not be asked for."""
    if forgotten.covers(name):
        raise SettingsError(
            f"{name!r} is left out: the setting `forget` lists it, its owner or another name of it",
            "nothing is asked about it; take it off that list first",
        )


def _without(
    records: list[ModelRecord], tell: list[bool], forgotten: Forgotten
) -> Iterator[ModelRecord]:
    """Yield records without theirs and without their names; most tell nothing of them."""
    for record, tells in zip(records, tell, strict=True):
        if not tells:
            yield record
        elif not forgotten.knows(record.key) and not forgotten.names_in(record.id):
            yield _cleaned(record, forgotten)


def _may_tell(record: ModelRecord, forgotten: Forgotten) -> bool:
    """Say whether a closer look at a record is worth it."""
    if forgotten.may_be_in(_words_of(record)) or forgotten.knows(record.key):
        return True
    return any(forgotten.knows(parent.key) for parent in record.hub_parents)


def _met(records: list[ModelRecord]) -> Iterator[tuple[str, str]]:
    """Yield every key with the name that the Hub itself writes beside it."""
    for record in records:
        yield record.key, record.id
        yield from record.hub_parents


def _cleaned(record: ModelRecord, forgotten: Forgotten) -> ModelRecord:
    cleaned: dict[str, Any] = {
        **{name: _kept(getattr(record, name), forgotten) for name in _TEXTS},
        **{name: _word(getattr(record, name), forgotten) for name in _VOCABULARIES},
        "tags": [tag for tag in record.tags if not forgotten.in_tag(tag)],
        "hub_parents": tuple(one for one in record.hub_parents if not _is_parent(one, forgotten)),
        "card_parents": tuple(one for one in record.card_parents if not forgotten.names_in(one)),
    }
    return record._replace(**cleaned)


def _words_of(record: ModelRecord) -> str:
    words = [record.id, *record.tags, *record.card_parents, *filter(None, _texts_of(record))]
    words += [parent.id for parent in record.hub_parents]
    return "\n".join(words)


def _word(value: str | None, forgotten: Forgotten) -> str | None:
    plain_word = value is not None and value.lower() in forgotten.names
    return value if plain_word else _kept(value, forgotten)


def _kept(value: str | None, forgotten: Forgotten) -> str | None:
    return None if value is None or forgotten.names_in(value) else value


def _is_parent(parent: HubParent, forgotten: Forgotten) -> bool:
    return forgotten.knows(parent.key) or forgotten.names_in(parent.id)


def _names_one(row: BadRow, forgotten: Forgotten) -> bool:
    key = row.key is not None and forgotten.knows(row.key)
    return key or forgotten.named_in(row.raw)
