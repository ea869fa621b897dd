"""Pages of a listing as records and bad rows: every quirk of the Hub's fields is met here."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Any

import msgspec

from lineage.domain.clock import is_creation_known
from lineage.domain.records import BadRow, HubParent, ModelRecord
from lineage.domain.repo_ids import are_keys, are_repo_ids, is_key, is_repo_id
from lineage.sources.listing_rows import (
    MAX_TAGS,
    MAX_TEXT,
    CardData,
    ListingRow,
    ModelConfig,
    ParentEntry,
    cut_listing_rows,
    first_listing_row_key,
    keep_fitting_row,
    read_listing_row_leniently,
)

_new = tuple.__new__  # a named tuple's own constructor is a function in Python
_CardWords = tuple[str | None, str | None, str | None, str | None, tuple[str, ...]]
_ConfigWords = tuple[str | None, str | None, str | None]
_NO_CARD: _CardWords = (None, None, None, None, ())
_NO_CONFIG: _ConfigWords = (None, None, None)
_WHOLE_TYPES = frozenset({"BF16", "F16", "F32"})


def record_of(row: ListingRow, unread: Counter[str]) -> ModelRecord:
    """Return what a row with a sound key and id says; `unread` counts what does not fit."""
    card, config, hub, gated = row.card, row.config, row.base_models, row.gated
    created, modified = row.created_at, row.modified_at
    license, license_name, license_link, card_relation, card_parents = (
        _NO_CARD if card is None else _read_listed_card(card, unread)
    )
    model_type, name_or_path, adapter_parent = (
        _NO_CONFIG if config is None else _read_listed_config(config, unread)
    )
    fields = (  # nothing is called for what is not there: this runs three million times
        row.key,
        row.id,
        row.author,
        None
        if created is None or not is_creation_known(created)
        else _read_listed_moment(created, "createdAt", unread),
        None if modified is None else _read_listed_moment(modified, "lastModified", unread),
        _listed_license_tag(row.tags) if license is None else license,
        license_name,
        license_link,
        row.library,
        row.pipeline,
        model_type,
        name_or_path,
        row.tags,
        str(gated).lower() if isinstance(gated, bool) else gated,
        row.sha,
        row.downloads,
        row.downloads_all_time,
        row.likes,
        None if hub is None else hub.relation,
        () if hub is None else _read_listed_parents(hub.models, unread),
        card_relation,
        card_parents,
        adapter_parent,
        None if row.safetensors is None and row.gguf is None else _read_listed_parameters(row),
    )
    return _new(ModelRecord, fields)


def _read_listed_parameters(row: ListingRow) -> int | None:
    """Return the number of parameters; None where the weights are packed, or of a type unknown."""
    weights = row.safetensors
    if weights is None or not weights.total:
        # The total of a GGUF file counts what was quantized, not what it was packed into.
        return None if row.gguf is None else row.gguf.total or None
    is_whole = weights.parameters and weights.parameters.keys() <= _WHOLE_TYPES
    return weights.total if is_whole else None


def _read_listed_moment(value: datetime, name: str, unread: Counter[str]) -> datetime | None:
    if MINYEAR < value.year < MAXYEAR:
        return value
    unread[name] += 1  # in UTC it may lie outside the years there are
    return None


def _read_listed_parents(models: list[ParentEntry], unread: Counter[str]) -> tuple[HubParent, ...]:
    """Return each parent once; one without a proper key is known by its name."""
    if len(models) == 1 and _has_listed_parent_key(models[0]):  # nearly always
        return (_new(HubParent, (models[0].key, models[0].id)),)
    if not all(map(_has_listed_parent_key, models)):
        unread["baseModels"] += 1
    parents = [
        HubParent(it.key if _has_listed_parent_key(it) else None, it.id)
        for it in models
        if it.id.strip()
    ]
    return tuple(dict.fromkeys(parents))


def _has_listed_parent_key(parent: ParentEntry) -> bool:
    return parent.key is not None and is_key(parent.key) and bool(parent.id.strip())


def _read_listed_card(card: CardData, unread: Counter[str]) -> _CardWords:
    """Return license, its name and link, the declared relation, and the parents as written."""
    license, name, link = card.license, card.license_name, card.license_link
    relation, parents = card.base_model_relation, card.base_model
    return (
        None if license is None else _read_listed_license(license, unread),
        None if name is None else _read_listed_text(name, "cardData.license_name", unread),
        None if link is None else _read_listed_text(link, "cardData.license_link", unread),
        None
        if relation is None
        else _read_listed_text(relation, "cardData.base_model_relation", unread),
        () if parents is None else _read_listed_names(parents, unread),
    )


def _read_listed_config(config: ModelConfig, unread: Counter[str]) -> _ConfigWords:
    """Return model type, the checkpoint the config names, and the adapter's base."""
    model_type, name_or_path = config.model_type, config.name_or_path
    adapter = config.peft or config.adapter_config
    adapter_base = None if adapter is None else adapter.base_model_name_or_path
    return (
        None if model_type is None else _read_listed_text(model_type, "config.model_type", unread),
        None
        if name_or_path is None
        else _read_listed_text(name_or_path, "config._name_or_path", unread),
        None if adapter is None else _read_listed_text(adapter_base, "config.peft", unread),
    )


