"""What a row of the Hub says becomes a record, field by field; what does not fit is counted."""

import json
from datetime import UTC, datetime

import pytest

from lineage.domain.records import HubParent, ModelRecord
from lineage.sources.listing_pages import (
    MAX_RAW,
    MOST_ROWS,
    ParsedPage,
    drop_private_rows,
    is_whole_hub_body,
    parse_page,
)
from lineage.sources.listing_rows import MAX_TAGS, MAX_TEXT
from tests.builders import Row, body, hub_parents, key_of, parents_of_hub, row


def read(*rows: object) -> ParsedPage:
    return parse_page(body(rows))


def record_of(**fields: object) -> ModelRecord:
    (found,) = read(row(**fields)).records  # type: ignore[arg-type]
    return found


def unread(**fields: object) -> dict[str, int]:
    page = read(row(**fields))  # type: ignore[arg-type]
    assert len(page.records) == 1
    return dict(page.unread_fields)


def test_a_recorded_row_is_read_whole() -> None:
    recorded: Row = {
        "_id": "6a5b59b48216657ad2b0f545",
        "id": "samriti16/bert-finetuned-imdb",
        "author": "samriti16",
        "baseModels": {
            "relation": "finetune",
            "models": [{"_id": "621ffdc036468d709f17434d", "id": "google-bert/bert-base-uncased"}],
        },
        "cardData": {
            "base_model": "bert-base-uncased",
            "license": "other",
            "license_name": "mine",
            "license_link": "LICENSE",
        },
        "config": {"model_type": "bert", "_name_or_path": "out", "peft": {"x": 1}},
        "createdAt": "2026-07-18T10:47:16.000Z",
        "lastModified": "2026-07-18T10:50:00.000Z",
        "downloads": 18,
        "downloadsAllTime": 40,
        "gated": False,
        "library_name": "transformers",
        "likes": 1,
        "pipeline_tag": "text-classification",
        "sha": "f" * 40,
        "tags": ["bert", "base_model:google-bert/bert-base-uncased", "license:other"],
        "trendingScore": 0.5,
    }
    assert read(recorded).records == [
        ModelRecord(
            key="6a5b59b48216657ad2b0f545",
            id="samriti16/bert-finetuned-imdb",
            author="samriti16",
            created_at=datetime(2026, 7, 18, 10, 47, 16, tzinfo=UTC),
            modified_at=datetime(2026, 7, 18, 10, 50, tzinfo=UTC),
            license="other",
            license_name="mine",
            license_link="LICENSE",
            library="transformers",
            pipeline="text-classification",
            model_type="bert",
            config_name_or_path="out",
            tags=["bert", "base_model:google-bert/bert-base-uncased", "license:other"],
            gated="false",
            sha="f" * 40,
            downloads=18,
            downloads_all_time=40,
            likes=1,
            hub_relation="finetune",
            hub_parents=(HubParent("621ffdc036468d709f17434d", "google-bert/bert-base-uncased"),),
            card_relation=None,
            card_parents=("bert-base-uncased",),
            adapter_parent=None,
        )
    ]


# Dates


def test_the_hubs_constant_for_old_repositories_is_no_creation_date() -> None:
    assert record_of(createdAt="2022-03-02T23:29:04.000Z").created_at is None
    assert record_of(createdAt="2022-03-03T00:29:04+01:00").created_at is None
    assert record_of(createdAt="2022-03-02T23:29:04.999Z").created_at is None
    assert record_of(createdAt="2022-03-02T23:29:05.999999Z").created_at is None
    assert record_of(createdAt="2022-03-02T23:29:03.999Z").created_at is not None


def test_two_seconds_later_is_a_creation_date_and_the_second_between_is_none() -> None:
    assert record_of(createdAt="2022-03-02T23:29:05.000Z").created_at is None
    created = record_of(createdAt="2022-03-02T23:29:06.000Z").created_at
    assert created == datetime(2022, 3, 2, 23, 29, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "moment",
    [
        "2024-03-24T10:00:00",
        "yesterday",
        "",
        5,
        True,
        [],
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2024-02-30T00:00:00Z",
    ],
)
def test_a_moment_that_is_none_is_unknown_and_counted(moment: object) -> None:
    assert record_of(createdAt=moment).created_at is None
    assert unread(createdAt=moment, lastModified=moment) == {"createdAt": 1, "lastModified": 1}


