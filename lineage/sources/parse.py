"""From a page's bytes to records and bad rows; every quirk of the Hub is met here, nothing raises.

A row without a usable `_id` or `id` is a bad row, kept with its reason and its own JSON. Any other
field that does not fit its shape is taken as absent and counted by name, so that one odd card never
costs a model.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Any

import msgspec

from lineage.domain.moments import UNKNOWN_CREATION
from lineage.domain.records import BadRow, HubParent, ModelRecord
from lineage.domain.repo_ids import is_repo_id
from lineage.sources.salvage import cut_rows, first_key, lenient_json, what_fits
from lineage.sources.wire import MAX_TAGS, MAX_TEXT, WireCard, WireConfig, WireParent, WireRow

Buffer = bytes | msgspec.Raw
HANDFUL = 128
MOST_ROWS = 100_000
"""A page asked for with a thousand rows that holds more than this is no listing."""
MAX_RAW = 20_000
"""How many characters of a bad row are kept."""

# Broken UTF-8 and endless nesting are not msgspec's own errors.
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_is_key = re.compile(r"[0-9a-f]{24}").fullmatch
_PAGE = msgspec.json.Decoder(list[WireRow])
_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ROW = msgspec.json.Decoder(WireRow)
_CardWords = tuple[str | None, str | None, str | None, str | None, tuple[str, ...]]
_ConfigWords = tuple[str | None, str | None, str | None]
_new = tuple.__new__  # a named tuple's own constructor is a function in Python
_NO_CARD: _CardWords = (None, None, None, None, ())
_NO_CONFIG: _ConfigWords = (None, None, None)


@dataclass(slots=True)
class ParsedPage:
    """What one page held."""

    records: list[ModelRecord] = field(default_factory=list)
    bad_rows: list[BadRow] = field(default_factory=list)
    unread_fields: Counter[str] = field(default_factory=Counter)
    """How often a field did not fit its shape and was taken as absent, by the Hub's field name."""
    problem: str | None = None
    """Why the bytes are no page at all; then nothing else is filled."""


def is_whole(body: bytes) -> bool:
    """Say whether the bytes are one complete JSON array or object: a body that was cut is not."""
    try:
        (_ROWS if body[:1] == b"[" else _OBJECT).decode(body)
    except _UNREADABLE:
        return cut_rows(body) is not None or _is_object(body)
    return True


def parse_page(body: bytes) -> ParsedPage:
    """Read one page of `GET /api/models` whole."""
    page = ParsedPage()
    for part in parse_handfuls(body):
        page.records += part.records
        page.bad_rows += part.bad_rows
        page.unread_fields.update(part.unread_fields)
        page.problem = part.problem
    return page


def parse_handfuls(body: bytes) -> Iterator[ParsedPage]:
    """Read one page some rows at a time: few enough to stay near the processor until stored.

    What a page's thousand rows become would go to main memory and come back at every step
    (docs/benchmarks.md says what that costs); and an odd row makes only its own handful be read one
    by one.
    """
    rows = _split(body)
    if rows is None or len(rows) > MOST_ROWS:
        yield ParsedPage(problem="not a JSON array" if rows is None else f"{len(rows)} rows")
        return
    for start in range(0, max(1, len(rows)), HANDFUL):
        yield _parse(rows[start : start + HANDFUL])


def _split(body: bytes) -> Sequence[Buffer] | None:
    """Cut a page into its rows' own JSON; None if it is no page."""
    try:
        return _ROWS.decode(body)
    except _UNREADABLE:
        return cut_rows(body)


def _parse(raws: Sequence[Buffer]) -> ParsedPage:
    page = ParsedPage()
    try:
        rows = _PAGE.decode(b"[%s]" % b",".join(raws))
    except _UNREADABLE:
        rows = []
    sound = len(rows) == len(raws) and all(map(_is_key, [row.key for row in rows]))
    if sound and all(map(is_repo_id, [row.id for row in rows])):
        page.records += [_record(row, page.unread_fields) for row in rows]
    else:
        _read_one_by_one(raws, page)
    return page


def _flaw(row: WireRow) -> str | None:
    """Return why a row cannot be a record, None where it can."""
    if not _is_key(row.key):
        return "_id is not 24 hex digits"
    return None if is_repo_id(row.id) else "id is not a repository id"


def _record(row: WireRow, unread: Counter[str]) -> ModelRecord:
    card, config, hub, gated = row.card, row.config, row.base_models, row.gated
    created, modified = row.created_at, row.modified_at
    license, license_name, license_link, card_relation, card_parents = (
        _NO_CARD if card is None else _card(card, unread)
    )
    model_type, name_or_path, adapter_parent = (
        _NO_CONFIG if config is None else _config(config, unread)
    )
    fields = (
        row.key,
        row.id,
        row.author,
        None
        if created is None or created == UNKNOWN_CREATION
        else _moment(created, "createdAt", unread),
        None if modified is None else _moment(modified, "lastModified", unread),
        license if license is not None else _license_tag(row.tags),
        license_name,
        license_link,
        row.library,
        row.pipeline,
        model_type,
        name_or_path,
        row.tags,
        gated if gated is None or isinstance(gated, str) else str(gated).lower(),
        row.sha,
        row.downloads,
        row.downloads_all_time,
        row.likes,
        None if hub is None else hub.relation,
        () if hub is None else _parents(hub.models, unread),
        card_relation,
        card_parents,
        adapter_parent,
    )
    return _new(ModelRecord, fields)


