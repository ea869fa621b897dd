"""Tables of snapshots: the list, one with its tables, the trend, what changed between two."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from lineage.analysis.definition_text import (
    Line,
    count_notes_of_snapshot,
    describe_counted_origin,
    describe_counted_snapshot,
)
from lineage.analysis.diffs import Change, Diff, FamilyChange
from lineage.analysis.dump_check import DumpCheck
from lineage.analysis.verdicts import summarize_verdict_availability
from lineage.cli.tables.layout import (
    indent_terminal_lines,
    new_table,
    quote_for_terminal,
    terminal_heading,
    terminal_table_of_facts,
)
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
        ("snapshot", f"{manifest.id}, {_snapshot_kind_cell(manifest)}"),
        *_terminal_lines_of_sizes(manifest),
        ("requests", ", ".join(numbers)),
        ("seconds", f"{seconds:,.1f}"),
        *more,
    ]
    return terminal_table_of_facts(facts)


def snapshot_list(manifests: Sequence[Manifest]) -> RenderableType:
    """Return a row for each snapshot."""
    # No column for the moment: the id is the moment it was taken.
    sizes = ("models", "edges", "tombstones")
    table = new_table(fixed=("id", "kind", "builds on"), numbers=sizes)
    for manifest in manifests:
        numbers = (manifest.models, manifest.edges, manifest.tombstones)
        below = "" if manifest.builds_on is None else quote_for_terminal(manifest.builds_on.id)
        kind = manifest.origin.kind.value
        table.add_row(quote_for_terminal(manifest.id), kind, below, *(f"{n:,}" for n in numbers))
    deltas = sum(manifest.builds_on is not None for manifest in manifests)
    if not deltas:
        return indent_terminal_lines(table)
    note = (
        f"{deltas:,} of {len(manifests):,} keep changes alone of what they build on: "
        "*/models.parquet is not the history. docs/data.md has a query for any day."
    )
    return indent_terminal_lines(Stack(table, Text(note, "dim")))


def terminal_facts_of_snapshot(
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
        ("snapshot", f"{manifest.id}, {_snapshot_kind_cell(manifest)}"),
        ("taken", f"{origin.taken_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("published", f"{manifest.published_at:%Y-%m-%d %H:%M:%S} UTC"),
        *dump,
        ("previous", manifest.previous or "none"),
        ("builds on", "no other snapshot" if manifest.builds_on is None else manifest.builds_on.id),
        *_terminal_lines_of_sizes(manifest),
        ("deleted models", deleted or "none"),
        ("unread fields", unread or "none"),
        ("registry", registry or "none"),
        ("written by", f"{manifest.written_by}, schema {manifest.schema_version}"),
    ]
    files = new_table("file", numbers=("rows", "bytes"))
    for name, file in sorted(manifest.files.items()):
        files.add_row(quote_for_terminal(name), f"{file.rows:,}", f"{file.bytes:,}")
    checks = [(check.name, check.passed, check.notes) for check in manifest.checks]
    return Stack(
        terminal_table_of_facts(facts),
        Text(),
        indent_terminal_lines(files),
        Text(),
        finding_table_lines(checks),
    )


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
        grid.add_row(marks[ok], quote_for_terminal(name), quote_for_terminal(text))
    return indent_terminal_lines(grid)


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
        table.add_row(*(quote_for_terminal(str(value)) for value in row.values()))
    return indent_terminal_lines(table)


def _terminal_lines_of_sizes(manifest: Manifest) -> list[Line]:
    return [
        ("models", f"{manifest.models:,}"),
        ("edges", f"{manifest.edges:,}"),
        ("bad rows", f"{manifest.bad_rows:,}"),
        ("tombstones", f"{manifest.tombstones:,}"),
    ]


def _snapshot_kind_cell(manifest: Manifest) -> str:
    origin = manifest.origin
    kind = f"{origin.kind} {origin.below}" if origin.below else f"{origin.kind}"
    return f"{kind}, from {origin.endpoint}"


# A day adds thousands of names; JSON and CSV have them all.
_NAMES_SHOWN = 10
_BEFORE_AFTER = ("before", "after", "change")


def diff_table(diff: Diff, before: Manifest, after: Manifest) -> RenderableType:
    """Return the numbers first, then names, then the families and bases that changed most."""
    facts: list[Line] = [
        ("before", f"{before.id}, {before.origin.kind}, {describe_counted_origin(before)}"),
        ("after", f"{after.id}, {after.origin.kind}, {describe_counted_origin(after)}"),
        ("models", f"{before.models:,} -> {after.models:,}"),
        ("edges", f"{diff.edges_added:,} added, {diff.edges_removed:,} removed"),
    ]
    notes = dict.fromkeys([*count_notes_of_snapshot(before), *count_notes_of_snapshot(after)])
    facts += [("note", note) for note in notes]
    parts: list[RenderableType] = [Text(), terminal_table_of_facts(facts)]
    answers = diff.availability
    removed = [f"{id}  ({answers[id]})" if id in answers else id for id in diff.removed]
    renamed = [f"{rename.before} -> {rename.now}" for rename in diff.renamed]
    for what, names in (("added", diff.added), ("removed", removed), ("renamed", renamed)):
        parts.append(terminal_heading(f"  {what}: {len(names):,}"))
        parts += [indent_terminal_lines(quote_for_terminal(name)) for name in names[:_NAMES_SHOWN]]
        if (more := len(names) - _NAMES_SHOWN) > 0:
            parts.append(indent_terminal_lines(Text(f"and {more:,} more", "dim")))
    return Stack(
        *parts, *_terminal_table_of_family_changes(diff.families), *_base_change_table_rows(diff)
    )


def _terminal_table_of_family_changes(families: Sequence[FamilyChange]) -> Iterator[RenderableType]:
    table = new_table("family or release", numbers=_BEFORE_AFTER)
    for family in families:
        releases = [release for release in family.releases if release.before != release.after]
        if family.before != family.after or releases:
            _add_change_table_row(table, f"family {family.family}", family, "bold")
        for release in releases:
            _add_change_table_row(table, f"  {release.name}", release)
    if table.row_count:
        yield terminal_heading("  families, mirrors and curated edges included")
        yield indent_terminal_lines(table)


def _base_change_table_rows(diff: Diff) -> Iterator[RenderableType]:
    for what, changes in (("gained", diff.bases_gained), ("lost", diff.bases_lost)):
        if not changes:
            continue
        table = new_table("base", numbers=_BEFORE_AFTER)
        for change in changes:
            _add_change_table_row(table, change.name, change)
        yield terminal_heading(f"  bases that {what} most, all generations")
        yield indent_terminal_lines(table)


def _add_change_table_row(
    table: Table, name: str, change: Change | FamilyChange, style: str = ""
) -> None:
    before, after = change.before, change.after
    cells = (f"{before:,}", f"{after:,}", f"{after - before:+,}")
    table.add_row(quote_for_terminal(name), *cells, style=style)


def printable_rows_of_dump_check(check: DumpCheck) -> list[Document]:
    """Return a flat row for each thing compared, with one example."""
    return [
        {"what": what, "count": count, "example": next(iter(examples), None)}
        for what, count, examples in _comparison_table_rows(check)
    ]


def dump_check_table(check: DumpCheck, manifest: Manifest) -> RenderableType:
    """Return what differs, each with its examples."""
    table = new_table(fixed=[""], numbers=["number"], tail="examples")
    for what, count, examples in _comparison_table_rows(check):
        table.add_row(what, f"{count:,}", quote_for_terminal("; ".join(examples), "dim"))
    facts: list[Line] = [("dump", f"{check.dump}, {check.bad_rows:,} rows could not be read")]
    excluded = [*check.not_compared, *(["edges"] if check.edges is None else [])]
    if excluded:
        facts.append(("not compared", f"{', '.join(excluded)}: the dump does not say"))
    return Stack(
        Text(),
        indent_terminal_lines(table),
        Text(),
        terminal_table_of_facts([*facts, *describe_counted_snapshot(manifest)]),
    )


def _comparison_table_rows(check: DumpCheck) -> Iterator[tuple[str, int, Iterable[str]]]:
    yield "models here", check.models_here, ()
    yield "models in the dump", check.models_there, ()
    yield "models only here", check.only_here.count, check.only_here.examples
    yield "models only in the dump", check.only_there.count, check.only_there.examples
    for field in check.different:
        examples = [
            f"{id}: here {in_snapshot or 'unknown'}, there {in_dump or 'unknown'}"
            for id, in_snapshot, in_dump in field.examples
        ]
        yield f"different {field.field}", field.count, examples
    if (edges := check.edges) is not None:
        yield "edges here", edges.here, ()
        yield "edges in the dump", edges.there, ()
        yield "edges only here", edges.only_here.count, edges.only_here.examples
        yield "edges only in the dump", edges.only_there.count, edges.only_there.examples
