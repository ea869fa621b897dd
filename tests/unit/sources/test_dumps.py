"""A dump in a real Parquet file, read like a listing, whatever its columns look like."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.domain.records import HubParent, ModelRecord
from lineage.domain.repo_ids import STAND_IN, is_key, make_stand_in_key
from lineage.errors import SettingsError
from lineage.sources.dump import open_dump
from lineage.sources.interface import RecordPage
from lineage.sources.listing_pages import parse_page
from tests.builders import body, hub_parents, key_of, row
from tests.fakes.fake_clock import NOON

MOMENT = pa.timestamp("us", tz="UTC")
PARENTS = pa.struct(
    [
        ("relation", pa.string()),
        ("models", pa.list_(pa.struct([("_id", pa.string()), ("id", pa.string())]))),
    ]
)
CREATED = datetime(2024, 3, 24, 10, 0, tzinfo=UTC)
ROWS = [
    row("kin/root", downloads=7, likes=1, library_name="peft", gated="manual", sha="a" * 40),
    row("owner/child", ["kin/root"], "adapter", pipeline_tag="text-generation"),
    row("owner/merge", ["kin/root", "owner/child"], "merge", downloadsAllTime=3),
]
Columns = dict[str, pa.Array]


def column(name: str, kind: pa.DataType | None = None) -> pa.Array:
    return pa.array([one.get(name) for one in ROWS], kind)


def as_hub_stats() -> Columns:
    """The columns that users of `hub-stats` name, one row a row of a listing."""
    plain = ("_id", "id", "author", "pipeline_tag", "library_name", "sha", "gated")
    numbers = ("downloads", "downloadsAllTime", "likes")
    moments = {name: column(name).cast(MOMENT) for name in ("createdAt", "lastModified")}
    return {
        **{name: column(name, pa.string()) for name in plain},
        "tags": column("tags", pa.list_(pa.string())),
        **{name: column(name, pa.int64()) for name in numbers},
        **moments,
        "baseModels": column("baseModels", PARENTS),
        "trendingScore": pa.array([1.5, None, 3.0]),
        "safetensors": pa.array([{"total": 5}] * 3),
    }


def write(folder: Path, columns: Columns, **options: Any) -> str:
    path = folder / "models.parquet"
    pq.write_table(pa.table(columns), path, **options)
    return str(path)


def read(place: str) -> RecordPage:
    """All pages as one."""
    whole = RecordPage([])
    with open_dump(place) as dump:
        for page in dump.list_everything_of_source():
            whole.records.extend(page.records)
            whole.bad_rows.extend(page.bad_rows)
            whole.unread_fields.update(page.unread_fields)
    return whole


def listed(*leave_out: str) -> list[ModelRecord]:
    """What the listing itself would have said of the same rows, without some fields."""
    rows = [{name: said for name, said in one.items() if name not in leave_out} for one in ROWS]
    return parse_page(body(rows)).records


def test_a_dump_says_what_a_listing_says(tmp_path: Path) -> None:
    found = read(write(tmp_path, as_hub_stats()))
    assert found.records == listed("cardData")
    assert (found.bad_rows, found.unread_fields) == ([], Counter())


def test_it_says_what_it_lacks(tmp_path: Path) -> None:
    with open_dump(write(tmp_path, as_hub_stats())) as dump:
        assert dump.missing == ("cardData", "config")
        assert (dump.has_keys, dump.rows, dump.name) == (True, 3, "models.parquet")
        assert len(dump.sha256) == 64


@pytest.mark.parametrize("spelled", ["struct", "json"])
def test_a_card_may_be_a_struct_or_text(tmp_path: Path, spelled: str) -> None:
    cards = [one.get("cardData") for one in ROWS]
    kind = pa.struct([("base_model", pa.list_(pa.string())), ("title", pa.string())])
    told = pa.array(cards, kind)
    if spelled == "json":
        told = pa.array([None if one is None else json.dumps(one) for one in cards])
    found = read(write(tmp_path, as_hub_stats() | {"cardData": told}))
    assert found.records == listed()


def test_moments_may_be_text_or_nanoseconds_or_without_a_zone(tmp_path: Path) -> None:
    plain = read(write(tmp_path, as_hub_stats())).records
    for kind in (pa.string(), pa.timestamp("ns", tz="UTC"), pa.timestamp("ms")):
        moments = column("createdAt")
        told = moments if kind == pa.string() else moments.cast(MOMENT).cast(kind)
        assert read(write(tmp_path, as_hub_stats() | {"createdAt": told})).records == plain


def test_older_names_of_columns_are_known(tmp_path: Path) -> None:
    columns = as_hub_stats()
    columns["modelId"] = columns.pop("id")
    columns["last_modified"] = columns.pop("lastModified")
    assert read(write(tmp_path, columns)).records == listed("cardData")


def test_models_without_parents_may_have_an_empty_struct(tmp_path: Path) -> None:
    parents = [one.get("baseModels") or {"relation": None, "models": None} for one in ROWS]
    found = read(write(tmp_path, as_hub_stats() | {"baseModels": pa.array(parents, PARENTS)}))
    assert (found.records, found.unread_fields) == (listed("cardData"), Counter())


def test_rows_without_a_key_or_a_name_are_bad_rows_and_cost_nobody_else(tmp_path: Path) -> None:
    keys = [None, "not a key", key_of("owner/merge")]
    names = ["kin/root", "owner/child", "owner/merge"]
    columns = as_hub_stats() | {"_id": pa.array(keys), "id": pa.array(names)}
    found = read(write(tmp_path, columns))
    assert [one.id for one in found.records] == ["owner/merge"]
    assert [one.reason for one in found.bad_rows] == ["_id is not 24 hex digits"] * 2
    columns = as_hub_stats() | {"id": pa.array([None, "a/b/c", "owner/merge"])}
    found = read(write(tmp_path, columns))
    assert [one.key for one in found.bad_rows] == [key_of("kin/root"), key_of("owner/child")]
    assert json.loads(found.bad_rows[1].raw)["id"] == "a/b/c"


def in_parents(spell: Callable[[str], Any], kind: pa.DataType) -> pa.Array:
    """The parents of every row, their keys spelled in another way."""
    shape = pa.struct(
        [
            ("relation", pa.string()),
            ("models", pa.list_(pa.struct([("_id", kind), ("id", pa.string())]))),
        ]
    )
    said: list[Any] = [one.get("baseModels") for one in ROWS]
    respelled = [
        one
        and {
            "relation": one["relation"],
            "models": [{**parent, "_id": spell(parent["_id"])} for parent in one["models"]],
        }
        for one in said
    ]
    return pa.array(respelled, shape)


@pytest.mark.parametrize(
    ("spell", "kind"),
    [
        (str.upper, pa.string()),
        (str.encode, pa.binary()),
        (lambda key: key.upper().encode(), pa.large_binary()),
        (str.encode, pa.binary(24)),
        (bytes.fromhex, pa.binary()),
        (bytes.fromhex, pa.binary(12)),
    ],
    ids=["upper case", "text as bytes", "both", "24 bytes", "an ObjectId", "12 bytes"],
)
def test_a_key_is_the_same_however_it_is_spelled(
    tmp_path: Path, spell: Callable[[str], Any], kind: pa.DataType
) -> None:
    spelled = {"_id": pa.array([spell(str(one["_id"])) for one in ROWS], kind)}
    spelled["baseModels"] = in_parents(spell, kind)
    page = read(write(tmp_path, as_hub_stats() | spelled))
    assert (page.records, page.bad_rows) == (listed("cardData", "config"), [])


def test_parents_in_json_have_the_same_keys(tmp_path: Path) -> None:
    said = [json.dumps(parents) for parents in in_parents(str.upper, pa.string()).to_pylist()]
    page = read(write(tmp_path, as_hub_stats() | {"baseModels": pa.array(said)}))
    assert page.records == listed("cardData", "config")


def test_text_that_is_not_marked_as_text_is_read(tmp_path: Path) -> None:
    names = ("id", "author", "pipeline_tag", "library_name", "sha", "gated")
    unmarked = {
        name: pa.array([None if one is None else one.encode() for one in column(name).to_pylist()])
        for name in names
    }
    assert read(write(tmp_path, as_hub_stats() | unmarked)).records == listed("cardData", "config")


@given(st.binary(max_size=30))
def test_bytes_that_are_no_key_cost_their_own_row_alone(said: bytes) -> None:
    with TemporaryDirectory() as folder:
        keys = pa.array([said, *(str(one["_id"]).encode() for one in ROWS[1:])])
        page = read(write(Path(folder), as_hub_stats() | {"_id": keys}))
    assert page.records[-2:] == listed("cardData", "config")[1:]
    assert len(page.records) + len(page.bad_rows) == len(ROWS)
    assert all(is_key(record.key) for record in page.records)


def test_broken_text_costs_its_own_cell_alone(tmp_path: Path) -> None:
    good = [b"peft", b"\xff\xfe", b"peft"]
    broken = pa.Array.from_buffers(pa.string(), 3, pa.array(good).buffers())
    found = read(write(tmp_path, as_hub_stats() | {"library_name": broken}))
    assert [one.library for one in found.records] == ["peft", None, "peft"]
    assert found.unread_fields == {"library_name": 1}
    found = read(write(tmp_path, as_hub_stats() | {"id": broken}))
    assert [one.reason for one in found.bad_rows] == ["id is not a repository id"]
    assert "(unreadable)" in found.bad_rows[0].raw


def test_moments_outside_the_years_there_are_cost_their_own_cell_alone(tmp_path: Path) -> None:
    for unit, far in (("us", 2**62), ("ms", 2**62)):
        told = pa.array([1_700_000_000, far, None], pa.timestamp(unit, tz="UTC"))
        found = read(write(tmp_path, as_hub_stats() | {"createdAt": told}))
        assert [one.created_at is None for one in found.records] == [False, True, True]
        assert found.unread_fields == {"createdAt": 1}


def test_hostile_cells_are_counted_and_left_out(tmp_path: Path) -> None:
    parents = json.dumps(hub_parents("kin/root"))
    hostile: Columns = {
        "cardData": pa.array(["[" * 100_000, "no json", '{"license": "mit"}']),
        "downloads": pa.array([-1, None, 2**62]),
        "author": pa.array(["a" * 5000, "b", "c"]),
        "baseModels": pa.array(["{}", '{"models": [{"_id": 1}]}', parents]),
    }
    found = read(write(tmp_path, as_hub_stats() | hostile))
    assert [one.id for one in found.records] == ["kin/root", "owner/child", "owner/merge"]
    assert [one.license for one in found.records] == [None, None, "mit"]
    assert [len(one.hub_parents) for one in found.records] == [0, 0, 1]
    assert {"cardData": 2, "downloads": 1, "author": 1}.items() <= found.unread_fields.items()


def test_without_keys_names_stand_in_but_for_parents_that_the_dump_shows(tmp_path: Path) -> None:
    columns = as_hub_stats()
    del columns["_id"]
    found = read(write(tmp_path, columns)).records
    child = key_of("owner/child")
    assert [one.key for one in found] == [
        key_of("kin/root"),
        child,
        make_stand_in_key("owner/merge"),
    ]
    assert found[1].hub_parents == (HubParent(key_of("kin/root"), "kin/root"),)
    with open_dump(write(tmp_path, columns)) as dump:
        assert not dump.has_keys
        assert dump.missing[0] == "_id"


@given(st.text(min_size=1))
def test_a_stand_in_is_a_key_that_the_hub_does_not_give_this_century(id: str) -> None:
    key = make_stand_in_key(id)
    assert is_key(key)
    assert key == make_stand_in_key(id)
    assert datetime.fromtimestamp(int(key[: len(STAND_IN)], 16), UTC).year == 2106


def test_a_dump_was_taken_after_the_newest_moment_in_it(tmp_path: Path) -> None:
    with open_dump(write(tmp_path, as_hub_stats())) as dump:
        assert dump.newest(NOON) == CREATED
    with open_dump(write(tmp_path, as_hub_stats() | {"lastModified": column("createdAt")})) as dump:
        assert dump.newest(NOON) == CREATED


def test_a_moment_in_the_future_says_nothing_of_when_it_was_taken(tmp_path: Path) -> None:
    for kind in (MOMENT, pa.string()):
        future = [NOON + timedelta(days=1), NOON - timedelta(days=1), None]
        told = pa.array(future, MOMENT)
        if kind == pa.string():
            told = pa.array([None if one is None else one.isoformat() for one in future])
        with open_dump(write(tmp_path, as_hub_stats() | {"lastModified": told})) as dump:
            assert dump.newest(NOON) == NOON - timedelta(days=1)


def test_a_dump_without_moments_does_not_say_when_it_was_taken(tmp_path: Path) -> None:
    with open_dump(write(tmp_path, {"_id": column("_id"), "id": column("id")})) as dump:
        assert dump.newest(NOON) is None
        assert len(list(dump.list_everything_of_source())) == 1


def test_a_file_that_names_no_models_is_no_dump(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no column id"):
        read(write(tmp_path, {"name": column("id")}))


@pytest.mark.parametrize("content", [b"", b"PAR1", b"<html>", b"PAR1" + bytes(100) + b"PAR1"])
def test_what_is_no_parquet_is_no_dump(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "models.parquet").write_bytes(content)
    with pytest.raises(SettingsError, match=r"models\.parquet cannot be read as a dump"):
        read(str(tmp_path / "models.parquet"))
    with pytest.raises(SettingsError, match="none cannot be read as a dump"):
        read(str(tmp_path / "none"))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_is_refused(tmp_path: Path, share: float) -> None:
    path = Path(write(tmp_path, as_hub_stats()))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(SettingsError, match="cannot be read as a dump"):
        read(str(path))


def test_a_page_that_was_damaged_is_refused(tmp_path: Path) -> None:
    path = Path(write(tmp_path, as_hub_stats(), compression="zstd"))
    whole = bytearray(path.read_bytes())
    whole[4:60] = bytes(56)
    path.write_bytes(whole)
    with pytest.raises(SettingsError, match="cannot be read as a dump"):
        read(str(path))


def test_pages_name_the_rows_they_hold(tmp_path: Path) -> None:
    many = pa.table(
        {"_id": [f"{n:024x}" for n in range(2500)], "id": [f"a/b{n}" for n in range(2500)]}
    )
    pq.write_table(many, tmp_path / "models.parquet", row_group_size=700)
    with open_dump(str(tmp_path / "models.parquet")) as dump:
        pages = list(dump.list_everything_of_source())
    assert pages[0].request == "models.parquet rows 0-1023"
    assert sum(len(page.records) for page in pages) == 2500
