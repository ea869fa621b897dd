"""Whatever type a writer gave a column, what can be read is read, and no column is lost unsaid."""

import json
import os
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lineage.domain.records import HubParent, ModelRecord
from lineage.errors import SettingsError
from lineage.sources.dump import open_dump
from lineage.sources.interface import RecordPage
from tests.builders import CREATED, hub_parents, key_of, row

KEYS = [key_of("kin/root"), key_of("owner/child")]
IDS = ["kin/root", "owner/child"]
PARENTS = [None, hub_parents("kin/root", relation="adapter")]
TAGS = [["llama", "en"], ["base_model:kin/root"]]
CARD = {"base_model": ["kin/root"], "license": "mit"}
SECONDS = 1_711_274_400
"""CREATED, since 1970."""
MAP = pa.map_(pa.string(), pa.string())


def write(file: Path, **columns: Any) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    told = {"_id": pa.array(KEYS), "id": pa.array(IDS), **columns}
    pq.write_table(pa.table({name: it for name, it in told.items() if it is not None}), file)
    return file


def read(place: Path | str) -> RecordPage:
    whole = RecordPage([])
    with open_dump(str(place)) as dump:
        for page in dump.list_everything_of_source():
            whole.records.extend(page.records)
            whole.bad_rows.extend(page.bad_rows)
            whole.unread_fields.update(page.unread_fields)
    return whole


COUNTS: Sequence[pa.Array] = [
    pa.array([7, None], pa.int64()),
    pa.array([7, None], pa.uint8()),
    pa.array([7.0, None], pa.float64()),
    pa.array([7.0, float("nan")], pa.float32()),
    pa.array(["7", "nan"]),
    pa.array(["7.0", None]),
    pa.array([Decimal("7.00"), None]),
    pa.array([7, None]).dictionary_encode(),
]


@pytest.mark.parametrize("column", COUNTS, ids=lambda it: str(it.type))
def test_a_count_is_read_from_any_type(tmp_path: Path, column: pa.Array) -> None:
    page = read(write(tmp_path / "a.parquet", downloads=column, likes=column))
    assert [(it.downloads, it.likes) for it in page.records] == [(7, 7), (None, None)]
    assert not page.unread_fields


MOMENTS: Sequence[pa.Array] = [
    pa.array([CREATED, None]),
    pa.array(["2024-03-24 10:00:00", "NaT"]),
    pa.array(["2024-03-24T12:00:00+02:00", ""]),
    pa.array([SECONDS, None]),
    pa.array([float(SECONDS), float("nan")]),
    pa.array([SECONDS * 10**3, None]),
    pa.array([SECONDS * 10**6, None]),
    pa.array([SECONDS * 10**9, None]),
    pa.array([str(SECONDS), None]),
    *(
        pa.array([SECONDS * 10**digits, None], pa.timestamp(unit, tz=zone))
        for unit, digits in (("s", 0), ("ms", 3), ("us", 6), ("ns", 9))
        for zone in (None, "UTC", "+05:00")
    ),
]


@pytest.mark.parametrize("column", MOMENTS, ids=lambda it: f"{it.type}-{it[0]}")
def test_a_moment_is_read_from_any_type(tmp_path: Path, column: pa.Array) -> None:
    page = read(write(tmp_path / "a.parquet", createdAt=column))
    moment, nothing = (it.created_at for it in page.records)
    assert (moment and moment.isoformat(), nothing) == ("2024-03-24T10:00:00+00:00", None)
    assert not page.unread_fields


@pytest.mark.parametrize(
    "column",
    [
        pa.array([19_806, None], pa.date32()),
        pa.array([19_806, None]),
        pa.array(["2024-03-24", None]),
    ],
    ids=str,
)
def test_a_day_is_its_first_moment(tmp_path: Path, column: pa.Array) -> None:
    (record, _) = read(write(tmp_path / "a.parquet", createdAt=column)).records
    assert record.created_at is not None
    assert record.created_at.isoformat() == "2024-03-24T00:00:00+00:00"


