"""The bundled corpus as a published snapshot, made without any HTTP; takes some seconds."""

from pathlib import Path

from lineage.demo.catalog import CORPUS_ENDS, corpus_rows
from lineage.families.registry import bundled_families, family
from lineage.store.reader import Snapshot
from tests.builders import published

BOX = "http://127.0.0.1:8765"


def publish_corpus(folder: Path, size: int = 1000) -> Snapshot:
    """Publish what the corpus lists on its last day, dated by that day, in pages of one size.

    As from a box on this machine: whatever shows it must say that it is a sample.
    """
    families = [family(name) for name in bundled_families()]
    rows, day = list(corpus_rows()), CORPUS_ENDS
    return published(rows, folder, families=families, taken_at=day, size=size, endpoint=BOX)
