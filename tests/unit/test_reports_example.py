"""README's pictures and answers, and the checked-in example, are what the demo gives today."""

import re

from tests.demo_run import DemoRun
from tests.write_reports_example import (
    CHOSEN,
    EXAMPLE,
    MOST_BYTES,
    README,
    example_files,
    with_answers,
)

PACKED = re.compile(rb'(?<=data-failed=")([^"]*">)[^<]+')
"""The models of the tree's page, compressed; among them is the address of a box, always another."""
ANEW = "write it anew: python -m tests.write_reports_example"


def test_the_example_is_what_the_demo_writes_byte_for_byte(demo_run: DemoRun) -> None:
    made = example_files(demo_run)
    assert {file.name for file in EXAMPLE.iterdir()} == set(made), ANEW
    for name, content in made.items():
        before, now = (PACKED.sub(b"", it) for it in ((EXAMPLE / name).read_bytes(), content))
        # As one word: to show how half a megabyte differs takes pytest minutes.
        is_same = before == now
        assert is_same, f"{name}: {ANEW}"


def test_the_answers_of_the_readme_are_those_of_the_demo(demo_run: DemoRun) -> None:
    text = README.read_text("utf-8")
    assert len(re.findall(r"\| `lineage .+` \|", text)) == 5
    is_same = with_answers(text, demo_run) == text
    assert is_same, ANEW


def test_the_readme_shows_growth_and_tree_from_the_example() -> None:
    pictures = re.findall(r"!\[[^]]+\]\((.+?)\)", README.read_text("utf-8"))
    shown = {f"reports/example/{name}" for name in CHOSEN if name.endswith(".svg")}
    assert shown <= set(pictures)
    assert not [path for path in pictures if not (README.parent / path).is_file()]


def test_the_example_is_small() -> None:
    assert sum(file.stat().st_size for file in EXAMPLE.iterdir()) <= MOST_BYTES
