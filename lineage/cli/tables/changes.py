"""What differs between two snapshots, or between a snapshot and a dump."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from lineage.analysis.definition_text import (
    Line,
    count_notes_of_snapshot,
    definition_snapshot_lines,
    describe_counted_origin,
)
from lineage.analysis.diff.diffs import Change, Diff, FamilyChange
from lineage.analysis.diff.dump_check import DumpCheck
from lineage.cli.tables.layout import fact_lines, heading, indented, new_table, quoted
from lineage.domain.documents import Document
from lineage.store.manifest import Manifest

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
    parts: list[RenderableType] = [Text(), fact_lines(facts)]
    answers = diff.availability
    removed = [f"{id}  ({answers[id]})" if id in answers else id for id in diff.removed]
    renamed = [f"{rename.before} -> {rename.now}" for rename in diff.renamed]
    for what, names in (("added", diff.added), ("removed", removed), ("renamed", renamed)):
        parts.append(heading(f"  {what}: {len(names):,}"))
        parts += [indented(quoted(name)) for name in names[:_NAMES_SHOWN]]
        if (more := len(names) - _NAMES_SHOWN) > 0:
            parts.append(indented(Text(f"and {more:,} more", "dim")))
    return Stack(*parts, *_family_change_rows(diff.families), *_base_change_rows(diff))


def _family_change_rows(families: Sequence[FamilyChange]) -> Iterator[RenderableType]:
    table = new_table("family or release", numbers=_BEFORE_AFTER)
    for family in families:
        releases = [release for release in family.releases if release.before != release.after]
        if family.before != family.after or releases:
            _add_change_row(table, f"family {family.family}", family, "bold")
        for release in releases:
            _add_change_row(table, f"  {release.name}", release)
    if table.row_count:
        yield heading("  families, mirrors and curated edges included")
        yield indented(table)


def _base_change_rows(diff: Diff) -> Iterator[RenderableType]:
    for what, changes in (("gained", diff.bases_gained), ("lost", diff.bases_lost)):
        if not changes:
            continue
        table = new_table("base", numbers=_BEFORE_AFTER)
        for change in changes:
            _add_change_row(table, change.name, change)
        yield heading(f"  bases that {what} most, all generations")
        yield indented(table)


def _add_change_row(
    table: Table, name: str, change: Change | FamilyChange, style: str = ""
) -> None:
    before, after = change.before, change.after
    cells = (f"{before:,}", f"{after:,}", f"{after - before:+,}")
    table.add_row(quoted(name), *cells, style=style)


def dump_check_table_rows(check: DumpCheck) -> list[Document]:
    """Return a flat row for each thing compared, with one example."""
    return [
        {"what": what, "count": count, "example": next(iter(examples), None)}
        for what, count, examples in _comparison_table_rows(check)
    ]


def dump_check_table(check: DumpCheck, manifest: Manifest) -> RenderableType:
    """Return what differs, each with its examples."""
    table = new_table(fixed=[""], numbers=["number"], tail="examples")
    for what, count, examples in _comparison_table_rows(check):
        table.add_row(what, f"{count:,}", quoted("; ".join(examples), "dim"))
    facts: list[Line] = [("dump", f"{check.dump}, {check.bad_rows:,} rows could not be read")]
    excluded = [*check.not_compared, *(["edges"] if check.edges is None else [])]
    if excluded:
        facts.append(("not compared", f"{', '.join(excluded)}: the dump does not say"))
    return Stack(
        Text(), indented(table), Text(), fact_lines([*facts, *definition_snapshot_lines(manifest)])
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
