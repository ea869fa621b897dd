"""`lineage snapshots`: what there is, what it says of itself, and whether it is unharmed."""

import csv
import io
import json
import shutil
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineage.store import schema
from tests.builders import key_of, published, row
from tests.fakes.fake_clock import NOON
from tests.unit.cli.conftest import BASE, Program
from tests.updates import updated

ID = "20261121T120000Z"


def test_the_list_is_as_promised(program: Program, store: Path) -> None:
    (listed,) = program("snapshots", "list", "--store", store, "--format", "json").json
    keys = ["id", "kind", "taken_at", "models", "edges", "tombstones", "previous"]
    assert list(listed) == [*keys, "builds_on", "parents_known"]
    assert (listed["id"], listed["models"], listed["previous"]) == (ID, 6, None)


def test_the_list_says_that_files_of_models_are_not_the_history(
    program: Program, tmp_path: Path
) -> None:
    whole = published([row(f"owner/model-{number}") for number in range(9)], tmp_path)
    hint = "1 of 2 keep changes alone"
    assert hint not in program("snapshots", "list", "--store", tmp_path).out
    updated(whole, [row("owner/model-1", likes=3)], tmp_path)
    assert hint in program("snapshots", "list", "--store", tmp_path).out


def test_an_empty_store_lists_nothing(program: Program, tmp_path: Path) -> None:
    told = program("snapshots", "list", "--store", tmp_path, "--format", "json")
    assert (told.code, told.json) == (0, [])


def test_a_snapshot_shows_its_manifest(program: Program, store: Path) -> None:
    assert program("snapshots", "show", ID, "--store", store, "--format", "json").json["id"] == ID
    told = program("snapshots", "show", "--store", store)
    assert "models.parquet" in told.out
    assert "ok  few_bad_rows" in told.out


def test_an_unknown_snapshot_is_exit_code_5(program: Program, store: Path) -> None:
    told = program("snapshots", "show", "20200101T000000Z", "--store", store)
    assert told.code == 5
    assert "hint: see which there are with: lineage snapshots list" in told.err


def test_an_unharmed_snapshot_verifies(program: Program, store: Path) -> None:
    told = program("snapshots", "verify", "--store", store, "--format", "json")
    assert (told.code, told.json) == (
        0,
        {
            "snapshot": ID,
            "builds_on": None,
            "files": len(schema.TABLES),
            "problems": [],
            "damaged": [],
        },
    )


def test_a_damaged_snapshot_is_exit_code_4(program: Program, store: Path, tmp_path: Path) -> None:
    shutil.copytree(store, tmp_path / "copy")
    (tmp_path / "copy" / ID / "edges.parquet").write_bytes(b"PAR1")
    told = program("snapshots", "verify", ID, "--store", tmp_path / "copy")
    assert told.code == 4
    assert f"{ID}/edges.parquet: 4 bytes" in told.out
    assert f"1 of {len(schema.TABLES)} files" in told.err


def test_a_damaged_base_is_told_with_the_days_that_build_on_it(
    program: Program, tmp_path: Path
) -> None:
    sweep = published([row(f"owner/model-{number}") for number in range(20)], tmp_path)
    day = updated(sweep, [row("owner/model-1")], tmp_path)
    asked = ("snapshots", "verify", sweep.id, "--store", tmp_path)
    assert sweep.id in program("snapshots", "verify", day.id, "--store", tmp_path).out
    (tmp_path / sweep.id / "models.parquet").write_bytes(b"PAR1")
    told = program(*asked)
    assert told.code == 4
    assert f"bad  builds on it  {day.id}" in told.out
    assert program(*asked, "--format", "json").json["damaged"] == [day.id]
    told = program("snapshots", "verify", day.id, "--store", tmp_path)
    assert told.code == 4
    assert f"{sweep.id}/models.parquet" in told.out
    assert f"1 of {len(day.manifest.files) + len(schema.CHANGES)} files" in told.err


