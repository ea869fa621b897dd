"""Tables and trees fit their terminal, carry their definition, and cannot be taken over."""

from dataclasses import replace

import pytest

from lineage.analysis.definition_text import describe_definition
from lineage.cli.tables import snapshots
from lineage.cli.tables.counts import counts_table
from lineage.cli.tables.descent import tree_table
from lineage.domain.addresses import is_loopback_address
from lineage.domain.claims import Relation, Strength
from lineage.domain.definitions import Closure, Definition, Grouping
from lineage.domain.documents import Document
from lineage.store.manifest import BuildsOn, SnapshotKind
from tests.unit.cli import drawn
from tests.unit.cli.drawn import text_of

LONG = f"{'owner' * 8}/{'model' * 11}"


def damage(problems: list[str], harmed: list[str]) -> Document:
    return {"snapshot": drawn.ID, "builds_on": None, "problems": problems, "damaged": harmed}


DIVIDED = drawn.count(
    grouping=Grouping.AUTHOR, groups=tuple(drawn.group(f"author-{n}") for n in range(40))
)
UPDATE = replace(
    drawn.manifest(kind=SnapshotKind.UPDATE), builds_on=BuildsOn("20261122T060000Z", {})
)
PICTURES = {
    "one": counts_table([drawn.count(LONG)], drawn.manifest()),
    "several": counts_table([drawn.count(), drawn.count(LONG)], drawn.manifest(), "a sample"),
    "groups": counts_table([DIVIDED], drawn.manifest()),
    "tree": tree_table(drawn.tree(LONG), drawn.manifest()),
    "crawl": snapshots.crawl_table(drawn.manifest(), {"sent": 72, "refused_429": 0}, 6.0),
    "snapshot": snapshots.terminal_facts_of_snapshot(drawn.manifest()),
    "snapshots": snapshots.snapshot_list([drawn.manifest()]),
    "updates": snapshots.snapshot_list([drawn.manifest(), UPDATE]),
    "update": snapshots.terminal_facts_of_snapshot(UPDATE),
    "broken": snapshots.verification_table(
        damage(["models.parquet: 3 bytes"], ["20261122T060000Z"])
    ),
    "examined": snapshots.examination_table([], 3_117_871, 3_118, 31.0),
}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("width", [80, 100, 120])
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    assert max(map(len, text_of(PICTURES[name], width).splitlines())) <= width


@pytest.mark.parametrize("width", [80, 120])
def test_no_number_is_ever_cut(width: int) -> None:
    text = text_of(PICTURES["several"], width) + text_of(PICTURES["tree"], width)
    assert text.count("12,345") == 3
    assert "1,000" in text


def test_a_count_carries_its_definition() -> None:
    text = text_of(counts_table([drawn.count()], drawn.manifest()), 120)
    assert "12,345 derivatives, 1,234 of them direct; 678 without a known date" in text
    assert "finetune   12,000   97.2 %" in text
    assert "roots     owner/base" in text
    assert f"{drawn.ID}, taken 2026-11-21 06:00 UTC from https://huggingface.co" in text


def test_the_words_follow_the_definition() -> None:
    rule = Definition(
        (Relation.MERGE,), Closure.DIRECT, Strength.CONFIRMED, mirrors=True, min_downloads=1_000
    )
    said = dict(describe_definition(rule, drawn.manifest()))
    assert said["counted"].startswith("distinct models one link below a root")
    assert said["links"] == "only merge; only those that the Hub itself confirms"
    assert said["includes"] == "mirrors among the roots"
    assert said["excludes"] == "curated links, deleted models"
    assert said["filters"] == "as of the snapshot; models with at least 1,000 downloads"
    assert "source" not in said


def test_a_stand_in_is_not_taken_for_the_hub() -> None:
    said = dict(describe_definition(Definition(), drawn.manifest("http://127.0.0.1:8000")))
    assert said["source"] == "Counted in a Hub in a box on this machine, not on the Hub"
    told = dict(
        describe_definition(Definition(), drawn.manifest("http://127.0.0.1:8000"), "Of a sample")
    )
    assert told["source"] == "Of a sample"