# What authors write freely


@pytest.mark.parametrize(
    ("written", "license"),
    [
        ("mit", "mit"),
        (["mit", "apache-2.0"], "mit"),
        ([["mit"]], None),
        ([], None),
        ({}, None),
        (None, None),
        ("", None),
        (0, None),
        ("x" * MAX_TEXT, "x" * MAX_TEXT),
        ("x" * (MAX_TEXT + 1), None),
    ],
)
def test_a_license_is_a_tag_or_the_first_of_a_list(written: object, license: str | None) -> None:
    assert record_of(cardData={"license": written}).license == license


def test_the_license_tag_speaks_where_the_card_does_not() -> None:
    assert record_of(tags=["a", "license:llama3", "license:mit"]).license == "llama3"
    assert record_of(tags=["license:mit"], cardData={"license": "llama2"}).license == "llama2"
    assert record_of(tags=["license:"]).license is None


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("a/b", ("a/b",)),
        (["a/b", "c/d"], ("a/b", "c/d")),
        (["a/b", "a/b"], ("a/b",)),
        ([" a/b "], (" a/b ",)),
        (["a/b", None, 5, {"x": 1}, ["c/d"], "", "  "], ("a/b", "c/d")),
        ("", ()),
        ([], ()),
        (None, ()),
        (7, ()),
        ({"a/b": 1}, ()),
        (True, ()),
        ("\u0000", ("\u0000",)),
    ],
)
def test_base_model_is_a_name_or_names_whatever_else_stands_there(
    written: object, names: tuple[str, ...]
) -> None:
    assert record_of(cardData={"base_model": written}).card_parents == names


def test_a_card_that_is_no_object_costs_only_the_card() -> None:
    found = record_of(cardData="base_model: a/b", likes=3)
    assert (found.card_parents, found.likes) == ((), 3)
    assert unread(cardData="base_model: a/b") == {"cardData": 1}


@pytest.mark.parametrize("relation", [5, ["merge"], {}, "x" * (MAX_TEXT + 1)])
def test_an_odd_relation_of_a_card_is_none(relation: object) -> None:
    assert record_of(cardData={"base_model_relation": relation}).card_relation is None


def test_the_adapter_config_is_read_under_both_its_names() -> None:
    named = {"base_model_name_or_path": "a/b"}
    assert record_of(config={"peft": named}).adapter_parent == "a/b"
    assert record_of(config={"adapter_config": named}).adapter_parent == "a/b"
    assert record_of(config={"peft": {"base_model_name_or_path": 5}}).adapter_parent is None


# What the Hub writes


def test_null_is_as_good_as_absent() -> None:
    bare = {"_id": key_of("a/b"), "id": "a/b"}
    nulls = dict.fromkeys(
        [
            "author",
            "createdAt",
            "lastModified",
            "library_name",
            "pipeline_tag",
            "gated",
            "sha",
            "downloads",
            "downloadsAllTime",
            "likes",
            "baseModels",
            "cardData",
            "config",
        ]
    )
    page = read(bare | nulls)
    assert page.records == read(bare).records
    assert not page.unread_fields


@pytest.mark.parametrize(
    ("said", "kept"), [(False, "false"), (True, "true"), ("auto", "auto"), ("manual", "manual")]
)
def test_a_gate_is_spelled_as_a_word(said: object, kept: str) -> None:
    assert record_of(gated=said).gated == kept


@pytest.mark.parametrize("count", [-1, 2**63, 1.5, "5", True, []])
def test_a_counter_that_cannot_be_is_unknown_and_counted(count: object) -> None:
    assert record_of(likes=count).likes is None
    assert unread(likes=count) == {"likes": 1}


def test_the_largest_counter_is_kept() -> None:
    assert record_of(downloads=2**63 - 1).downloads == 2**63 - 1


def test_one_odd_tag_does_not_cost_the_others() -> None:
    assert record_of(tags=["a", 5, "x" * (MAX_TEXT + 1), "b"]).tags == ["a", "b"]
    assert len(record_of(tags=["t"] * (MAX_TAGS + 1)).tags) == MAX_TAGS
    assert unread(tags=["a", 5]) == {"tags": 1}


