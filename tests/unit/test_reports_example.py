"""The checked-in example is what the corpus gives today."""

from lineage.store.reader import Snapshot
from tests.write_reports_example import EXAMPLE, example_files

ANEW = "write it anew: python -m tests.write_reports_example"


def test_the_example_is_made_from_the_corpus_byte_for_byte(corpus_snapshot: Snapshot) -> None:
    made = dict(example_files(corpus_snapshot))
    assert {file.name for file in EXAMPLE.iterdir()} == set(made), ANEW
    for name, content in made.items():
        if not name.endswith(".png"):  # their bytes hang on the version of the painting library
            assert (EXAMPLE / name).read_bytes() == content, f"{name}: {ANEW}"