LISTS: Sequence[pa.Array] = [
    pa.array(TAGS),
    pa.array(TAGS, pa.large_list(pa.large_string())),
    pa.array([[tag.encode() for tag in tags] for tags in TAGS]),
    pa.array([[*tags, None] for tags in TAGS]),
    pa.array([json.dumps(tags) for tags in TAGS]),
    pa.array([json.dumps(tags).encode() for tags in TAGS]),
    pa.array([str(tags) for tags in TAGS]),
    pa.array(["['llama' 'en']", "['base_model:kin/root']"]),
    *(
        pa.array([f"llama{between}en", f"{between}base_model:kin/root"])
        for between in (", ", ",", ";", "|", "\n", "\t")
    ),
    pa.array([json.dumps(tags) for tags in TAGS]).dictionary_encode(),
]


@pytest.mark.parametrize("column", LISTS, ids=lambda it: str(it.type))
def test_tags_are_read_from_any_type(tmp_path: Path, column: pa.Array) -> None:
    page = read(write(tmp_path / "a.parquet", tags=column))
    assert [it.tags for it in page.records] == TAGS
    assert not page.unread_fields


def test_blanks_part_qualified_tags(tmp_path: Path) -> None:
    tags = pa.array(["text generation base_model:kin/root base_model:adapter:kin/root", "en"])
    page = read(write(tmp_path / "a.parquet", tags=tags))
    parents = ["base_model:kin/root", "base_model:adapter:kin/root"]
    assert [it.tags for it in page.records] == [["text generation", *parents], ["en"]]


OBJECTS: Sequence[pa.Array] = [
    pa.array([None, CARD]),
    pa.array([None, json.dumps(CARD)]),
    pa.array(["nan", str(CARD)]),
    pa.array([None, {"base_model": json.dumps(CARD["base_model"]), "license": "mit"}]),
    pa.array([[], [("base_model", "kin/root"), ("license", "mit")]], MAP),
]


@pytest.mark.parametrize("column", OBJECTS, ids=lambda it: str(it.type))
def test_a_card_is_read_from_any_type(tmp_path: Path, column: pa.Array) -> None:
    page = read(write(tmp_path / "a.parquet", cardData=column))
    assert [(it.license, it.card_parents) for it in page.records] == [
        (None, ()),
        ("mit", ("kin/root",)),
    ]
    assert not page.unread_fields


HUB: Sequence[pa.Array] = [
    pa.array(PARENTS),
    pa.array([json.dumps(it) for it in PARENTS]),
    pa.array([str(it) for it in PARENTS]),
    pa.array([None, hub_parents("kin/root")["models"]]),
    pa.array([None, json.dumps(hub_parents("kin/root")["models"])]),
]


@pytest.mark.parametrize("column", HUB, ids=lambda it: str(it.type))
def test_parents_are_read_from_any_type(tmp_path: Path, column: pa.Array) -> None:
    page = read(write(tmp_path / "a.parquet", baseModels=column))
    parent = HubParent(KEYS[0], "kin/root")
    assert [it.hub_parents for it in page.records] == [(), (parent,)]
    assert not page.unread_fields


@pytest.mark.parametrize(
    "column",
    [
        pa.array([True, False]),
        pa.array(["True", "False"]),
        pa.array([1, 0]),
        pa.array([1.0, 0.0]),
        pa.array(["true", "false"]).dictionary_encode(),
    ],
    ids=lambda it: str(it.type),
)
def test_a_flag_is_read_from_any_type(tmp_path: Path, column: pa.Array) -> None:
    page = read(write(tmp_path / "a.parquet", gated=column))
    assert [it.gated for it in page.records] == ["true", "false"]
    assert not page.unread_fields