def _read_listed_text(value: Any, name: str, unread: Counter[str]) -> str | None:
    if isinstance(value, str) and len(value) <= MAX_TEXT:
        return value or None
    if value is not None:
        unread[name] += 1
    return None


def _read_listed_names(value: Any, unread: Counter[str]) -> tuple[str, ...]:
    """Read `base_model`: a name or a list of names; authors have put anything else there too."""
    if isinstance(value, list) and len(value) == 1:  # nearly always
        value = value[0]
    if isinstance(value, list):
        # Lists in lists were written too; deeper than that they mean nothing.
        lists = (part if isinstance(part, list) else [part] for part in value[:MAX_TAGS])
        entries = [entry for part in lists for entry in part][:MAX_TAGS]
        if any(isinstance(part, list) for part in value):
            unread["cardData.base_model"] += 1
    else:
        entries = [value]
    names = [_read_listed_text(entry, "cardData.base_model", unread) for entry in entries]
    return tuple(dict.fromkeys([name for name in names if name is not None and name.strip()]))


def _read_listed_license(value: Any, unread: Counter[str]) -> str | None:
    """Read `license`: a tag, or in old cards a list of tags of which the Hub shows the first."""
    if isinstance(value, list) and value:
        value = value[0]
    return _read_listed_text(value, "cardData.license", unread)


def _listed_license_tag(tags: Iterable[str]) -> str | None:
    for tag in tags:
        if tag.startswith("license:"):
            return tag[8:] or None
    return None


Buffer = bytes | msgspec.Raw
BATCH_BYTES = 128 * 1024
BATCH_ROWS = 128
"""About as many rows, where a page has to be cut row by row."""
MOST_ROWS = 100_000
"""A page asked for with a thousand rows that holds more than this is no listing."""
MAX_RAW = 20_000
"""How many characters of a bad row are kept."""

_BORDER = b'},{"_id":"'
"""Where one row ends and the next begins; also where one parent of a row ends and the next begins.

Never inside a text: there a quote has a backslash before it.
"""

# Broken UTF-8 and endless nesting are not msgspec's own errors.
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_MAYBE_PRIVATE = re.compile(rb'"private"\s*:\s*+(?!false\b|null\b)')
_PAGE = msgspec.json.Decoder(list[ListingRow])
_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ROW = msgspec.json.Decoder(ListingRow)


