"""Rows as if somebody had never been there: neither listed, nor named by anybody else."""

from collections.abc import Iterator
from dataclasses import replace
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

        Whoever bears the key of one of them is one of them, under whatever name.
        """
        if not self.forgotten:
            return page
        self._learn(page.records)
        return without_forgotten(page, self.forgotten)

    def _learn(self, records: list[ModelRecord]) -> None:
        keys: dict[str, str] = {}
        names: dict[str, str] = {}
        for key, id in _met(records):
            listed = self.forgotten.behind_key(key) or self.forgotten.behind(id)
            if listed is not None:
                keys[key] = names[id] = listed
        self.forgotten = self.forgotten.and_also(keys, names)


def refuse_forgotten(name: str, forgotten: Forgotten) -> None:
    """Raise SettingsError where the model of a name may not be asked for."""
    if forgotten.covers(name):
        raise SettingsError(
            f"{name!r} is left out: the setting `forget` lists it, its owner or another name of it",
            "nothing is asked about it; take it off that list first",
        )


def without_forgotten(page: RecordPage, forgotten: Forgotten) -> RecordPage:
    """Return the page without those whose keys and names are known."""
    records = (one for one in page.records if not _is_one(one.key, one.id, forgotten))
    return replace(
        page,
        records=[_cleaned(one, forgotten) for one in records],
        bad_rows=[row for row in page.bad_rows if not _names_one(row, forgotten)],
    )


def _met(records: list[ModelRecord]) -> Iterator[tuple[str, str]]:
    """Yield every key with the name that the Hub itself writes beside it."""
    for record in records:
        yield record.key, record.id
        yield from record.hub_parents


def _cleaned(record: ModelRecord, forgotten: Forgotten) -> ModelRecord:
    if not forgotten.may_be_in(_words_of(record)) and not any(
        parent.key in forgotten.keys for parent in record.hub_parents
    ):
        return record
    cleaned: dict[str, Any] = {
        **{name: _kept(getattr(record, name), forgotten) for name in _TEXTS},
        **{name: _word(getattr(record, name), forgotten) for name in _VOCABULARIES},
        "tags": [tag for tag in record.tags if not forgotten.in_tag(tag)],
        "hub_parents": tuple(one for one in record.hub_parents if not _is_parent(one, forgotten)),
        "card_parents": tuple(one for one in record.card_parents if not forgotten.names_in(one)),
    }
    return record._replace(**cleaned)


def _words_of(record: ModelRecord) -> str:
    parents = (parent.id for parent in record.hub_parents)
    texts = (text for text in _texts_of(record) if text is not None)
    return "\n".join((*record.tags, *record.card_parents, *parents, *texts))


def _word(value: str | None, forgotten: Forgotten) -> str | None:
    plain_word = value is not None and value.lower() in forgotten.names
    return value if plain_word else _kept(value, forgotten)


def _kept(value: str | None, forgotten: Forgotten) -> str | None:
    return None if value is None or forgotten.names_in(value) else value


def _is_one(key: str, id: str, forgotten: Forgotten) -> bool:
    return key in forgotten.keys or forgotten.names_in(id)


def _is_parent(parent: HubParent, forgotten: Forgotten) -> bool:
    return parent.key in forgotten.keys or forgotten.names_in(parent.id)


def _names_one(row: BadRow, forgotten: Forgotten) -> bool:
    key = row.key is not None and forgotten.behind_key(row.key) is not None
    return key or forgotten.named_in(row.raw)
