"""From one row of a listing to a record: what fits is taken, what does not is counted by name."""

from collections import Counter
from collections.abc import Iterable
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Any

from lineage.domain.moments import UNKNOWN_CREATIONS
from lineage.domain.records import HubParent, ModelRecord
from lineage.domain.repo_ids import is_key
from lineage.sources.wire import MAX_TAGS, MAX_TEXT, WireCard, WireConfig, WireParent, WireRow

_new = tuple.__new__  # a named tuple's own constructor is a function in Python
_CardWords = tuple[str | None, str | None, str | None, str | None, tuple[str, ...]]
_ConfigWords = tuple[str | None, str | None, str | None]
_NO_CARD: _CardWords = (None, None, None, None, ())
_NO_CONFIG: _ConfigWords = (None, None, None)


def record_of(row: WireRow, unread: Counter[str]) -> ModelRecord:
    """Return what a row with a sound key and id says; `unread` counts what does not fit."""
    card, config, hub, gated = row.card, row.config, row.base_models, row.gated
    created, modified = row.created_at, row.modified_at
    license, license_name, license_link, card_relation, card_parents = (
        _NO_CARD if card is None else _read_card(card, unread)
    )
    model_type, name_or_path, adapter_parent = (
        _NO_CONFIG if config is None else _read_config(config, unread)
    )
    fields = (  # nothing is called for what is not there: this runs three million times
        row.key,
        row.id,
        row.author,
        None
        if created is None or created in UNKNOWN_CREATIONS
        else _read_moment(created, "createdAt", unread),
        None if modified is None else _read_moment(modified, "lastModified", unread),
        _license_tag(row.tags) if license is None else license,
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
        () if hub is None else _read_parents(hub.models, unread),
        card_relation,
        card_parents,
        adapter_parent,
    )
    return _new(ModelRecord, fields)


def _read_moment(value: datetime, name: str, unread: Counter[str]) -> datetime | None:
    if MINYEAR < value.year < MAXYEAR:
        return value
    unread[name] += 1  # in UTC it may lie outside the years there are
    return None


def _read_parents(models: list[WireParent], unread: Counter[str]) -> tuple[HubParent, ...]:
    """Return each parent once; one without a proper key is no parent that the Hub resolved."""
    if len(models) == 1 and _is_resolved(models[0]):  # nearly always
        return (_new(HubParent, (models[0].key, models[0].id)),)
    parents = dict.fromkeys([HubParent(m.key, m.id) for m in models if _is_resolved(m)])
    if len(parents) < len(models) and len(parents) < len({(m.key, m.id) for m in models}):
        unread["baseModels"] += 1
    return tuple(parents)


def _is_resolved(parent: WireParent) -> bool:
    return is_key(parent.key) and bool(parent.id.strip())


def _read_card(card: WireCard, unread: Counter[str]) -> _CardWords:
    """Return license, its name and link, the declared relation, and the parents as written."""
    license, name, link = card.license, card.license_name, card.license_link
    relation, parents = card.base_model_relation, card.base_model
    return (
        None if license is None else _read_license(license, unread),
        None if name is None else _read_text(name, "cardData.license_name", unread),
        None if link is None else _read_text(link, "cardData.license_link", unread),
        None if relation is None else _read_text(relation, "cardData.base_model_relation", unread),
        () if parents is None else _read_names(parents, unread),
    )


def _read_config(config: WireConfig, unread: Counter[str]) -> _ConfigWords:
    """Return model type, the checkpoint the config names, and the adapter's base."""
    model_type, name_or_path = config.model_type, config.name_or_path
    adapter = config.peft or config.adapter_config
    adapter_base = None if adapter is None else adapter.base_model_name_or_path
    return (
        None if model_type is None else _read_text(model_type, "config.model_type", unread),
        None if name_or_path is None else _read_text(name_or_path, "config._name_or_path", unread),
        None if adapter is None else _read_text(adapter_base, "config.peft", unread),
    )


def _read_text(value: Any, name: str, unread: Counter[str]) -> str | None:
    if isinstance(value, str) and len(value) <= MAX_TEXT:
        return value or None
    if value is not None:
        unread[name] += 1
    return None


def _read_names(value: Any, unread: Counter[str]) -> tuple[str, ...]:
    """Read `base_model`: a name or a list of names; authors have put anything else there too."""
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list):
        unread["cardData.base_model"] += 1
        return ()
    if len(entries) == 1:  # nearly always
        name = _read_text(entries[0], "cardData.base_model", unread)
        return (name,) if name is not None and name.strip() else ()
    names = [_read_text(entry, "cardData.base_model", unread) for entry in entries[:MAX_TAGS]]
    return tuple(dict.fromkeys([name for name in names if name is not None and name.strip()]))


def _read_license(value: Any, unread: Counter[str]) -> str | None:
    """Read `license`: a tag, or in old cards a list of tags of which the Hub shows the first."""
    if isinstance(value, list) and value:
        value = value[0]
    return _read_text(value, "cardData.license", unread)


def _license_tag(tags: Iterable[str]) -> str | None:
    for tag in tags:
        if tag.startswith("license:"):
            return tag[8:] or None
    return None
