"""Pages redacted as they stream in: models that opted out are neither listed nor named."""

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
"""Fields whose words are the Hub's: `mit` is a license, though an owner may have that name."""
_TEXTS = tuple(
    field
    for field, kind in ModelRecord.__annotations__.items()
    if kind == str | None and field not in _VOCABULARIES
)
_texts_of = attrgetter(*_TEXTS, *_VOCABULARIES)


class OptOutFilter:
    """Redacts page after page; learns keys and names of opted-out models on its way."""

    # A model may be listed under a name that no opt-out has yet, with a key that an earlier page
    # showed beside one that has: what is learned on a page counts from that page on, and the
    # pipeline looks at the snapshots before again when all pages are in.

    def __init__(self, opt_outs: OptOuts) -> None:
        self.opt_outs = opt_outs
        """Grows with what rows show."""

    def redact(self, page: RecordPage) -> RecordPage:
        """Return the page without opted-out models.

        A model with the key of one of them is one of them, under whatever name. A row that could
        not be read goes if it names one; if it is of another model its key is kept, or that model
        would be taken for deleted.
        """
        if not self.opt_outs:
            return page
        suspects = self._mark_opt_out_suspects(page.records)
        if any(suspects) and self._learn_opted_out_names(list(compress(page.records, suspects))):
            suspects = self._mark_opt_out_suspects(page.records)
        bad_rows: list[BadRow] = []
        keys: list[str] = []
        for row in page.bad_rows:
            is_theirs = row.key is not None and self.opt_outs.knows(row.key)
            if not is_theirs and not self.opt_outs.opted_out_named_in(row.raw):
                bad_rows.append(row)
            elif row.key is not None and not is_theirs:
                keys.append(row.key)
        records = list(_redact_draft_records(page.records, suspects, self.opt_outs))
        return replace(page, records=records, bad_rows=bad_rows, unread_keys=keys)

    def _mark_opt_out_suspects(self, records: list[ModelRecord]) -> list[bool]:
        return [_may_name_opted_out_of_draft(record, self.opt_outs) for record in records]

    def _learn_opted_out_names(self, records: list[ModelRecord]) -> bool:
        """Take in the keys and names that records show; say whether any of them is new."""
        keys: dict[str, str] = {}
        names: dict[str, str] = {}
        for record in records:
            # Every key with the name that the Hub itself writes beside it.
            for key, id in ((record.key, record.id), *record.hub_parents):
                listed = key and self.opt_outs.behind_key(key)
                if listed := listed or self.opt_outs.behind(id):
                    names[id] = listed
                    keys |= {key: listed} if key else {}
        before, self.opt_outs = self.opt_outs, self.opt_outs.and_opt_outs(keys, names)
        return self.opt_outs is not before


def refuse_opted_out_draft(name: str, opt_outs: OptOuts) -> None:
    """Raise SettingsError where the model of a name may not be asked for."""
    if opt_outs.covers(name):
        raise SettingsError(
            f"{name!r} is left out: `opt_outs` lists it, its owner or another name of it",
            "nothing is asked about it; take it off that list first",
        )


def _redact_draft_records(
    records: list[ModelRecord], suspects: list[bool], opt_outs: OptOuts
) -> Iterator[ModelRecord]:
    """Yield records without opted-out models and without their names."""
    for record, is_suspect in zip(records, suspects, strict=True):
        if not is_suspect:
            yield record
        elif not opt_outs.knows(record.key) and not opt_outs.opt_out_names_in(record.id):
            yield _redact_draft_record(record, opt_outs)


def _may_name_opted_out_of_draft(record: ModelRecord, opt_outs: OptOuts) -> bool:
    """Say whether a closer look at a record is worth it: few of millions need one."""
    words = [record.id, *record.tags, *record.card_parents, *filter(None, _texts_of(record))]
    words += [parent.id for parent in record.hub_parents]
    if opt_outs.may_opt_out_be_in("\n".join(words)) or opt_outs.knows(record.key):
        return True
    return any(parent.key and opt_outs.knows(parent.key) for parent in record.hub_parents)


def _redact_draft_record(record: ModelRecord, opt_outs: OptOuts) -> ModelRecord:
    redacted: dict[str, Any] = {
        **{name: _redact_draft_text(getattr(record, name), opt_outs) for name in _TEXTS},
        **{name: _redact_draft_word(getattr(record, name), opt_outs) for name in _VOCABULARIES},
        "tags": [tag for tag in record.tags if not opt_outs.opted_out_in_tag(tag)],
        "hub_parents": tuple(
            parent for parent in record.hub_parents if not _is_opted_out_of_draft(parent, opt_outs)
        ),
        "card_parents": tuple(
            name for name in record.card_parents if not opt_outs.opt_out_names_in(name)
        ),
    }
    return record._replace(**redacted)


def _redact_draft_word(value: str | None, opt_outs: OptOuts) -> str | None:
    is_plain_word = value is not None and value.lower() in opt_outs.names
    return value if is_plain_word else _redact_draft_text(value, opt_outs)


def _redact_draft_text(value: str | None, opt_outs: OptOuts) -> str | None:
    return None if value is None or opt_outs.opt_out_names_in(value) else value


def _is_opted_out_of_draft(parent: HubParent, opt_outs: OptOuts) -> bool:
    knows_key = parent.key is not None and opt_outs.knows(parent.key)
    return knows_key or opt_outs.opt_out_names_in(parent.id)
