"""Rows as if somebody had never been there: neither listed, nor named by anybody else."""

from dataclasses import replace

from lineage.domain.forgotten import Forgotten
from lineage.domain.records import ModelRecord
from lineage.sources.interface import RecordPage


def without_forgotten(page: RecordPage, forgotten: Forgotten) -> RecordPage:
    """Return the page without the forgotten; a row that could not be read goes if it names one."""
    if not forgotten:
        return page
    return replace(
        page,
        records=[_cleaned(one, forgotten) for one in page.records if not forgotten.covers(one.id)],
        bad_rows=[row for row in page.bad_rows if not _names_one(row.raw, forgotten)],
    )


def _cleaned(record: ModelRecord, forgotten: Forgotten) -> ModelRecord:
    def kept(name: str | None) -> str | None:
        return None if name is None or forgotten.covers(name) else name

    return record._replace(
        tags=[tag for tag in record.tags if not forgotten.covers(tag.rpartition(":")[2])],
        config_name_or_path=kept(record.config_name_or_path),
        hub_parents=tuple(one for one in record.hub_parents if not forgotten.covers(one.id)),
        card_parents=tuple(one for one in record.card_parents if not forgotten.covers(one)),
        adapter_parent=kept(record.adapter_parent),
    )


def _names_one(raw: str, forgotten: Forgotten) -> bool:
    lowered = raw.lower()
    return any(name in lowered for name in forgotten.names)