def test_a_parent_given_twice_is_one_parent() -> None:
    assert record_of(baseModels=hub_parents("a/b", "a/b")).hub_parents == parents_of_hub("a/b")


@pytest.mark.parametrize("key", ["", "name:a/b", "6A5B59B48216657AD2B0F545", "f" * 23, "f" * 25])
def test_a_parent_without_a_proper_key_is_known_by_its_name_and_counted(key: str) -> None:
    said = {"relation": "finetune", "models": [{"_id": key, "id": "a/b"}]}
    assert record_of(baseModels=said).hub_parents == (HubParent(None, "a/b"),)
    assert unread(baseModels=said) == {"baseModels": 1}


SOUND = {"_id": key_of("a/b"), "id": "a/b"}


@pytest.mark.parametrize(
    "odd", [None, 5, "a/c", [], {}, {"_id": key_of("a/c")}, {"_id": key_of("a/c"), "id": 5}]
)
def test_an_odd_parent_costs_none_of_its_neighbours_and_is_counted(odd: object) -> None:
    said = {"relation": "merge", "models": [odd, SOUND, odd]}
    assert record_of(baseModels=said).hub_parents == parents_of_hub("a/b")
    assert record_of(baseModels=said).hub_relation == "merge"
    assert unread(baseModels=said)["baseModels"] == 1


@pytest.mark.parametrize(
    "odd", [{"id": "a/c"}, {"_id": None, "id": "a/c"}, {"_id": 5, "id": "a/c"}]
)
def test_a_parent_without_a_key_stands_beside_one_with_a_key(odd: object) -> None:
    said = {"relation": "merge", "models": [odd, SOUND]}
    assert record_of(baseModels=said).hub_parents == (
        HubParent(None, "a/c"),
        HubParent(key_of("a/b"), "a/b"),
    )
    assert unread(baseModels=said)["baseModels"] >= 1


def test_an_odd_relation_does_not_cost_the_parents() -> None:
    found = record_of(baseModels={"relation": ["merge"], "models": [SOUND]})
    assert (found.hub_relation, found.hub_parents) == (None, parents_of_hub("a/b"))


def test_of_too_many_tags_those_that_are_read_are_kept() -> None:
    tags = [*map(str, range(MAX_TAGS + 500)), "base_model:merge:a/b", "license:mit"]
    found = record_of(tags=tags)
    assert len(found.tags) == MAX_TAGS
    assert {"base_model:merge:a/b", "license:mit"} < set(found.tags)
    assert found.license == "mit"


@pytest.mark.parametrize(
    ("written", "names"),
    [
        (["a/b", 5, "c/d"], ("a/b", "c/d")),
        (["a/b", None, {"name": "c/d"}], ("a/b",)),
        (["a/b", ["c/d", 5]], ("a/b", "c/d")),
        ({"name": "a/b"}, ()),
    ],
)
def test_an_odd_base_model_costs_none_of_its_neighbours(
    written: object, names: tuple[str, ...]
) -> None:
    assert record_of(cardData={"base_model": written, "license": "mit"}).card_parents == names
    assert unread(cardData={"base_model": written})["cardData.base_model"] >= 1


# Private rows


def test_a_private_row_is_neither_a_record_nor_a_bad_row() -> None:
    page = read(row("x/1"), row("me/secret", private=True), row("x/2", private=False))
    assert [found.id for found in page.records] == ["x/1", "x/2"]
    assert page.bad_rows == []


@pytest.mark.parametrize(
    "odd", [{"id": "me/secret/x"}, {"_id": 5}, {"tags": 5}, {"likes": -1, "id": None}]
)
def test_a_private_row_that_does_not_fit_is_not_kept_either(odd: Row) -> None:
    page = read(row("x/1"), row("me/secret", private=True) | odd)
    assert [found.id for found in page.records] == ["x/1"]
    assert page.bad_rows == []


def test_a_private_row_that_is_no_json_is_counted_and_not_named() -> None:
    text = json.dumps([row("me/secret", private=True)]).encode().replace(b"author", b"au\\xthor")
    page = parse_page(text)
    (bad,) = page.bad_rows
    assert "secret" not in bad.raw + bad.reason


