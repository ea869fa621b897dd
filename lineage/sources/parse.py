"""From a page's bytes to records and bad rows; every quirk of the Hub is met here, nothing raises.

A row without a usable `_id` or `id` is a bad row, kept with its reason and its own JSON. Any other
field that does not fit its shape is taken as absent and counted by name, so that one odd card never
costs a model.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from lineage.domain.moments import UNKNOWN_CREATION
from lineage.domain.records import BadRow, HubParent, ModelRecord
from lineage.domain.repo_ids import is_repo_id
from lineage.sources.wire import MAX_TAGS, MAX_TEXT, WireCard, WireConfig, WireRow

MAX_RAW = 20_000
"""How many characters of a bad row are kept."""

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
    except msgspec.MsgspecError:
        return isinstance(_lenient_json(body), list | dict)
    return True


def parse_page(body: bytes) -> ParsedPage:
    """Read one page of `GET /api/models`."""
    page = ParsedPage()
    try:
        rows = _PAGE.decode(body)
    except msgspec.MsgspecError:
        _read_one_by_one(body, page)
    else:
        for row in rows:
            _keep(row, page)
    return page


def _keep(row: WireRow, page: ParsedPage) -> None:
    if _KEY.fullmatch(row.key) is None:
        page.bad_rows.append(BadRow("_id is not 24 hex digits", _raw(row), None))
    elif not is_repo_id(row.id):
        page.bad_rows.append(BadRow("id is not a repository id", _raw(row), row.key))
    else:
        page.records.append(_record(row, page.unread_fields))


def _record(row: WireRow, unread: Counter[str]) -> ModelRecord:
    card, config, hub, gated = row.card, row.config, row.base_models, row.gated
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
        None if row.created_at == UNKNOWN_CREATION else row.created_at,
        row.modified_at,
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
        () if hub is None else tuple(HubParent(parent.key, parent.id) for parent in hub.models),
        card_relation,
        card_parents,
        adapter_parent,
    )


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
            return tag[8:]
    return None


# Rows that do not fit, one at a time


def _read_one_by_one(body: bytes, page: ParsedPage) -> None:
    try:
        raws = [bytes(raw) for raw in _ROWS.decode(body)]
    except msgspec.MsgspecError as error:
        rows = _lenient_json(body)
        if not isinstance(rows, list):
            page.problem = f"not a JSON array: {error}"
            return
        raws = [json.dumps(row).encode() for row in rows]
    for raw in raws:
        try:
            _keep(_ROW.decode(raw), page)
        except msgspec.MsgspecError as error:
            _keep_what_fits(raw, str(error), page)


def _lenient_json(body: bytes) -> object:
    """Read JSON with broken UTF-8 or lone surrogates, which are replaced; None if it is none."""
    try:
        text = json.dumps(json.loads(body.decode("utf-8", "replace")), ensure_ascii=False)
        return json.loads(text.encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _keep_what_fits(raw: bytes, reason: str, page: ParsedPage) -> None:
    row = _lenient_json(raw)
    if not isinstance(row, dict):
        page.bad_rows.append(BadRow("not an object", _cut(raw), None))
        return
    fitting = {}
    for name, value in row.items():
        if (known := _FIELDS.get(name)) is None:
            continue
        try:
            fitting[known.name] = msgspec.convert(value, known.type)
        except msgspec.MsgspecError:
            page.unread_fields[name] += 1
    key = fitting.get("key")
    if key is None or "id" not in fitting:
        page.bad_rows.append(BadRow(reason, _cut(raw), key if _is_key(key) else None))
    else:
        _keep(WireRow(**fitting), page)


def _is_key(key: object) -> bool:
    return isinstance(key, str) and _KEY.fullmatch(key) is not None


def _raw(row: WireRow) -> str:
    return _cut(msgspec.json.encode(row))


def _cut(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")[:MAX_RAW]