@pytest.mark.parametrize("name", ["base_models", "BaseModels", "created_at", "downloads_all_time"])
def test_a_column_is_known_under_another_manner_of_spelling(tmp_path: Path, name: str) -> None:
    values = {"base_models": PARENTS, "BaseModels": PARENTS, "created_at": [CREATED] * 2}
    column = pa.array(values.get(name, [1, 2]))
    with open_dump(str(write(tmp_path / "a.parquet", **{name: column}))) as dump:
        assert len(dump.columns) == 3


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("downloads", pa.array([1.5, None])),
        ("downloads", pa.array(["many", None])),
        ("likes", pa.array([[1], [2]])),
        ("likes", pa.array([True, False])),
        ("createdAt", pa.array(["last week", None])),
        ("lastModified", pa.array([0, 12])),
        ("lastModified", pa.array([True, None])),
        ("tags", pa.array([1, 2])),
        ("tags", pa.array([{"a": 1}, None])),
        ("cardData", pa.array(["license: mit", None])),
        ("config", pa.array([3, 4])),
        ("baseModels", pa.array([5, None])),
        ("baseModels", pa.array(["kin/root, kin/other", None])),
        ("author", pa.array([1, 2])),
        ("sha", pa.array([["a"], None])),
        ("gated", pa.array([7, 8])),
        ("_id", pa.array([1, 2])),
        ("_id", pa.array(["x", "y"])),
        ("id", pa.array([1, 2])),
    ],
    ids=lambda it: it if isinstance(it, str) else str(it.type),
)
def test_a_column_of_which_no_cell_is_read_refuses_the_dump_with_its_name(
    tmp_path: Path, name: str, column: pa.Array
) -> None:
    with (
        pytest.raises(SettingsError, match=rf"no cell of {name} of a\.parquet .* can be read"),
        open_dump(str(write(tmp_path / "a.parquet", **{name: column}))),
    ):
        pass


def test_single_cells_that_do_not_fit_are_counted(tmp_path: Path) -> None:
    page = read(write(tmp_path / "a.parquet", likes=pa.array([2.5, 3.0])))
    assert [it.likes for it in page.records] == [None, 3]
    assert page.unread_fields == {"likes": 1}


@pytest.mark.parametrize(
    ("columns", "is_known"),
    [
        ({}, False),
        ({"tags": pa.array([None, None], pa.list_(pa.string()))}, False),
        ({"tags": pa.array([[], []], pa.list_(pa.string()))}, False),
        ({"baseModels": pa.array([None, None])}, False),
        ({"cardData": pa.array([{"license": "mit"}] * 2)}, False),
        ({"config": pa.array([{"model_type": "llama"}] * 2)}, False),
        ({"downloads": pa.array([1, 2])}, False),
        ({"tags": pa.array(TAGS)}, True),
        ({"baseModels": pa.array(['{"models": []}'] * 2)}, True),
        ({"cardData": pa.array([{"base_model": "kin/root"}, None])}, True),
    ],
)
def test_a_dump_without_a_column_that_names_parents_says_so(
    tmp_path: Path, columns: dict[str, pa.Array], *, is_known: bool
) -> None:
    with open_dump(str(write(tmp_path / "a.parquet", **columns))) as dump:
        assert dump.parents_known is is_known


# A folder, or a pattern, is one dump


def part(name: str, **fields: object) -> dict[str, pa.Array]:
    said = row(name) | fields
    return {name: pa.array([said[name]]) for name in ("_id", "id", *fields)}


def records_by_id(place: Path | str) -> dict[str, ModelRecord]:
    return {record.id: record for record in read(place).records}


def test_a_folder_of_files_is_one_dump(tmp_path: Path) -> None:
    folder = tmp_path / "dump"
    write(folder / "b.parquet", **part("b/b", likes=2))
    write(folder / "deep" / "a.PARQUET", **part("a/a", likes=3.0))
    for other in ("README.md", "_metadata", ".c.parquet", "_tmp/d.parquet"):
        (folder / other).parent.mkdir(exist_ok=True)
        (folder / other).write_text("no dump")
    assert {id: it.likes for id, it in records_by_id(folder).items()} == {"a/a": 3, "b/b": 2}
    with open_dump(f"{folder}/") as dump:
        assert (dump.name, dump.rows, dump.missing[0]) == ("dump", 2, "author")


@pytest.mark.parametrize("pattern", ["*.parquet", "part-?.parquet", "[p]art-*", "**/*.parquet"])
def test_what_a_pattern_matches_is_one_dump(tmp_path: Path, pattern: str) -> None:
    write(tmp_path / "part-1.parquet", **part("a/a"))
    write(tmp_path / "part-2.parquet", **part("b/b"))
    assert set(records_by_id(tmp_path / pattern)) == {"a/a", "b/b"}


