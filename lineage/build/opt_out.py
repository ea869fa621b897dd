"""Rows as if somebody had never been there: neither listed, nor named by anybody else."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import compress
from operator import attrgetter
from typing import Any

from lineage.domain.opt_outs import OptOuts
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


class OptOutFilter:
    """Cleans page after page; learns the keys and names of the forgotten on its way."""

    def __init__(self, opt_outs: OptOuts) -> None:
        self.opt_outs = opt_outs
        """Grows with what rows tell."""

    def cleaned(self, page: RecordPage) -> RecordPage:
        """Return the page without the forgotten; a row that could not be read goes if it names one.

        Whoever bears the key of one of them is one of them, under whatever name. Of anybody else's
        row that goes the key is told, or its model would be taken for missing.
        """
        if not self.opt_outs:
            return page
        tell = self._telling(page.records)
        if any(tell) and self._learn(list(compress(page.records, tell))):
            tell = self._telling(page.records)
        bad_rows: list[BadRow] = []
        keys: list[str] = []
        for row in page.bad_rows:
            if not _names_one(row, self.opt_outs):
                bad_rows.append(row)
            elif row.key is not None and not self.opt_outs.knows(row.key):
                keys.append(row.key)
        records = list(_without(page.records, tell, self.opt_outs))
        return replace(page, records=records, bad_rows=bad_rows, unread_keys=keys)

    def _telling(self, records: list[ModelRecord]) -> list[bool]:
        return [_may_tell(record, self.opt_outs) for record in records]

    def _learn(self, records: list[ModelRecord]) -> bool:
        """Take in the keys and names that records tell; say whether any of them is new."""
        keys: dict[str, str] = {}
        names: dict[str, str] = {}
        for key, id in _met(records):
            listed = self.opt_outs.behind_key(key) or self.opt_outs.behind(id)
            if listed is not None:
                keys[key] = names[id] = listed
        known, self.opt_outs = self.opt_outs, self.opt_outs.and_also(keys, names)
        return self.opt_outs is not known


def refuse_forgotten(name: str, opt_outs: OptOuts) -> None:
    """Raise SettingsError where the model of a name may not be asked for."""
    if opt_outs.covers(name):
        raise SettingsError(
            f"{name!r} is left out: `opt_outs` lists it, its owner or another name of it",
            "nothing is asked about it; take it off that list first",
        )


def _without(
    records: list[ModelRecord], tell: list[bool], opt_outs: OptOuts
) -> Iterator[ModelRecord]:
    """Yield records without theirs and without their names; most tell nothing of them."""
    for record, tells in zip(records, tell, strict=True):
        if not tells:
            yield record
        elif not opt_outs.knows(record.key) and not opt_outs.names_in(record.id):
            yield _cleaned(record, opt_outs)


def _may_tell(record: ModelRecord, opt_outs: OptOuts) -> bool:
    """Say whether a closer look at a record is worth it."""
    if opt_outs.may_be_in(_words_of(record)) or opt_outs.knows(record.key):
        return True
    return any(opt_outs.knows(parent.key) for parent in record.hub_parents)


def _met(records: list[ModelRecord]) -> Iterator[tuple[str, str]]:
    """Yield every key with the name that the Hub itself writes beside it."""
    for record in records:
        yield record.key, record.id
        yield from record.hub_parents


def _cleaned(record: ModelRecord, opt_outs: OptOuts) -> ModelRecord:
    cleaned: dict[str, Any] = {
        **{name: _kept(getattr(record, name), opt_outs) for name in _TEXTS},
        **{name: _word(getattr(record, name), opt_outs) for name in _VOCABULARIES},
        "tags": [tag for tag in record.tags if not opt_outs.in_tag(tag)],
        "hub_parents": tuple(one for one in record.hub_parents if not _is_parent(one, opt_outs)),
        "card_parents": tuple(one for one in record.card_parents if not opt_outs.names_in(one)),
    }
    return record._replace(**cleaned)


def _words_of(record: ModelRecord) -> str:
    words = [record.id, *record.tags, *record.card_parents, *filter(None, _texts_of(record))]
    words += [parent.id for parent in record.hub_parents]
    return "\n".join(words)


def _word(value: str | None, opt_outs: OptOuts) -> str | None:
    plain_word = value is not None and value.lower() in opt_outs.names
    return value if plain_word else _kept(value, opt_outs)


def _kept(value: str | None, opt_outs: OptOuts) -> str | None:
    return None if value is None or opt_outs.names_in(value) else value


def _is_parent(parent: HubParent, opt_outs: OptOuts) -> bool:
    return opt_outs.knows(parent.key) or opt_outs.names_in(parent.id)


def _names_one(row: BadRow, opt_outs: OptOuts) -> bool:
    key = row.key is not None and opt_outs.knows(row.key)
    return key or opt_outs.named_in(row.raw)