def test_a_damaged_manifest_hides_no_other_snapshot(program: Program, two_days: Path) -> None:
    manifest = two_days / ID / "manifest.json"
    content = json.loads(manifest.read_text("utf-8"))
    content["origin"]["taken_at"] = "2026-11-21T12:00:00"
    manifest.write_text(json.dumps(content), "utf-8")
    stored = ("--store", two_days, "--format", "json")
    listed = program("snapshots", "list", *stored)
    assert (listed.code, [it["id"] for it in listed.json]) == (4, [LATER])
    assert f"{ID}/manifest.json cannot be read" in listed.err
    verified = program("snapshots", "verify", "--all", *stored)
    assert verified.code == 4
    assert [(it["snapshot"], bool(it["problems"])) for it in verified.json] == [
        (LATER, False),
        (ID, True),
    ]
    for command in (("count", BASE), ("count", BASE, "--as-of", "2026-11-22")):
        counted = program(*command, *stored)
        assert (counted.code, counted.json[0]["snapshot"]) == (0, LATER)


# Two days


LATER = "20261122T120000Z"


@pytest.fixture
def two_days(tmp_path: Path) -> Path:
    """A base with two children, a day later with three; one model gone, one renamed."""
    folder = tmp_path / "days"
    stays = [row(BASE), row("owner/one", [BASE]), row("owner/two", [BASE])]
    old = row("owner/old")
    published([*stays, old], folder)
    new = old | {"id": "owner/new"}
    third = row("owner/three", [BASE], license="mit")
    published([*stays, new, third], folder, taken_at=NOON + timedelta(days=1))
    return folder


def test_a_diff_is_as_promised(program: Program, two_days: Path) -> None:
    told = program("snapshots", "diff", ID, LATER, "--store", two_days, "--format", "json").json
    keys = ["added", "removed", "renamed", "edges_added", "edges_removed"]
    assert {name: told[name] for name in keys} == {
        "added": ["owner/three"],
        "removed": [],
        "renamed": [{"from": "owner/old", "to": "owner/new"}],
        "edges_added": 1,
        "edges_removed": 0,
    }
    llama = next(one for one in told["families"] if one["family"] == "llama")
    assert (llama["before"], llama["after"]) == (2, 3)
    assert llama["releases"] == [{"name": "Llama 2", "before": 2, "after": 3}]
    assert told["bases_gained"] == [{"name": BASE, "before": 2, "after": 3}]


def test_a_diff_backwards_says_what_was_lost(program: Program, two_days: Path) -> None:
    asked = ("snapshots", "diff", LATER, ID, "--store", two_days)
    told = program(*asked, "--format", "json").json
    assert (told["added"], told["removed"]) == ([], ["owner/three"])
    assert told["bases_lost"] == [{"name": BASE, "before": 3, "after": 2}]
    out = program(*asked).out
    assert "removed: 1" in out
    assert "0 added, 1 removed" in out


def test_a_diff_as_csv_has_a_row_for_each_change(program: Program, two_days: Path) -> None:
    out = program("snapshots", "diff", ID, LATER, "--store", two_days, "--format", "csv").out
    assert [",".join(row) for row in csv.reader(io.StringIO(out))] == [
        "change,name,to,before,after,family,availability",
        "added,owner/three,,,,,",
        "renamed,owner/old,owner/new,,,,",
        "edges_added,,,,1,,",
        "edges_removed,,,0,,,",
        "family,llama,,2,3,,",
        "release,Llama 2,,2,3,llama,",
        f"base,{BASE},,2,3,,",
    ]


def test_a_diff_with_an_unknown_snapshot_is_exit_code_5(program: Program, store: Path) -> None:
    assert program("snapshots", "diff", ID, LATER, "--store", store).code == 5


def a_dump(folder: Path, **changed: list[str | None]) -> Path:
    """What the later day's listing says, as a dump; columns may be changed."""
    ids = [BASE, "owner/one", "owner/two", "owner/new", "owner/three"]
    first = ["owner/old" if id == "owner/new" else id for id in ids]
    columns: dict[str, list[str | None]] = {
        "_id": [key_of(id) for id in first],
        "id": list(ids),
        "author": [id.partition("/")[0] for id in ids],
        "createdAt": ["2024-03-24T10:00:00Z"] * 5,
        "tags": [None] * 5,
    }
    path = folder / "models.parquet"
    pq.write_table(pa.table(columns | changed), path)
    return path