def test_a_snapshot_below_one_base_says_so() -> None:
    said = dict(describe_definition(Definition(), drawn.manifest(kind=SnapshotKind.BELOW)))
    assert said["snapshot"].endswith("holds only what lies below owner/base")


def test_many_roots_are_counted_and_some_named() -> None:
    rule = Definition(roots=tuple(f"owner/root-{n}" for n in range(185)))
    named = dict(describe_definition(rule, drawn.manifest()))["roots"]
    assert named == "185 repositories: owner/root-0, owner/root-1, owner/root-2 and 182 more"


def test_long_groupings_are_folded_with_their_sum() -> None:
    text = text_of(counts_table([DIVIDED], drawn.manifest()))
    assert "author-29" in text
    assert "author-30" not in text
    assert [line.split()[:4] for line in text.splitlines() if "10 more" in line] == [
        ["10", "more", "10", "100"]
    ]


def test_months_are_never_folded() -> None:
    months = tuple(drawn.group(f"month-{n}") for n in range(60))
    whole = drawn.count(grouping=Grouping.MONTH, groups=months)
    assert "month-59" in text_of(counts_table([whole], drawn.manifest()))


def test_nothing_found_is_said() -> None:
    assert "no model has derivatives" in text_of(counts_table([], drawn.manifest()))


def test_a_tree_tells_relations_folds_and_other_parents() -> None:
    text = text_of(tree_table(drawn.tree(), drawn.manifest()))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[1] == "below drawn here"
    assert lines[2:7] == [
        "owner/base 12,345",
        "├─ owner/child finetune 1,000",
        "│ ├─ owner/child-of-merge merge +2 3 1",
        "│ └─ + 11 more, 3,401 below",
        "└─ z/z adapter 7",
    ]


def test_numbers_of_a_tree_stand_in_one_column() -> None:
    text = text_of(tree_table(drawn.tree(), drawn.manifest()))
    head, *lines = text.splitlines()[1:7]
    end = head.index("below") + len("below")
    numbers = [line[:end].split()[-1] for line in lines if "more" not in line]
    assert numbers == ["12,345", "1,000", "3", "7"]


@pytest.mark.parametrize(
    "picture",
    [
        counts_table([drawn.count(drawn.HOSTILE)], drawn.manifest()),
        counts_table([drawn.count(drawn.HOSTILE), drawn.count()], drawn.manifest()),
        counts_table(
            [drawn.count(grouping=Grouping.LICENSE, groups=(drawn.group(drawn.HOSTILE),))],
            drawn.manifest(),
        ),
        tree_table(drawn.tree(drawn.HOSTILE), drawn.manifest()),
        snapshots.verification_table(damage([drawn.HOSTILE], [drawn.HOSTILE])),
    ],
)
def test_nothing_hostile_acts_in_a_terminal(picture: object) -> None:
    plain = text_of(picture, 400)  # type: ignore[arg-type]
    assert plain.replace("\n", "").isprintable()
    assert "\\x1b[2J" in plain
    assert "[bold red]x[/]\\u202eevil\\x0d\\x0a:smile:" in plain
    assert "\x1b[2J" not in text_of(picture, 400, colors=True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("endpoint", "here"),
    [
        ("http://127.0.0.1:80", True),
        ("http://localhost", True),
        ("http://[::1]:80", True),
        ("https://huggingface.co", False),
        ("https://127.0.0.1.example", False),
    ],
)
def test_this_machine_is_told_from_others(endpoint: str, here: bool) -> None:
    assert is_loopback_address(endpoint) is here


@pytest.mark.parametrize("width", [80, 120])
def test_a_list_says_what_an_update_builds_on(width: int) -> None:
    lines = text_of(PICTURES["updates"], width).splitlines()
    sweep, update = (line for line in lines if line.split()[:1] == [drawn.ID])
    assert sweep.split() == [drawn.ID, "full", "3,117,871", "1,130,000", "0"]
    assert update.split()[2:] == ["20261122T060000Z", "3,117,871", "1,130,000", "0"]
    assert "*/models.parquet is not the history" in " ".join(" ".join(lines).split())