def test_of_private_rows_a_kept_page_holds_the_places_alone() -> None:
    public = [row("x/1", private=False), row("x/2", cardData={"private": True}), row("x/3")]
    for odd in (True, "true", 1):
        page = body([*public, row("me/secret", private=odd)])
        place = {"_id": key_of("me/secret"), "private": True}
        assert json.loads(drop_private_rows(page)) == [*public, place]
    assert drop_private_rows(body(public[:1])) == body(public[:1])
    assert drop_private_rows(body([row("me/secret", private=True, _id="odd")])) == b"[]"
    assert drop_private_rows(json.dumps(row("me/secret", private=True)).encode()) == b""
    assert drop_private_rows(b'{"private": true') == b'{"private": true'


@pytest.mark.parametrize("odd", ["true", 1, 0, [], {}, [None], "no", 1.5])
def test_a_row_that_may_be_private_is_counted_and_not_named(odd: object) -> None:
    (bad,) = read(row("me/secret", private=odd)).bad_rows
    assert bad.key == key_of("me/secret")
    assert "secret" not in bad.raw + bad.reason


# Bad rows


@pytest.mark.parametrize(
    ("fields", "reason", "has_key"),
    [
        ({"_id": "short"}, "_id is not 24 hex digits", False),
        ({"_id": "6A5B59B48216657AD2B0F545"}, "_id is not 24 hex digits", False),
        ({"_id": "f" * 24 + "\n"}, "_id is not 24 hex digits", False),
        ({"id": "a/b/c"}, "id is not a repository id", True),
        ({"id": ""}, "id is not a repository id", True),
        ({"id": 5}, "Expected `str`, got `int` - at `$.id`", True),
        ({"_id": None}, "Expected `str`, got `null` - at `$._id`", False),
    ],
)
def test_a_row_that_names_no_model_is_kept_as_it_came(
    fields: Row, reason: str, has_key: bool
) -> None:
    odd = row("a/b", unknown_field="kept") | fields
    page = read(row("x/1"), odd, row("x/2"))
    (bad,) = page.bad_rows
    assert [found.id for found in page.records] == ["x/1", "x/2"]
    assert bad.reason == reason
    assert bad.key == (key_of("a/b") if has_key else None)
    assert '"unknown_field"' in bad.raw


def test_a_bad_row_is_cut_at_a_cap() -> None:
    (bad,) = read(row("a/b/c", junk="x" * 30_000)).bad_rows
    assert len(bad.raw) == MAX_RAW


@pytest.mark.parametrize("odd", [None, 5, "text", [], ["_id"], True])
def test_what_is_no_object_is_a_bad_row(odd: object) -> None:
    page = read(row("x/1"), odd, row("x/2"))
    assert len(page.records) == 2
    assert [bad.reason for bad in page.bad_rows] == ["not an object"]


# Pages


@pytest.mark.parametrize("text", [b"", b"{}", b"null", b"<html>", b"[", b"[{}", b'["a]', b"[1,]"])
def test_what_is_no_array_is_no_page(text: bytes) -> None:
    page = parse_page(text)
    assert page.problem is not None
    assert not page.records
    assert not page.bad_rows


def test_an_empty_page_is_a_page() -> None:
    assert parse_page(b"[]") == ParsedPage()
    assert parse_page(b" [ ] \n") == ParsedPage()


def test_every_cut_of_a_body_is_noticed() -> None:
    whole = body([row("a/b", parents=["c/d"], cardData={"base_model": 'q"\\[{'})])
    assert is_whole_hub_body(whole)
    assert not [end for end in range(len(whole)) if is_whole_hub_body(whole[:end])]


def test_every_cut_of_a_broken_body_is_noticed() -> None:
    whole = body([row("a/b"), row("c/d")]).replace(b"c/d", b"\xff\x00d")
    assert is_whole_hub_body(whole)
    assert not [end for end in range(len(whole)) if is_whole_hub_body(whole[:end])]


@pytest.mark.parametrize("text", [b"{}", b'{"a": [1, {"b": "}"}]}', b'{"a": "\xff\x01"}'])
def test_an_object_is_whole_too(text: bytes) -> None:
    assert is_whole_hub_body(text)
    assert not is_whole_hub_body(text[:-1])


def test_a_page_of_absurdly_many_rows_is_no_page() -> None:
    page = parse_page(b"[" + b"1," * MOST_ROWS + b"1]")
    assert page.problem == f"more than {MOST_ROWS} rows"
    assert page.bad_rows == []
