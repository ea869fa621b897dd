"""From a page's bytes to records and bad rows; every quirk of the Hub is met here, nothing raises.

A row without a usable `_id` or `id` is a bad row, kept with its reason and its own JSON. Any other
field that does not fit its shape is taken as absent and counted by name, so that one odd card never
costs a model.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Any

import msgspec

from lineage.domain.moments import UNKNOWN_CREATION
from lineage.domain.records import BadRow, HubParent, ModelRecord
from lineage.domain.repo_ids import is_repo_id
from lineage.sources.salvage import cut_rows, first_key, lenient_json
from lineage.sources.wire import MAX_TAGS, MAX_TEXT, WireCard, WireConfig, WireParent, WireRow

MAX_RAW = 20_000
"""How many characters of a bad row are kept."""

# Broken UTF-8 and endless nesting are not msgspec's own errors.
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_KEY = re.compile(r"[0-9a-f]{24}")
_PAGE = msgspec.json.Decoder(list[WireRow])
_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ROW = msgspec.json.Decoder(WireRow)
_CardWords = tuple[str | None, str | None, str | None, str | None, tuple[str, ...]]
_ConfigWords = tuple[str | None, str | None, str | None]
_NO_CARD: _CardWords = (None, None, None, None, ())
_NO_CONFIG: _ConfigWords = (None, None, None)
_FIELDS = {f.encode_name: f for f in msgspec.structs.fields(WireRow)}


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
    """Read one page of `GET /api/models`."""
    page = ParsedPage()
    try:
        rows = _PAGE.decode(body)
    except _UNREADABLE:
        _read_one_by_one(body, page)
        return page
    if any(_flaw(row) for row in rows):
        _read_one_by_one(body, page)
    else:
        page.records += [_record(row, page.unread_fields) for row in rows]
    return page


def _flaw(row: WireRow) -> str | None:
    """Return why a row cannot be a record, None where it can."""
    if _KEY.fullmatch(row.key) is None:
        return "_id is not 24 hex digits"
    return None if is_repo_id(row.id) else "id is not a repository id"


def _record(row: WireRow, unread: Counter[str]) -> ModelRecord:
    card, config, hub, gated = row.card, row.config, row.base_models, row.gated
    created = row.created_at
    license, license_name, license_link, card_relation, card_parents = (
        _NO_CARD if card is None else _card(card, unread)
    )
    model_type, name_or_path, adapter_parent = (
        _NO_CONFIG if config is None else _config(config, unread)
    )
    return ModelRecord(
        row.key,
        row.id,
        row.author,
        None if created == UNKNOWN_CREATION else _moment(created, "createdAt", unread),
        _moment(row.modified_at, "lastModified", unread),
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


def _moment(value: datetime | None, name: str, unread: Counter[str]) -> datetime | None:
    if value is None or MINYEAR < value.year < MAXYEAR:
        return value
    unread[name] += 1  # in UTC it may lie outside the years there are
    return None


def _parents(models: list[WireParent], unread: Counter[str]) -> tuple[HubParent, ...]:
    """Return each parent once; one without a proper key is no parent that the Hub resolved."""
    parents = dict.fromkeys(
        HubParent(model.key, model.id)
        for model in models
        if _KEY.fullmatch(model.key) and model.id.strip()
    )
    if len(parents) < len(models) and len(parents) < len({(m.key, m.id) for m in models}):
        unread["baseModels"] += 1
    return tuple(parents)


def _card(card: WireCard, unread: Counter[str]) -> _CardWords:
    """Return license, its name and link, the declared relation, and the parents as written."""
    relation, parents = card.base_model_relation, card.base_model
    return (
        _license(card.license, unread),
        _text(card.license_name, "cardData.license_name", unread),
        _text(card.license_link, "cardData.license_link", unread),
        _text(relation, "cardData.base_model_relation", unread),
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
    if _is_text(value):
        return value or None
    unread[name] += 1
    return None


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT


def _names(value: Any, unread: Counter[str]) -> tuple[str, ...]:
    """Read `base_model`: a name or a list of names; authors have put anything else there too."""
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list):
        unread["cardData.base_model"] += 1
        return ()
    names = (_text(entry, "cardData.base_model", unread) for entry in entries[:MAX_TAGS])
    return tuple(dict.fromkeys(name for name in names if name is not None and name.strip()))


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


def _read_one_by_one(body: bytes, page: ParsedPage) -> None:
    try:
        raws: list[bytes] | None = [bytes(raw) for raw in _ROWS.decode(body)]
    except _UNREADABLE as error:
        if (raws := cut_rows(body)) is None:
            page.problem = f"not a JSON array: {error}"
            return
    for raw in raws or ():
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
    fitting = {}
    for name, value in row.items():
        if (known := _FIELDS.get(name)) is None:
            continue
        try:
            fitting[known.name] = msgspec.convert(value, known.type)
        except msgspec.MsgspecError:
            page.unread_fields[name] += 1
            if name == "tags" and isinstance(value, list):
                fitting[known.name] = [tag for tag in value[:MAX_TAGS] if _is_text(tag)]
    if "key" in fitting and "id" in fitting:
        _keep(WireRow(**fitting), raw, page)
    else:
        page.bad_rows.append(_bad_row(reason, raw, fitting.get("key")))


def _is_object(body: bytes) -> bool:
    rows = cut_rows(b"[%s]" % body)
    return rows is not None and len(rows) == 1 and rows[0][:1] + rows[0][-1:] == b"{}"


def _bad_row(reason: str, raw: bytes, key: object) -> BadRow:
    usable = key if isinstance(key, str) and _KEY.fullmatch(key) else None
    return BadRow(reason, raw.decode("utf-8", "replace")[:MAX_RAW], usable)
