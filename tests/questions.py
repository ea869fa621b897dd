"""Questions as tests ask them: of a snapshot, a definition and a registry of their own."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from lineage.analysis import (
    comparison,
    counts,
    family_graph,
    subjects,
    traces,
)
from lineage.analysis.anomalies import rules
from lineage.analysis.growth import trends
from lineage.analysis.growth.results import TrendFindings
from lineage.analysis.growth.trends import TrendQuestion
from lineage.analysis.licenses import judging
from lineage.analysis.licenses.statements import LicenseFindings
from lineage.analysis.results import Comparison, Count
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import ModelNode, ResolvedSubject
from lineage.analysis.tree.prune import Tree, build_tree
from lineage.analysis.verdicts import Trace
from lineage.domain.anomalies import Anomalies
from lineage.domain.claims import Strength
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.families import Family, Release
from lineage.domain.licenses import LicenseTerms
from lineage.export import bill_of_materials
from lineage.export.bill_of_materials import Bill
from lineage.graph.lineage_graph import FamilyGraph
from lineage.reporting import family_tree as report
from lineage.reporting.document import ReportName
from lineage.reporting.family_page.page import family_page
from lineage.reporting.family_tree import FamilyTreeReport
from lineage.reporting.family_tree_text import family_tree_report_document
from lineage.reporting.language import Language
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore

DEFAULT = Definition()
Families = Sequence[Family]


def of_family(family: Family, release: Release | None = None) -> ResolvedSubject:
    """A family of a test, which need not be in the registry that the question is asked with."""
    kind = f"family:{family.id}" if release is None else f"release:{release.id}"
    return ResolvedSubject(kind, family=family, release=release)


def find_base(snapshot: Snapshot, name: str, families: Families = ()) -> ModelNode:
    return subjects.find_subject_model(Scope(snapshot, families), name)


def count_base(
    snapshot: Snapshot,
    name: str,
    definition: Definition = DEFAULT,
    families: Families = (),
    by: Grouping | None = None,
) -> Count:
    scope = Scope(snapshot, families, definition)
    subject = ResolvedSubject(name, subjects.find_subject_model(scope, name))
    return counts.count_subject(scope, subject, by)


def count_family(
    snapshot: Snapshot,
    family: Family,
    definition: Definition = DEFAULT,
    families: Families = (),
    by: Grouping | None = None,
) -> Count:
    return counts.count_subject(Scope(snapshot, families, definition), of_family(family), by)


def count_top(
    snapshot: Snapshot,
    top: int,
    definition: Definition = DEFAULT,
    family: Family | None = None,
    families: Families = (),
) -> list[Count]:
    return counts.rank_bases_by_count(Scope(snapshot, families, definition), top, family)


def compare_base(
    snapshot: Snapshot,
    name: str,
    families: Families,
    least_downloads: int = comparison.LEAST_DOWNLOADS,
    as_of: date | None = None,
) -> Comparison:
    scope = Scope(snapshot, families, Definition(as_of=as_of))
    subject = ResolvedSubject(name, subjects.find_subject_model(scope, name))
    return comparison.compare_definitions(scope, subject, least_downloads)


def compare_family(
    snapshot: Snapshot,
    family: Family,
    families: Families,
    least_downloads: int = comparison.LEAST_DOWNLOADS,
    as_of: date | None = None,
) -> Comparison:
    scope = Scope(snapshot, families, Definition(as_of=as_of))
    return comparison.compare_definitions(scope, of_family(family), least_downloads)


def compare_release(
    snapshot: Snapshot, family: Family, release: Release, families: Families
) -> Comparison:
    return comparison.compare_definitions(Scope(snapshot, families), of_family(family, release))


def tree_of_base(
    snapshot: Snapshot,
    name: str,
    definition: Definition,
    families: Families,
    *,
    depth: int = 3,
    min_size: int | None = None,
) -> Tree:
    scope = Scope(snapshot, families, definition)
    subject = ResolvedSubject(name, subjects.find_subject_model(scope, name))
    return build_tree(scope, subject, depth=depth, min_size=min_size)


def tree_of_family(
    snapshot: Snapshot,
    family: Family,
    definition: Definition,
    families: Families,
    *,
    depth: int = 3,
    min_size: int | None = None,
) -> Tree:
    scope = Scope(snapshot, families, definition)
    return build_tree(scope, of_family(family), depth=depth, min_size=min_size)


def pruned(tree: Tree) -> int:
    """How many models are folded."""
    return sum(node.remainder.models for node in tree.nodes if node.remainder)


def drawn_and_folded(tree: Tree) -> int:
    """How many models a reader gets who adds up all lines."""
    above = {node.parent for node in tree.nodes}
    ends = [node for at, node in enumerate(tree.nodes) if at not in above and not node.remainder]
    drawn = sum(node.counted for node in tree.nodes) + sum(node.drawn_below for node in ends)
    return drawn + pruned(tree)


def page_of(report: FamilyTreeReport, language: Language = Language.ENGLISH) -> str:
    """The page of a family tree."""
    name = ReportName("family-tree", report.family.id, language)
    return family_page(report, family_tree_report_document(report, name))


def trace(snapshot: Snapshot, name: str, family: Family, families: Families) -> Trace:
    return traces.trace_model(Scope(snapshot, families), name, family)


def family_columns(
    snapshot: Snapshot, name: str, families: Families, definition: Definition
) -> family_graph.FamilyColumns:
    scope = Scope(snapshot, families, definition)
    return family_graph.family_columns(scope, subjects.find_subject(scope, name))


def graph_of_family(
    snapshot: Snapshot, name: str, families: Families, definition: Definition
) -> FamilyGraph:
    return family_graph.make_family_graph(family_columns(snapshot, name, families, definition))


def relatives_among(snapshot: Snapshot, families: Families, keys: pa.ChunkedArray) -> list[str]:
    return subjects.find_family_members(Scope(snapshot, families), keys)


def family_tree(
    snapshot: Snapshot, family: Family, families: Families, definition: Definition | None = None
) -> FamilyTreeReport:
    return report.family_tree(Scope(snapshot, families, definition or DEFAULT), of_family(family))


def base_tree(
    snapshot: Snapshot, name: str, families: Families, definition: Definition | None = None
) -> FamilyTreeReport:
    scope = Scope(snapshot, families, definition or DEFAULT)
    subject = ResolvedSubject(name, subjects.find_subject_model(scope, name))
    return report.family_tree(scope, subject)


def bill_of(
    snapshot: Snapshot,
    name: str,
    family: Family,
    families: Families,
    min_strength: Strength = Strength.DECLARED,
) -> Bill:
    return bill_of_materials.bill_of(Scope(snapshot, families), name, family, min_strength)


def find_anomalies(
    snapshot: Snapshot, *, family: Family | None = None, families: Families = (), **more: Any
) -> Anomalies:
    known = families or (() if family is None else (family,))
    return rules.find_anomalies(Scope(snapshot, known), family=family, **more)


def find_trends(
    snapshot: Snapshot,
    family: Family,
    definition: Definition,
    families: Families,
    store: ParquetStore | None = None,
    **more: Any,
) -> TrendFindings:
    scope = Scope(snapshot, families, definition)
    return trends.find_trends(store, scope, of_family(family), TrendQuestion(**more))


def judge_licenses(
    snapshot: Snapshot,
    family: Family,
    terms: LicenseTerms,
    definition: Definition,
    families: Families,
) -> LicenseFindings:
    subject = ResolvedSubject(f"family:{family.id}", family=family)
    return judging.judge_licenses(Scope(snapshot, families, definition), subject, terms)
