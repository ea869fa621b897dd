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


def example_files(snapshot: Snapshot) -> Iterator[tuple[str, bytes]]:
    """Yield every file of the example; the table of all licenses, 5 MB, is left out."""
    known, llama = all_families(), family("llama")
    licenses = judge_licenses(snapshot, llama, license_terms("llama"), Definition(), known)
    trends = find_trends(snapshot, llama, Definition(), known)
    tree = family_tree(snapshot, llama, known)
    for language in Language:
        yield from _pages(license_report_files(licenses, snapshot.manifest, language))
        yield from trend_report_files(trends, snapshot.manifest, language, known)
        yield from tree_report_files(tree, language)


def _pages(files: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    return ((name, content) for name, content in files if not name.endswith(".csv"))


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
