"""The three reports that the demo ends with, about Llama and in English."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineage.store.reader import Snapshot


def demo_reports(snapshot: "Snapshot") -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file, one at a time."""
    from lineage.families.registry import all_families, family
    from lineage.reporting.family_page.tree_files import tree_files
    from lineage.reporting.family_tree import family_tree
    from lineage.reporting.language import Language

    tree = family_tree(snapshot, family("llama"), all_families())
    yield from tree_files(tree, Language.ENGLISH)
    yield from _trend(snapshot)
    yield from _licenses(snapshot)


def _trend(snapshot: "Snapshot") -> Iterator[tuple[str, bytes]]:
    from lineage.analysis.growth.trends import find_trends
    from lineage.domain.definitions import Definition
    from lineage.families.registry import all_families, family
    from lineage.reporting.language import Language
    from lineage.reporting.trend_files import trend_files
    from lineage.reporting.trend_report import trend_document

    known = all_families()
    found = find_trends(snapshot, family("llama"), Definition(), known)
    yield from trend_files(found, trend_document(found, snapshot.manifest, Language.ENGLISH, known))


def _licenses(snapshot: "Snapshot") -> Iterator[tuple[str, bytes]]:
    from lineage.analysis.licenses.judging import judge_licenses
    from lineage.cli.report_licenses import files
    from lineage.domain.definitions import Definition
    from lineage.families.license_terms import license_terms
    from lineage.families.registry import all_families, family

    llama = family("llama")
    found = judge_licenses(snapshot, llama, license_terms("llama"), Definition(), all_families())
    for name, text in files(found, snapshot.manifest, "en"):
        yield name, text.encode("utf-8", "backslashreplace")