def test_a_snapshot_agrees_with_a_dump_of_its_day(
    program: Program, two_days: Path, tmp_path: Path
) -> None:
    asked = ("snapshots", "check-against", a_dump(tmp_path), "--store", two_days)
    told = program(*asked, "--format", "json").json
    nobody = {"count": 0, "examples": []}
    assert (told["only_here"], told["only_there"]) == (nobody, nobody)
    assert [one["count"] for one in told["different"]] == [0, 0, 0]
    assert (told["not_compared"], told["edges"]) == (["license"], None)
    assert "license, edges: the dump does not say" in program(*asked).out


def test_what_differs_from_a_dump_is_told_with_examples(
    program: Program, two_days: Path, tmp_path: Path
) -> None:
    names: list[str | None] = [BASE, "owner/one", "owner/else", "owner/new", "owner/extra"]
    keys: list[str | None] = [key_of(BASE), key_of("owner/one"), key_of("owner/two")]
    keys += [key_of("owner/old"), "f" * 24]
    dump = a_dump(tmp_path, _id=keys, id=names, author=["=1+1", *["owner"] * 4])
    asked = ("snapshots", "check-against", dump, "--store", two_days)
    told = program(*asked, "--format", "json").json
    assert told["only_here"] == {"count": 1, "examples": ["owner/three"]}
    assert told["only_there"] == {"count": 1, "examples": ["owner/extra"]}
    id, author, created = told["different"]
    assert id["examples"] == [["owner/two", "owner/two", "owner/else"]]
    assert author["examples"] == [[BASE, "meta-llama", "=1+1"]]
    assert created["count"] == 0
    rows = program(*asked, "--format", "csv").out.splitlines()
    assert '"models only in the dump","1","owner/extra"' in rows


def test_edges_that_only_one_side_has_are_told(
    program: Program, two_days: Path, tmp_path: Path
) -> None:
    parents = [None, [BASE], [BASE, "owner/one"], None, None]
    told = [
        None
        if some is None
        else {"relation": "merge", "models": [{"_id": key_of(id), "id": id} for id in some]}
        for some in parents
    ]
    table = pq.read_table(a_dump(tmp_path)).append_column("baseModels", pa.array(told))
    pq.write_table(table, tmp_path / "models.parquet")
    asked = ("snapshots", "check-against", tmp_path / "models.parquet", "--store", two_days)
    edges = program(*asked, "--format", "json").json["edges"]
    assert (edges["here"], edges["there"]) == (3, 3)
    assert edges["only_here"] == {"count": 1, "examples": [f"{BASE} > owner/three"]}
    assert edges["only_there"] == {"count": 1, "examples": ["owner/one > owner/two"]}


def test_what_is_no_dump_is_exit_code_2(program: Program, two_days: Path) -> None:
    told = program("snapshots", "check-against", "none.parquet", "--store", two_days)
    assert told.code == 2
    assert "none.parquet cannot be read as a dump: No such file or directory\n" in told.err


def test_show_says_what_became_of_the_missing(program: Program, tmp_path: Path) -> None:
    rows = [row(BASE), *(row(f"owner/{number}", [BASE]) for number in range(20))]
    published(rows, tmp_path)
    published(rows[:-1], tmp_path, taken_at=NOON + timedelta(days=1))
    told = program("snapshots", "show", "--store", tmp_path, "--format", "json").json
    assert told["tombstones"] == told["availability"]["not_listed"] == 1
    assert "1 never asked about" in program("snapshots", "show", "--store", tmp_path).out
    earlier = program("snapshots", "show", ID, "--store", tmp_path, "--format", "json").json
    assert set(earlier["availability"].values()) == {0}


@pytest.mark.parametrize(
    ("words", "head"),
    [
        ("snapshots list", '"id","kind","taken_at",'),
        ("snapshots prune --dry-run", '"id","kind","outcome","reason"'),
        ("families check", '"severity","family","entry",'),
    ],
)
def test_a_csv_without_rows_has_its_header(program: Program, words: str, head: str) -> None:
    assert program(*words.split(), "--format", "csv").out.startswith(head)