@dataclass(slots=True)
class ParsedPage:
    """What one page held."""

    records: list[ModelRecord] = field(default_factory=list)
    bad_rows: list[BadRow] = field(default_factory=list)
    unread_fields: Counter[str] = field(default_factory=Counter)
    """How often a field did not fit its shape and was taken as absent, by the Hub's field name."""
    problem: str | None = None
    """Why the bytes are no page at all; then nothing else is filled."""


def is_whole_hub_body(body: bytes) -> bool:
    """Say whether the bytes are one complete JSON array or object: a body that was cut is not."""
    try:
        (_ROWS if body[:1] == b"[" else _OBJECT).decode(body)
    except _UNREADABLE:
        return cut_listing_rows(body) is not None or _is_row_object(body)
    return True


def drop_private_rows(body: bytes) -> bytes:
    """Return a page, or one model's object, without what only the token may see.

    Of a private row its key stays: a walk is checked by the places of all rows. A private object
    alone becomes no bytes at all; what is neither page nor object stays as it came.
    """
    # Counting the Hub's own spelling takes half of a search, and nearly always no row is private.
    if body.count(b'"private":false') == body.count(b'"private"'):
        return body
    if _MAYBE_PRIVATE.search(body) is None:
        return body
    rows = cut_listing_rows(body if body[:1] == b"[" else b"[%b]" % body)
    if rows is None:
        return body
    if body[:1] == b"[":
        return b"[%b]" % b",".join(filter(None, map(_drop_private_listing_fields, rows)))
    return body if _drop_private_listing_fields(body) == body else b""


def _drop_private_listing_fields(raw: bytes) -> bytes:
    if _MAYBE_PRIVATE.search(raw) is None:
        return raw
    row = read_listing_row_leniently(raw)
    if isinstance(row, dict) and row.get("private") in (None, False):
        return raw
    key = row.get("_id") if isinstance(row, dict) else first_listing_row_key(raw)
    is_sound = isinstance(key, str) and is_key(key)
    return b'{"_id":"%b","private":true}' % str(key).encode() if is_sound else b""


def parse_page(body: bytes) -> ParsedPage:
    """Read one page of `GET /api/models` whole."""
    page = ParsedPage()
    for part in parse_batches(body):
        if part.problem is not None:
            return part
        page.records += part.records
        page.bad_rows += part.bad_rows
        page.unread_fields.update(part.unread_fields)
    return page


def parse_batches(body: bytes) -> Iterator[ParsedPage]:
    """Read one page some rows at a time; a problem that shows only at its end comes last.

    Few enough rows to stay near the processor until they are stored: what a page's thousand become
    would go to main memory and come back at every step (docs/benchmarks.md says what that costs).
    And an odd row makes only its own batch be read one by one.
    """
    rows = 0
    for part in _cut_listing_batches(body):
        rows += len(part.records) + len(part.bad_rows)
        if rows > MOST_ROWS:
            yield _too_many_row_values()
            return
        yield part


def _cut_listing_batches(body: bytes) -> Iterator[ParsedPage]:
    """Cut where rows seem to meet: what then reads as an array of rows was cut between two."""
    start = 0  # of the bracket or comma before a row
    while body[:1] == b"[":
        end = body.find(_BORDER, start + BATCH_BYTES) + 1
        array = b"[%b]" % body[start + 1 : end] if end else b"[%b" % body[start + 1 :]
        if (part := _read_row_array(array)) is None:
            break
        yield part
        if not end:
            return
        start = end
    # The cut lay between two parents of one row, or the page is broken.
    yield from _cut_listing_batches_by_row(b"[%b" % body[start + 1 :] if start else body)


def _cut_listing_batches_by_row(body: bytes) -> Iterator[ParsedPage]:
    """Cut with knowledge of texts and brackets: where it is not JSON, one row alone is lost."""
    rows = _split_listing_rows(body)
    if rows is None:
        yield ParsedPage(problem="not a JSON array")
        return
    if len(rows) > MOST_ROWS:
        yield _too_many_row_values()
        return
    for start in range(0, max(1, len(rows)), BATCH_ROWS):
        raws = rows[start : start + BATCH_ROWS]
        yield _read_row_array(b"[%b]" % b",".join(raws)) or _read_rows_one_by_one(raws)


