"""The rows of trends.parquet: how they are counted at publication, and found again later.

Each subject comes whole, then by the month its models were created.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.groups import UNKNOWN
from lineage.analysis.growth.periods import month_numbers, spell_growth_months
from lineage.analysis.growth.results import NOTHING, Point
from lineage.analysis.growth.subjects import CountedPairs, CurveKind, count_below
from lineage.analysis.members import relations_of_members
from lineage.analysis.scope import Scope
from lineage.domain.arrays import Codes, Int64s, Mask
from lineage.domain.claims import RELATIONS, Relation
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.families import Family
from lineage.graph.sorted_sets import sort_distinct_set
from lineage.store import schema
from lineage.store.reader import Snapshot

TableColumns = dict[str, Sequence[object] | Int64s]

EVERY_MONTH = "all"
"""The month of a row that holds the whole; null is the month of models without a known date."""

FULL = Definition(mirrors=True, curated=True)

_IN_WORDS = {
    CurveKind.FAMILY: "all generations; declared or better; mirrors; curated edges",
    CurveKind.RELEASE: "all generations; declared or better; mirrors; curated edges",
    CurveKind.BASE: "all generations; declared or better",
}
_UNLISTED = "name:"
# Of a year of snapshots every column read counts: name and key are read where they are needed.
_ALWAYS = [name for name in schema.TRENDS.names if name not in ("name", "key", "definition")]
_OVERLAY_DIGITS = 16


# Counting, at publication


@dataclass(frozen=True, slots=True)
class _PairFacts:
    """What is known of each pair of a subject and a model below it."""

    month: Int64s
    """Position in `months`, from 1; 0 stands for every month."""
    months: Sequence[str | None]
    relation: Codes
    author: Int64s
    """A number for each name, -1 where none is given."""
    listed: Mask


@dataclass(frozen=True, slots=True)
class _RowNumbers:
    """One element a row."""

    by_relation: Int64s
    """Listed models, rows x relations."""
    deleted: Int64s
    authors: Int64s


def count_growth_trends_in_scope(scope: Scope) -> pa.Table:
    """Count every family, release and official root of a snapshot, as `count` counts each alone.

    Of each subject the whole comes first, then the months in order, then the undated.
    """
    # Counted once, at publication: a curve over a year would otherwise walk 365 graphs.
    scope = scope.under(FULL)
    counted = count_below(scope, scope.stored_edges)
    facts = _read_growth_facts_of_members(scope, counted.node)
    months = len(facts.months)
    wholes = np.arange(len(counted.subjects)) * months
    cells = counted.subject * months + facts.month
    rows = sort_distinct_set(np.concatenate([wholes, cells]))
    by_month, as_whole = np.searchsorted(rows, cells), np.searchsorted(rows, wholes)
    numbers = [
        _count_trend_rows(place, facts, len(rows))
        for place in (by_month, as_whole[counted.subject])
    ]
    columns = _describe_trend_rows(counted, facts.months, rows) | _sum_growth_counts(*numbers)
    columns["overlay"] = [registry_digest_for_trends(scope.families)] * len(rows)
    return pa.table(columns, schema=schema.TRENDS)


def registry_digest_for_trends(families: Sequence[Family]) -> str:
    """Return a digest of what in the registry decides a count: registries of one digest agree.

    Roots by release and curated edges are in it; versions, sources and other prose are not.
    """
    decisive = [
        [
            family.id,
            [[release.name, *release.root_repo_ids()] for release in family.releases],
            [[edge.child, edge.parent, edge.relation] for edge in family.curated_family_edges()],
        ]
        for family in families
    ]
    return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:_OVERLAY_DIGITS]


def _read_growth_facts_of_members(scope: Scope, node: Int64s) -> _PairFacts:
    snapshot = scope.snapshot
    members = sort_distinct_set(node)
    place, rows = np.searchsorted(members, node), pa.array(members)
    author = snapshot.record_column("author").combine_chunks().take(rows).dictionary_encode()
    created = snapshot.record_column("created_at").combine_chunks().take(rows)

    # Each moment's month as a position: 0 is kept for the whole, the last is for the undated.
    is_dated = created.is_valid().to_numpy(zero_copy_only=False)
    month = month_numbers(created.drop_null().cast(pa.int64()).to_numpy())
    used = sort_distinct_set(month)
    position = np.full(len(created), len(used) + 1, np.int64)
    position[is_dated] = np.searchsorted(used, month) + 1
    return _PairFacts(
        position[place],
        [EVERY_MONTH, *spell_growth_months(used), None],
        relations_of_members(scope.edges, scope.nodes)[node],
        pc.fill_null(author.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)[place],
        node < snapshot.manifest.models,
    )


def _count_trend_rows(row: Int64s, facts: _PairFacts, rows: int) -> _RowNumbers:
    relations = len(RELATIONS)
    cell = row[facts.listed] * relations + facts.relation[facts.listed]
    has_author = facts.listed & (facts.author >= 0)
    most = int(facts.author.max(initial=0)) + 1
    authors = sort_distinct_set(row[has_author] * most + facts.author[has_author]) // most
    return _RowNumbers(
        np.bincount(cell, minlength=rows * relations).reshape(rows, relations),
        np.bincount(row[~facts.listed], minlength=rows),
        np.bincount(authors, minlength=rows),
    )


def _describe_trend_rows(
    counted: CountedPairs, months: Sequence[str | None], rows: Int64s
) -> TableColumns:
    subject, month = np.divmod(rows, len(months))
    subjects = [counted.subjects[place] for place in subject.tolist()]
    return {
        "family": [subject.family.id for subject in subjects],
        "of": [subject.kind.value for subject in subjects],
        "name": [subject.name for subject in subjects],
        "key": [subject.key for subject in subjects],
        "month": [months[place] for place in month.tolist()],
        "definition": [_IN_WORDS[subject.kind] for subject in subjects],
        "registry": [subject.family.version for subject in subjects],
    }


def _sum_growth_counts(by_month: _RowNumbers, as_whole: _RowNumbers) -> TableColumns:
    # A row is a month or a whole, so that one of the two numbers is zero.
    by_relation = by_month.by_relation + as_whole.by_relation
    return {
        "total": by_relation.sum(axis=1),
        **{relation.value: by_relation[:, relation.code] for relation in RELATIONS},
        "gone": by_month.deleted + as_whole.deleted,
        "authors": by_month.authors + as_whole.authors,
    }


# Finding what was stored


@dataclass(frozen=True, slots=True)
class CurveSlice:
    """A family or base in one snapshot: its part of a curve."""

    whole: Point
    parts: Mapping[str, Point]
    """By release or month, in the order of the table; empty where it is not divided."""
    registry: str | None = None
    """Version of the family's registry."""
    families: Mapping[str, int] = field(default_factory=dict)
    """Totals of every family, where they were asked for."""


