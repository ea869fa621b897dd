"""The checked-in example is what the corpus gives today, and small."""

from lineage.store.reader import Snapshot
from tests.write_reports_example import CHOSEN, EXAMPLE, MOST_BYTES, example_files

ANEW = "write it anew: python -m tests.write_reports_example"


def test_the_example_is_made_from_the_corpus_byte_for_byte(corpus_snapshot: Snapshot) -> None:
    made = dict(example_files(corpus_snapshot))
    assert {file.name for file in EXAMPLE.iterdir()} == set(made) == CHOSEN, ANEW
    for name, content in made.items():
        assert (EXAMPLE / name).read_bytes() == content, f"{name}: {ANEW}"


def test_the_example_is_small() -> None:
    assert sum(file.stat().st_size for file in EXAMPLE.iterdir()) <= MOST_BYTES
