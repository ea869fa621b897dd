"""What crawls, snapshots, retention and the doctor say, as aligned facts and tables."""

from collections.abc import Mapping, Sequence

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from lineage.analysis.definition_text import Line
from lineage.analysis.verdicts import summarize_verdict_availability
from lineage.cli.tables.layout import fact_lines, indented, new_table, quoted
from lineage.domain.documents import Document
from lineage.domain.records import Availability
from lineage.store.manifest import Manifest

Finding = tuple[str, bool | None, str]
"""What was looked at, whether it is as it must be (None: cannot be said), and what was found."""

_REQUEST_WORDS = {"refused_429": "refused by the rate limit"}


def crawl_table(
    manifest: Manifest, requests: Mapping[str, int], seconds: float, more: Sequence[Line] = ()
) -> RenderableType:
    """Return what a crawl did; `requests` has sent, replayed, retried and refused_429."""
    numbers = [f"{n:,} {_REQUEST_WORDS.get(name, name)}" for name, n in requests.items()]
    facts = [
        ("snapshot", f"{manifest.id}, {_kind_cell(manifest)}"),
        *_size_table_lines(manifest),
        ("requests", ", ".join(numbers)),
        ("seconds", f"{seconds:,.1f}"),
        *more,
    ]
    return fact_lines(facts)


def snapshot_list(manifests: Sequence[Manifest]) -> RenderableType:
    """Return a row for each snapshot."""
    # No column for the moment: the id is the moment it was taken.
    sizes = ("models", "edges", "tombstones")
    table = new_table(fixed=("id", "kind", "builds on"), numbers=sizes)
    for manifest in manifests:
        numbers = (manifest.models, manifest.edges, manifest.tombstones)
        below = "" if manifest.builds_on is None else quoted(manifest.builds_on.id)
        kind = manifest.origin.kind.value
        table.add_row(quoted(manifest.id), kind, below, *(f"{n:,}" for n in numbers))
    return indented(table)


def snapshot_facts(
    manifest: Manifest, availability: Mapping[Availability | None, int] | None = None
) -> RenderableType:
    """Return everything that a snapshot says of itself; with what became of deleted models."""
    origin = manifest.origin
    deleted = summarize_verdict_availability(availability or {})
    registry = ", ".join(f"{name} {version}" for name, version in origin.registry.items())
    unread = ", ".join(f"{name} {n:,}x" for name, n in manifest.unread_fields.items())
    dump: list[Line] = []
    if origin.dump:
        keys = "; ids made up from names" if "keys" in origin.dump else ""
        lacks = origin.dump.get("missing") or "no column"
        parents = "" if origin.parents_known else "; parents are not known"
        dump.append(("dump", f"{origin.dump.get('file')}, lacks {lacks}{keys}{parents}"))
    facts: list[Line] = [
        ("snapshot", f"{manifest.id}, {_kind_cell(manifest)}"),
        ("taken", f"{origin.taken_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("published", f"{manifest.published_at:%Y-%m-%d %H:%M:%S} UTC"),
        *dump,
        ("previous", manifest.previous or "none"),
        ("builds on", "no other snapshot" if manifest.builds_on is None else manifest.builds_on.id),
        *_size_table_lines(manifest),
        ("deleted models", deleted or "none"),
        ("unread fields", unread or "none"),
        ("registry", registry or "none"),
        ("written by", f"{manifest.written_by}, schema {manifest.schema_version}"),
    ]
    files = new_table("file", numbers=("rows", "bytes"))
    for name, file in sorted(manifest.files.items()):
        files.add_row(quoted(name), f"{file.rows:,}", f"{file.bytes:,}")
    checks = [(check.name, check.passed, check.notes) for check in manifest.checks]
    return Stack(fact_lines(facts), Text(), indented(files), Text(), finding_table_lines(checks))


def verification_table(document: Document) -> RenderableType:
    """Return whether a snapshot's files are as published, and which others a damage harms."""
    if document["problems"]:
        findings: list[Finding] = [("file", False, text) for text in document["problems"]]
        findings += [("builds on it", False, id) for id in document["damaged"]]
        return finding_table_lines(findings)
    text = f"{document['files']} files of {document['snapshot']} are as they were published"
    if document["builds_on"] is not None:
        text += f"; so is what they need of {document['builds_on']}"
    return finding_table_lines([("files", True, text)])


def examination_table(
    findings: Sequence[Finding], models: int, requests: int, minutes: float | None
) -> RenderableType:
    """Return what was looked at, and what a full crawl costs."""
    pace = "duration unknown" if minutes is None else f"about {max(minutes, 1):,.0f} min"
    cost = f"{requests:,} requests for about {models:,} models, {pace}"
    return finding_table_lines([*findings, ("full crawl", None, cost)])


def finding_table_lines(findings: Sequence[Finding]) -> RenderableType:
    """Return findings, each with a mark: good, bad or unknown."""
    marks = {
        None: Text("·", style="dim"),
        True: Text("ok", style="green"),
        False: Text("bad", style="bold red"),
    }
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for name, ok, text in findings:
        grid.add_row(marks[ok], quoted(name), quoted(text))
    return indented(grid)


def retention_table_rows(
    manifests: Sequence[Manifest], reasons: Mapping[str, str], *, dry_run: bool
) -> list[Document]:
    """Return each snapshot with what a rule of retention does to it; `reasons` keep it, by id."""
    deleted = "would be deleted" if dry_run else "deleted"
    return [
        {
            "id": manifest.id,
            "kind": manifest.origin.kind.value,
            "outcome": "kept" if manifest.id in reasons else deleted,
            "reason": reasons.get(manifest.id, "no part of the rule keeps it"),
        }
        for manifest in manifests
    ]


def retention_table(rows: Sequence[Document]) -> RenderableType:
    """Return those rows for a terminal."""
    table = new_table("id", "kind", "outcome", "reason")
    for row in rows:
        table.add_row(*(quoted(str(value)) for value in row.values()))
    return indented(table)


def _size_table_lines(manifest: Manifest) -> list[Line]:
    return [
        ("models", f"{manifest.models:,}"),
        ("edges", f"{manifest.edges:,}"),
        ("bad rows", f"{manifest.bad_rows:,}"),
        ("tombstones", f"{manifest.tombstones:,}"),
    ]


def _kind_cell(manifest: Manifest) -> str:
    origin = manifest.origin
    kind = f"{origin.kind} {origin.below}" if origin.below else f"{origin.kind}"
    return f"{kind}, from {origin.endpoint}"
