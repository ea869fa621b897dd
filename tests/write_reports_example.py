"""Writes reports/example anew, from the corpus: python -m tests.write_reports_example."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from lineage.domain.definitions import Definition
from lineage.families.license_terms import license_terms
from lineage.families.registry import all_families, family
from lineage.reporting.files import license_report_files, tree_report_files, trend_report_files
from lineage.reporting.language import Language
from lineage.store.reader import Snapshot
from tests.questions import family_tree, find_trends, judge_licenses

EXAMPLE = Path(__file__).parent.parent / "reports" / "example"
MOST_BYTES = 2_000_000
CHOSEN = frozenset(
    {
        "family-tree.llama.en.html",
        "family-tree.llama.en.svg",
        "licenses.llama.de.html",
        "licenses.llama.en.html",
        "trend.llama.en.html",
        "trend.llama.created.csv",
        "trend.llama.created.en.svg",
    }
)
"""What a reader wants to see: of every report a page, of one its German, of two the picture."""


def example_files(snapshot: Snapshot) -> Iterator[tuple[str, bytes]]:
    """Yield every file of the example."""
    return ((name, content) for name, content in _files(snapshot) if name in CHOSEN)


def _files(snapshot: Snapshot) -> Iterator[tuple[str, bytes]]:
    known, llama = all_families(), family("llama")
    licenses = judge_licenses(snapshot, llama, license_terms("llama"), Definition(), known)
    trends = find_trends(snapshot, llama, Definition(), known)
    tree = family_tree(snapshot, llama, known)
    yield from license_report_files(licenses, snapshot.manifest, Language.GERMAN)
    yield from license_report_files(licenses, snapshot.manifest, Language.ENGLISH)
    manifest = snapshot.manifest
    yield from trend_report_files(trends, manifest, Language.ENGLISH, known)
    yield from tree_report_files(tree, Language.ENGLISH)


def _write() -> None:

    from tests.corpus import publish_corpus

    EXAMPLE.mkdir(parents=True, exist_ok=True)
    for file in EXAMPLE.iterdir():
        file.unlink()
    with tempfile.TemporaryDirectory() as folder:
        for name, content in example_files(publish_corpus(Path(folder))):
            (EXAMPLE / name).write_bytes(content)


if __name__ == "__main__":
    _write()
