"""The README of a published data set: what its tables are, from where, and by which definition."""

from collections.abc import Sequence
from importlib import resources
from string import Template

from lineage.analysis.definition_text import (
    count_notes_of_snapshot,
    describe_counted_origin,
    describe_definition_rules,
)
from lineage.domain.definitions import Definition
from lineage.domain.escape import escape_invisible
from lineage.domain.opt_outs import count_opt_out_marks
from lineage.export.data_set_tables import HISTORY, LATEST
from lineage.store.manifest import Manifest, SnapshotKind
from lineage.version import __version__

_SAMPLE_PREFIX = "sample_"
# The Hub's own words for the size of a data set.
_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
_LARGEST_SIZE = "10M<n<100M"


def write_card(id: str, url: str, manifests: Sequence[Manifest], *, sample: bool) -> str:
    """Return the README of the data set OWNER/NAME that holds these snapshots, the oldest first."""
    newest, prefix = manifests[-1], _SAMPLE_PREFIX if sample else ""
    title = "Lineage of the models on the Hugging Face Hub" + (" (a sample)" if sample else "")
    day = newest.origin.taken_at.date()
    left_out = count_opt_out_marks(newest.left_out)
    facts = [
        ("models", f"{newest.models:,}"),
        ("links", f"{newest.edges:,}"),
        ("deleted models", f"{newest.tombstones:,}"),
        ("newest snapshot", _spell_data_set_card_code(describe_counted_origin(newest))),
        ("snapshots", f"{len(manifests):,}, the first of {manifests[0].origin.taken_at.date()}"),
        *(("note", note) for note in count_notes_of_snapshot(newest)),
    ]
    values = {
        "title": title,
        "id": id,
        "url": url,
        "prefix": prefix,
        "tags": "- sample" if sample else "- census",
        "size": next((word for most, word in _SIZES if newest.models < most), _LARGEST_SIZE),
        "configs": "\n".join(_list_configurations(prefix)),
        "warning": _describe_data_set_sample(newest) if sample else "",
        "version": __version__,
        "snapshot": newest.id,
        "day": day,
        "year": day.year,
        "facts": "\n".join(f"| {name} | {text} |" for name, text in facts),
        "definition": "\n".join(
            f"* {name}: {text}"
            for name, text in describe_definition_rules(Definition(), "the model itself")
        ),
        "sources": _name_data_set_sources(manifests),
        "registry": _name_data_set_registry(newest),
        "opted_out": f"Left out of the newest snapshot: {left_out:,}." if left_out else "",
    }
    file = resources.files("lineage.export") / "templates" / "data_set.md"
    return Template(file.read_text("utf-8")).substitute(values)


def _list_configurations(prefix: str) -> list[str]:
    lines = []
    tables = {name: f"latest/{file}" for name, file in LATEST.items()}
    tables |= {f"{name}_history": f"history/{name}/*/*.parquet" for name in HISTORY}
    for name, files in tables.items():
        lines += [f"- config_name: {prefix}{name}", f'  data_files: "{files}"']
    return [lines[0], "  default: true", *lines[1:]]


def _describe_data_set_sample(newest: Manifest) -> str:
    return (
        "\n**This is a sample, not a census.** It was taken from "
        f"{_spell_data_set_card_code(newest.origin.endpoint)} and holds a part of the Hub at most: "
        "no number in it may be quoted as a number of the Hub.\n"
    )


def _name_data_set_sources(manifests: Sequence[Manifest]) -> str:
    endpoints = sorted({it.origin.endpoint for it in manifests})
    dumps = sorted(
        {
            f"{it.origin.dump.get('file', '')} (SHA-256 {it.origin.dump.get('sha256', '')})"
            for it in manifests
            if it.origin.kind is SnapshotKind.DUMP
        }
    )
    listing = f"the public listing of {', '.join(map(_spell_data_set_card_code, endpoints))}"
    return listing + "".join(f", the dump {_spell_data_set_card_code(dump)}" for dump in dumps)


def _name_data_set_registry(newest: Manifest) -> str:
    families = (f"{name} {version}" for name, version in sorted(newest.origin.registry.items()))
    return _spell_data_set_card_code(", ".join(families)) or "`none`"


def _spell_data_set_card_code(text: str) -> str:
    """Return a text as Markdown shows it and does nothing; manifests may come from anybody."""
    visible = escape_invisible(text).replace("`", "'").replace("|", "/")
    return f"`{visible}`" if visible else ""