def read_trends(snapshot: Snapshot, more: Sequence[str] = ()) -> pa.Table | None:
    """Return what was stored at publication, with `more` columns; None where nothing was."""
    if schema.TRENDS_FILE not in snapshot.manifest.files:
        return None
    table = snapshot.table(schema.TRENDS_FILE, [*_ALWAYS, *more])
    return table if table.num_rows else None


def registry_digest_of_trends(table: pa.Table) -> str:
    """Return the digest of the registry that a table was counted by."""
    return str(table["overlay"][0].as_py())


def trend_slice_of_family(table: pa.Table, family: str, by: Grouping | None) -> CurveSlice | None:
    """Return a family's numbers; None where the table knows no such family."""
    rows = table.filter(pc.equal(table["family"], family))
    of_parts = CurveKind.RELEASE if by is Grouping.RELEASE else None
    return _trend_slice_of(rows, CurveKind.FAMILY, of_parts, by)


def trend_slice_of_release(table: pa.Table, family: str, release: str) -> CurveSlice:
    """Return a release's numbers; zero where the table has none of it."""
    rows = table.filter(
        pc.and_(pc.equal(table["family"], family), pc.equal(table["name"], release))
    )
    part = _trend_slice_of(rows, CurveKind.RELEASE, None, None)
    return part or CurveSlice(NOTHING, {})


def trend_totals_of_families(table: pa.Table) -> dict[str, int]:
    """Return how many models lie below each family of a table."""
    is_whole = pc.and_(
        pc.equal(table["of"], CurveKind.FAMILY),
        pc.fill_null(pc.equal(table["month"], EVERY_MONTH), False),
    )
    rows = table.filter(is_whole)
    return dict(zip(rows["family"].to_pylist(), rows["total"].to_pylist(), strict=True))


def trend_slice_of_base(
    table: pa.Table, key: str, names: Sequence[str], by: Grouping | None
) -> CurveSlice | None:
    """Return a base's numbers, by its key, else as unlisted; None where they were not stored."""
    bases = table.filter(pc.equal(table["of"], CurveKind.BASE))
    for stored_key in (key, *(f"{_UNLISTED}{name}" for name in names)):
        rows = bases.filter(pc.equal(bases["key"], stored_key))
        if (part := _trend_slice_of(rows, CurveKind.BASE, None, by)) is not None:
            return replace(part, registry=None)
    return None


def is_same_trend_node(key_then: str, key: str) -> bool:
    """Say whether a node of one name is the same under two keys."""
    # While a model was not listed its key was made from its name: it changes on the first listing.
    return key_then == key or key_then.startswith(_UNLISTED)


def _trend_slice_of(
    rows: pa.Table, kind: CurveKind, of_parts: CurveKind | None, by: Grouping | None
) -> CurveSlice | None:
    is_whole = pc.fill_null(pc.equal(rows["month"], EVERY_MONTH), False)
    own = pc.equal(rows["of"], kind)
    whole = rows.filter(pc.and_(own, is_whole)).to_pylist()
    if not whole:
        return None
    points: dict[str, Point] = {}
    if of_parts is not None:
        parts = rows.filter(pc.and_(pc.equal(rows["of"], of_parts), is_whole)).to_pylist()
        points = {str(row["name"]): _trend_point_of(row) for row in parts}
    elif by is Grouping.MONTH:
        parts = rows.filter(pc.and_(own, pc.invert(is_whole))).to_pylist()
        points = {str(row["month"] or UNKNOWN): _trend_point_of(row) for row in parts}
    return CurveSlice(_trend_point_of(whole[0]), points, str(whole[0]["registry"]))


def _trend_point_of(row: Mapping[str, Any]) -> Point:
    by_relation = {relation: row[relation.value] for relation in Relation if row[relation.value]}
    return Point(row["total"], by_relation, row["authors"], row["gone"])
