"""The bundled corpus as a published snapshot, made without any HTTP; takes some seconds."""

from pathlib import Path

from lineage.demo.catalog import corpus_rows
from lineage.families.registry import bundled_families, family
from lineage.store.reader import Snapshot
from tests.builders import published

BOX = "http://127.0.0.1:8765"


def publish_corpus(folder: Path, size: int = 1000) -> Snapshot:
    """Publish all models of the corpus that are not known to be gone, in pages of one size.

    As from a box on this machine: whatever shows it must say that it is a sample.
    """
    families = [family(name) for name in bundled_families()]
    return published(list(corpus_rows()), folder, families=families, size=size, endpoint=BOX)
