"""The rows of trends.parquet: each subject whole, then by the month its models were created."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.growth.overlay import overlay_of
from lineage.analysis.growth.subjects import Counted, Of, counted_below
from lineage.analysis.members import relation_of
from lineage.analysis.scope import Scope
from lineage.domain.arrays import Codes, Int64s, Mask
from lineage.domain.claims import Relation
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.graph.sorted_sets import distinct
from lineage.store import schema
from lineage.store.reader import Snapshot

Columns = dict[str, Sequence[object] | Int64s]

EVERY_MONTH = "all"
"""The month of a row that holds the whole; null is the month of models that nobody can date."""

FULL = Definition(mirrors=True, curated=True)

_IN_WORDS = {
    Of.FAMILY: "all generations; declared or better; mirrors; curated edges",
    Of.RELEASE: "all generations; declared or better; mirrors; curated edges",
    Of.BASE: "all generations; declared or better",
}
_RELATIONS = len(Relation)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of each pair of a subject and a model below it."""

    month: Int64s
    """Position in `months`, from 1; 0 stands for every month."""
    months: Sequence[str | None]
    relation: Codes
    author: Int64s
    """A number for each name, -1 where nobody is named."""
    listed: Mask


@dataclass(frozen=True, slots=True)
class _Numbers:
    """One element a row."""

    by_relation: Int64s
    """Listed models, rows x relations."""
    gone: Int64s
    authors: Int64s


def trends_table(snapshot: Snapshot, families: Sequence[Family]) -> pa.Table:
    """Count every family, release and official root of a snapshot, as `count` counts each alone.

    Of each subject the whole comes first, then the months in order, then the undated.
    """
    edges = snapshot.edges()
    scope = Scope.of(snapshot, FULL, families, edges=edges)
    counted = counted_below(scope, edges)
    facts = _facts(scope, counted.node)
    months = len(facts.months)
    wholes = np.arange(len(counted.subjects)) * months
    cells = counted.subject * months + facts.month
    rows = distinct(np.concatenate([wholes, cells]))
    by_month, as_whole = np.searchsorted(rows, cells), np.searchsorted(rows, wholes)
    places = (by_month, as_whole[counted.subject])
    numbers = [_numbers(at, facts, len(rows)) for at in places]
    spelled = _spelled(counted, facts.months, rows) | _added(*numbers)
    spelled["overlay"] = [overlay_of(families)] * len(rows)
    return pa.table(spelled, schema=schema.TRENDS)


def _facts(scope: Scope, node: Int64s) -> _Facts:
    snapshot = scope.snapshot
    members = distinct(node)
    place, rows = np.searchsorted(members, node), pa.array(members)
    author = snapshot.record_column("author").combine_chunks().take(rows).dictionary_encode()
    month, months = _months(snapshot.record_column("created_at").combine_chunks().take(rows))
    return _Facts(
        month[place],
        months,
        relation_of(scope.edges, scope.nodes)[node],
        pc.fill_null(author.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)[place],
        node < snapshot.manifest.models,
    )


def _months(created: pa.Array) -> tuple[Int64s, Sequence[str | None]]:
    """Return each moment's month as a position, and what the positions stand for."""
    known = created.is_valid().to_numpy(zero_copy_only=False)
    moments = created.drop_null().cast(pa.int64()).to_numpy()
    month = moments.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    used = distinct(month)
    position = np.full(len(created), len(used) + 1, np.int64)
    position[known] = np.searchsorted(used, month) + 1
    return position, [EVERY_MONTH, *map(str, used.astype("datetime64[M]")), None]


def _numbers(row: Int64s, facts: _Facts, rows: int) -> _Numbers:
    """Count the pairs of each row."""
    listed = row[facts.listed]
    cell = listed * _RELATIONS + facts.relation[facts.listed]
    named = facts.listed & (facts.author >= 0)
    most = int(facts.author.max(initial=0)) + 1
    authors = distinct(row[named] * most + facts.author[named]) // most
    return _Numbers(
        np.bincount(cell, minlength=rows * _RELATIONS).reshape(rows, _RELATIONS),
        np.bincount(row[~facts.listed], minlength=rows),
        np.bincount(authors, minlength=rows),
    )


def _spelled(counted: Counted, months: Sequence[str | None], rows: Int64s) -> Columns:
    """Return what each row is about."""
    subject, month = np.divmod(rows, len(months))
    subjects = [counted.subjects[at] for at in subject.tolist()]
    return {
        "family": [one.family.id for one in subjects],
        "of": [one.of.value for one in subjects],
        "name": [one.name for one in subjects],
        "key": [one.key for one in subjects],
        "month": [months[at] for at in month.tolist()],
        "definition": [_IN_WORDS[one.of] for one in subjects],
        "registry": [one.family.version for one in subjects],
    }


def _added(by_month: _Numbers, as_whole: _Numbers) -> Columns:
    """Return the numbers of the rows; a row is a month or a whole, so that one of both is zero."""
    by_relation = by_month.by_relation + as_whole.by_relation
    return {
        "total": by_relation.sum(axis=1),
        **{word.value: by_relation[:, at] for at, word in enumerate(Relation)},
        "gone": by_month.gone + as_whole.gone,
        "authors": by_month.authors + as_whole.authors,
    }