def _moment(value: datetime, name: str, unread: Counter[str]) -> datetime | None:
    if MINYEAR < value.year < MAXYEAR:
        return value
    unread[name] += 1  # in UTC it may lie outside the years there are
    return None


def _parents(models: list[WireParent], unread: Counter[str]) -> tuple[HubParent, ...]:
    """Return each parent once; one without a proper key is no parent that the Hub resolved."""
    parents = dict.fromkeys(
        [
            HubParent(model.key, model.id)
            for model in models
            if _is_key(model.key) and model.id.strip()
        ]
    )
    if len(parents) < len(models) and len(parents) < len({(m.key, m.id) for m in models}):
        unread["baseModels"] += 1
    return tuple(parents)


def _card(card: WireCard, unread: Counter[str]) -> _CardWords:
    """Return license, its name and link, the declared relation, and the parents as written."""
    license, name, link = card.license, card.license_name, card.license_link
    relation, parents = card.base_model_relation, card.base_model
    return (  # most cards leave most of it out: nothing is called for what is not there
        None if license is None else _license(license, unread),
        None if name is None else _text(name, "cardData.license_name", unread),
        None if link is None else _text(link, "cardData.license_link", unread),
        None if relation is None else _text(relation, "cardData.base_model_relation", unread),
        () if parents is None else _names(parents, unread),
    )


def _config(config: WireConfig, unread: Counter[str]) -> _ConfigWords:
    """Return model type, the checkpoint the config names, and the adapter's base."""
    adapter = config.peft or config.adapter_config
    return (
        _text(config.model_type, "config.model_type", unread),
        _text(config.name_or_path, "config._name_or_path", unread),
        None if adapter is None else _text(adapter.base_model_name_or_path, "config.peft", unread),
    )


def _text(value: Any, name: str, unread: Counter[str]) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and len(value) <= MAX_TEXT:
        return value or None
    unread[name] += 1
    return None


def _names(value: Any, unread: Counter[str]) -> tuple[str, ...]:
    """Read `base_model`: a name or a list of names; authors have put anything else there too."""
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list):
        unread["cardData.base_model"] += 1
        return ()
    names = [_text(entry, "cardData.base_model", unread) for entry in entries[:MAX_TAGS]]
    return tuple(dict.fromkeys([name for name in names if name is not None and name.strip()]))


def _license(value: Any, unread: Counter[str]) -> str | None:
    """Read `license`: a tag, or in old cards a list of tags of which the Hub shows the first."""
    if isinstance(value, list) and value:
        value = value[0]
    return _text(value, "cardData.license", unread)


def _license_tag(tags: Iterable[str]) -> str | None:
    for tag in tags:
        if tag.startswith("license:"):
            return tag[8:] or None
    return None


# Rows that do not fit, one at a time


def _read_one_by_one(raws: Iterable[Buffer], page: ParsedPage) -> None:
    for raw in map(bytes, raws):
        try:
            row = _ROW.decode(raw)
        except _UNREADABLE as error:
            _keep_what_fits(raw, str(error), page)
        else:
            _keep(row, raw, page)


def _keep(row: WireRow, raw: bytes, page: ParsedPage) -> None:
    if (flaw := _flaw(row)) is None:
        page.records.append(_record(row, page.unread_fields))
    else:
        page.bad_rows.append(_bad_row(flaw, raw, row.key))


def _keep_what_fits(raw: bytes, reason: str, page: ParsedPage) -> None:
    row = lenient_json(raw)
    if not isinstance(row, dict):
        flaw = reason if raw[:1] == b"{" else "not an object"
        page.bad_rows.append(_bad_row(flaw, raw, first_key(raw)))
        return
    fitting = what_fits(row, WireRow, page.unread_fields)
    if "key" in fitting and "id" in fitting:
        _keep(WireRow(**fitting), raw, page)
    else:
        page.bad_rows.append(_bad_row(reason, raw, fitting.get("key")))


def _is_object(body: bytes) -> bool:
    rows = cut_rows(b"[%s]" % body)
    return rows is not None and len(rows) == 1 and rows[0][:1] + rows[0][-1:] == b"{}"


def _bad_row(reason: str, raw: bytes, key: object) -> BadRow:
    usable = key if isinstance(key, str) and _is_key(key) else None
    return BadRow(reason, raw.decode("utf-8", "replace")[:MAX_RAW], usable)
