"""How many derivatives a subject has: a model, a release or a family."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.definition_text import list_count_notes
from lineage.analysis.groups import divide_members
from lineage.analysis.members import (
    count_by_relation,
    count_undated,
    find_countable,
    find_members_without_date,
    members_below,
    relations_of_members,
)
from lineage.analysis.results import Count
from lineage.analysis.scope import DEFAULT, Scope
from lineage.analysis.subjects import (
    ResolvedSubject,
    SubjectMembers,
    count_members_opted_out,
    select_members,
)
from lineage.domain.arrays import Nodes
from lineage.domain.claims import RELATIONS, Strength
from lineage.domain.clock import end_of_day_utc
from lineage.domain.definitions import Closure, Grouping
from lineage.domain.families import Family
from lineage.domain.opt_outs import count_opt_out_marks
from lineage.domain.subjects import SubjectKind
from lineage.errors import SettingsError
from lineage.graph.reach import EveryBase, count_closure_of_every_base
from lineage.store.reader import BaseRow


def derivative_counts_as_table(counts: Iterable[Count]) -> pa.Table:
    """Return counts as a table: the rows of their CSV, with numbers as numbers."""
    from lineage.analysis.documents import count_rows

    return pa.Table.from_pylist([row for count in counts for row in count_rows(count)])


def count_subject(scope: Scope, subject: ResolvedSubject, by: Grouping | None = None) -> Count:
    """Count what descends from a subject, by the scope's definition.

    By the default definition a model's number was stored at publication and is only looked up.
    """
    # One row group of a small table, where any other definition reads the edges of a whole Hub.
    if subject.model is not None and scope.definition == DEFAULT and by is None:
        model, row = subject.model, scope.snapshot.base(subject.model.id)
        if row is None:  # nothing is declared to come from what has this name
            row = BaseRow(model.key, model.id, model.number, 0, 0, {}, 0)
        if row.key == model.key:
            opted_out = count_members_opted_out(scope, subject, row.total)
            return count_of_base(scope, row, opted_out, spelling=subject.spelling)
    return count_members(scope, subject, select_members(scope, subject), by)


def count_members(
    scope: Scope, subject: ResolvedSubject, selection: SubjectMembers, by: Grouping | None = None
) -> Count:
    """Count the models that were selected for a subject, and say what the number cannot."""
    members = selection.members
    total, at_most = int(members.counted.sum()), int(members.possible.sum())
    # Who opted out is missing in every number, so every number says how many it misses.
    opted_out = count_members_opted_out(scope, subject, at_most)
    manifest, definition = scope.snapshot.manifest, selection.scope.definition
    return Count(
        subject=subject.spelling,
        id=subject.id,
        kind=subject.kind,
        key=subject.key,
        snapshot=scope.snapshot.id,
        direct=int(members.direct.sum()),
        total=total,
        by_relation=count_by_relation(members, members.counted),
        at_most=at_most,
        undated=count_undated(scope.snapshot, members.possible),
        opted_out=opted_out,
        parents_known=manifest.origin.parents_known,
        declared=_count_declared(scope, subject),
        definition=replace(definition, roots=selection.root_ids),
        notes=list_count_notes(
            definition, manifest, total=total, at_most=at_most, opted_out=opted_out
        ),
        grouping=by,
        groups=() if by is None else divide_members(selection.scope, members, by),
    )


def _count_declared(scope: Scope, subject: ResolvedSubject) -> int | None:
    """Return the number without inferred links, None where that is the number itself."""
    if scope.definition.min_strength is not Strength.INFERRED:
        return None
    declared = scope.under(replace(scope.definition, min_strength=Strength.DECLARED))
    return int(select_members(declared, subject).members.counted.sum())


def count_of_base(
    scope: Scope, row: BaseRow, opted_out: int, *, spelling: str = "", at_most: int | None = None
) -> Count:
    """Return the numbers of one base as an answer; they were counted by the scope's definition."""
    manifest, definition = scope.snapshot.manifest, scope.definition
    at_most = row.total if at_most is None else at_most
    return Count(
        subject=spelling or row.id,
        id=row.id,
        kind=SubjectKind.MODEL,
        key=row.key,
        snapshot=manifest.id,
        direct=row.direct,
        total=row.total,
        by_relation={relation: n for relation, n in row.by_relation.items() if n},
        at_most=at_most,
        undated=row.undated,
        opted_out=opted_out,
        parents_known=manifest.origin.parents_known,
        definition=replace(definition, roots=(row.id,)),
        notes=list_count_notes(
            definition, manifest, total=row.total, at_most=at_most, opted_out=opted_out
        ),
    )