def _split_listing_rows(body: bytes) -> Sequence[Buffer] | None:
    """Cut a page into its rows' own JSON; None if it is no page."""
    try:
        return _ROWS.decode(body)
    except _UNREADABLE:
        return cut_listing_rows(body)


def _read_row_array(array: bytes) -> ParsedPage | None:
    """Read rows that are JSON, odd ones too; None if these bytes are no array."""
    with suppress(*_UNREADABLE):
        rows = _PAGE.decode(array)
        if are_keys([row.key for row in rows]) and are_repo_ids([row.id for row in rows]):
            unread = Counter[str]()
            public = [record_of(row, unread) for row in rows if not row.private]
            return ParsedPage(public, unread_fields=unread)
    with suppress(*_UNREADABLE):
        return _read_rows_one_by_one(_ROWS.decode(array))
    return None


def _too_many_row_values() -> ParsedPage:
    return ParsedPage(problem=f"more than {MOST_ROWS} rows")


def find_listing_row_flaw(key: str, id: str) -> str | None:
    """Return why a row cannot be a record, None where it can."""
    if not is_key(key):
        return "_id is not 24 hex digits"
    return None if is_repo_id(id) else "id is not a repository id"


# Rows that do not fit, one at a time


def _read_rows_one_by_one(raws: Sequence[Buffer]) -> ParsedPage:
    page = ParsedPage()
    if len(raws) > MOST_ROWS:
        return _too_many_row_values()
    for raw in map(bytes, raws):
        try:
            row = _ROW.decode(raw)
        except _UNREADABLE as error:
            _keep_fitting_rows(raw, str(error), page)
        else:
            _keep_listing_row(row, raw, page)
    return page


def _keep_listing_row(row: ListingRow, raw: bytes, page: ParsedPage) -> None:
    # Not even a bad row: that would keep its name.
    if row.private:
        return
    if (flaw := find_listing_row_flaw(row.key, row.id)) is None:
        page.records.append(record_of(row, page.unread_fields))
    else:
        page.bad_rows.append(bad_listing_row(flaw, raw, row.key))


def _keep_fitting_rows(raw: bytes, reason: str, page: ParsedPage) -> None:
    row = read_listing_row_leniently(raw)
    if not isinstance(row, dict):
        if _MAYBE_PRIVATE.search(raw) is not None:
            page.bad_rows.append(hide_private_listing_row(first_listing_row_key(raw)))
            return
        flaw = reason if raw[:1] == b"{" else "not an object"
        page.bad_rows.append(bad_listing_row(flaw, raw, first_listing_row_key(raw)))
        return
    private = row.get("private")
    if private is True:
        return
    if private is not None and private is not False:
        page.bad_rows.append(hide_private_listing_row(row.get("_id")))
        return
    fitting = keep_fitting_row(row, ListingRow, page.unread_fields)
    if "key" in fitting and "id" in fitting:
        _keep_listing_row(ListingRow(**fitting), raw, page)
    else:
        page.bad_rows.append(bad_listing_row(reason, raw, fitting.get("key")))


def _is_row_object(body: bytes) -> bool:
    rows = cut_listing_rows(b"[%s]" % body)
    return rows is not None and len(rows) == 1 and rows[0][:1] + rows[0][-1:] == b"{}"


def hide_private_listing_row(key: object) -> BadRow:
    """Return the bad row of one that may be private: its key alone says that it is there."""
    return bad_listing_row(
        "private is neither true nor false", "(not kept: it may be private)", key
    )


def bad_listing_row(reason: str, raw: bytes | str, key: object) -> BadRow:
    """Return a bad row with its text cut, and its key where that is one."""
    text = raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
    usable = key if isinstance(key, str) and is_key(key) else None
    return BadRow(reason, text[:MAX_RAW], usable)