def test_tables_of_other_formats_in_a_folder_are_named(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", **part("a/a"))
    for name in ("b.csv", "c.JSONL.gz", "README.md", ".d.csv"):
        (tmp_path / name).touch()
    with open_dump(str(tmp_path)) as dump:
        assert list(dump.unread) == ["b.csv", "c.JSONL.gz"]


def test_a_file_whose_name_looks_like_a_pattern_is_itself(tmp_path: Path) -> None:
    assert set(records_by_id(write(tmp_path / "a[1].parquet"))) == set(IDS)


def test_files_of_one_dump_may_have_other_columns_and_types(tmp_path: Path) -> None:
    write(tmp_path / "1.parquet", **part("a/a", tags=["x"], downloads=1))
    write(tmp_path / "2.parquet", **part("b/b", tags='["y"]', downloads=2.0))
    write(tmp_path / "3.parquet", **part("c/c", author="c"))
    records = records_by_id(tmp_path)
    assert {id: (it.tags, it.downloads) for id, it in records.items()} == {
        "a/a": (["x"], 1),
        "b/b": (["y"], 2),
        "c/c": ([], None),
    }
    with open_dump(str(tmp_path)) as dump:
        assert {"tags", "downloads", "author"} <= dump.columns


def test_a_column_that_is_lost_in_one_file_refuses_them_all(tmp_path: Path) -> None:
    write(tmp_path / "1.parquet", **part("a/a", downloads=1))
    write(tmp_path / "2.parquet", **part("b/b", downloads="many"))
    with (
        pytest.raises(SettingsError, match=r"no cell of downloads of 2\.parquet \(string\)"),
        open_dump(str(tmp_path)),
    ):
        pass


def test_where_one_file_has_keys_they_are_known_in_all(tmp_path: Path) -> None:
    write(tmp_path / "1.parquet", **part("kin/root"))
    write(tmp_path / "2.parquet", _id=None, id=pa.array(["kin/root"]), likes=pa.array([1]))
    assert {it.key for it in read(tmp_path).records} == {key_of("kin/root")}
    with open_dump(str(tmp_path)) as dump:
        assert not dump.has_keys


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"sdk": pa.array(["gradio"] * 2)}, r"spaces\.parquet lists Spaces, not models"),
        ({"citation": pa.array([None, "@x"])}, r"spaces\.parquet lists data sets, not models"),
        ({"id": None}, r"spaces\.parquet names no model: it has no column id"),
    ],
)
def test_a_file_of_something_else_beside_the_models_refuses_the_dump(
    tmp_path: Path, columns: dict[str, pa.Array | None], reason: str
) -> None:
    write(tmp_path / "models.parquet", tags=pa.array(TAGS))
    write(tmp_path / "spaces.parquet", **columns)
    with pytest.raises(SettingsError, match=reason), open_dump(str(tmp_path)):
        pass


@pytest.mark.parametrize("place", ["", "  "])
def test_an_empty_name_is_not_the_working_folder(place: str) -> None:
    with pytest.raises(SettingsError, match="no dump is named"), open_dump(place):
        pass


@pytest.mark.parametrize("place", [".", "*.parquet"])
def test_where_there_is_no_file_that_is_said(tmp_path: Path, place: str) -> None:
    (tmp_path / "rows.jsonl.gz").write_text("{}")
    with (
        pytest.raises(SettingsError, match=r"holds no file whose name ends in \.parquet"),
        open_dump(str(tmp_path / place)),
    ):
        pass


def test_a_pipe_in_a_folder_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.parquet")
    for place in (tmp_path, tmp_path / "*.parquet"):
        with pytest.raises(SettingsError, match="not a regular file"), open_dump(str(place)):
            pass


def test_the_digest_of_several_files_is_that_of_all(tmp_path: Path) -> None:
    write(tmp_path / "1.parquet")
    with open_dump(str(tmp_path)) as dump:
        first = dump.sha256
    write(tmp_path / "2.parquet")
    with open_dump(str(tmp_path)) as dump:
        assert dump.sha256 != first