def rank_bases_by_count(scope: Scope, top: int, family: Family | None = None) -> list[Count]:
    """Count the bases with most descendants (or most children), largest first, ties by id.

    With a family only its roots and members are ranked. Each base stands for itself alone, so
    SettingsError where mirrors should join.
    """
    definition = scope.definition
    if definition.mirrors:
        raise SettingsError(
            "a ranking counts each base for itself: mirrors join the roots of a named base",
            "example: lineage count meta-llama/Llama-2-7b-hf --mirrors",
        )
    more = _count_totals_by_key(scope)
    left_out = count_opt_out_marks((scope.snapshot.unredacted or scope.snapshot).manifest.left_out)

    def count_missing(key: str, at_most: int) -> int:
        return max(more.get(key, at_most) - at_most, 0) + left_out

    # Counted once at publication: ten rows are read where all bases of a Hub would be counted.
    if definition == DEFAULT and family is None:
        rows = [row for row in scope.snapshot.largest_bases(top) if row.total]
        return [count_of_base(scope, row, count_missing(row.key, row.total)) for row in rows]
    bases = count_bases(scope)
    cells = bases.direct if definition.closure is Closure.DIRECT else bases.total
    totals, at_most = (
        which.sum(axis=(1, 2)) for which in (cells[:, :, : _countable_columns(scope)], cells)
    )
    if family is not None:
        totals, at_most = (
            np.where(np.isin(bases.node, _family_nodes(scope, family)), each, 0)
            for each in (totals, at_most)
        )
    keys, ids = scope.names_of_bases(bases.node)
    # A release that inferred links name is no base.
    is_model = ~np.isin(bases.node, scope.roots_of(scope.graph.claimed))
    totals, at_most = totals * is_model, at_most * is_model
    # A ranking is taken for certain: what surely counts decides, what may count comes second.
    ranking = pc.sort_indices(
        pa.table({"total": totals, "at_most": at_most, "id": ids}),
        [("total", "descending"), ("at_most", "descending"), ("id", "ascending")],
    )[:top]
    sure = _countable_columns(scope)
    counts = []
    for at in (at for at in ranking.to_pylist() if at_most[at]):
        by_relation = cells[at, :, :sure].sum(axis=1).tolist()
        row = BaseRow(
            keys[at].as_py(),
            ids[at].as_py(),
            int(bases.node[at]),
            int(bases.direct[at, :, :sure].sum()),
            sum(by_relation),
            dict(zip(RELATIONS, by_relation, strict=True)),
            int(cells[at, :, 1].sum()),
        )
        most = int(cells[at].sum())
        counts.append(count_of_base(scope, row, count_missing(row.key, most), at_most=most))
    return counts


def _count_totals_by_key(scope: Scope) -> dict[str, int]:
    """Return what each base would count without opt-outs; nothing where there are none."""
    if (whole := scope.snapshot.unredacted) is None:
        return {}
    scope = scope.of_snapshot(whole)
    bases = count_bases(scope)
    cells = bases.direct if scope.definition.closure is Closure.DIRECT else bases.total
    totals = cells.sum(axis=(1, 2)).tolist()
    return dict(zip(scope.names_of_bases(bases.node)[0].to_pylist(), totals, strict=True))


def _countable_columns(scope: Scope) -> int:
    """Return how many of the columns `dated, undated` count as of the day asked."""
    day = scope.definition.as_of
    # Those who are in a snapshot of that day existed then, dated or not.
    return 2 if day is None or scope.snapshot.manifest.origin.taken_at < end_of_day_utc(day) else 1


def count_bases(scope: Scope) -> EveryBase:
    """Count every base by any definition of a named base."""
    relation = relations_of_members(scope.edges, scope.nodes)[: scope.snapshot.records]
    relation = np.where(find_countable(scope).possibly, relation, -1)
    edges = scope.edges
    return count_closure_of_every_base(
        edges.child, edges.parent, relation, find_members_without_date(scope.snapshot)
    )


def _family_nodes(scope: Scope, family: Family) -> Nodes:
    roots = scope.tops_of(family)
    # Filters choose who is counted below a base, not which bases may stand in the ranking.
    anyone = replace(scope.definition, closure=Closure.ALL, min_downloads=0)
    members = members_below(scope.under(anyone), roots)
    return np.union1d(roots, np.flatnonzero(members.possible))
