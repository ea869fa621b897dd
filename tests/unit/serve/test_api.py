"""Every route of the API, asked as a client asks."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from lineage.cli.main import lineage
from tests.unit.serve.conftest import LLAMA_2, LLAMA_3


def by_command(history: Path, *words: str) -> Any:
    outcome = CliRunner().invoke(lineage, ["--store", str(history), "--format", "json", *words])
    assert outcome.exit_code == 0, outcome.output
    return json.loads(outcome.stdout)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (f"/api/models/{LLAMA_2}/counts", ("count", LLAMA_2)),
        ("/api/models/o/leaf/counts", ("count", "o/leaf")),
        ("/api/models/o/old-name/counts", ("count", "o/old-name")),
        (
            f"/api/models/{LLAMA_2}/counts?relations=adapter,merge&by=month&deleted=true",
            ("count", LLAMA_2, "--relations", "adapter,merge", "--by", "month", "--deleted"),
        ),
        (
            f"/api/models/{LLAMA_2}/counts?direct=true&min_downloads=5&min_strength=inferred",
            ("count", LLAMA_2, "--direct", "--min-downloads", "5", "--min-strength", "inferred"),
        ),
        (
            f"/api/models/{LLAMA_2}/counts?as_of=2024-02-01",
            ("count", LLAMA_2, "--as-of", "2024-02-01"),
        ),
        ("/api/families/llama/llama-2/counts", ("count", "release:llama-2")),
        ("/api/models/family:llama/counts", ("count", "family:llama")),
        ("/api/models/o/adapter/lineage", ("trace", "o/adapter")),
        ("/api/models/o/merge/lineage?family=qwen", ("trace", "o/merge", "--family", "qwen")),
    ],
)
def test_an_answer_is_what_the_command_prints(
    address: str, words: tuple[str, ...], client: TestClient, history: Path
) -> None:
    (document,) = by_command(history, *words)
    assert client.get(address).json() == document


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/api/snapshots", ("snapshots", "list")),
        ("/api/snapshots/latest", ("snapshots", "show")),
        ("/api/families", ("families", "list")),
        ("/api/families/llama", ("families", "show", "llama")),
        (
            "/api/families/llama/trend?by=release",
            ("snapshots", "trend", "llama", "--by", "release"),
        ),
        ("/api/families/llama/tree", ("tree", "llama")),
    ],
)
def test_whole_documents_are_those_of_the_commands(
    address: str, words: tuple[str, ...], client: TestClient, history: Path
) -> None:
    document = by_command(history, *words)
    answer = client.get(address).json()
    if isinstance(answer, dict):  # how it was spelled is part of some answers
        answer.pop("subject", None), document.pop("subject", None)
    assert answer == document


@pytest.mark.parametrize(
    "spelling",
    [
        LLAMA_2,
        LLAMA_2.lower(),
        f"{LLAMA_2}@main",
        f"https://huggingface.co/{LLAMA_2}/tree/main",
        quote(f"https://hf.co/{LLAMA_2}?library=x#y", safe=""),
        quote(LLAMA_2, safe=""),
        f"pkg:huggingface/{LLAMA_2}@abc",
        "models--meta-llama--Llama-2-7b-hf",
    ],
)
def test_every_spelling_of_a_model_names_it(spelling: str, client: TestClient) -> None:
    assert client.get(f"/api/models/{spelling}/counts").json()["id"] == LLAMA_2


def test_a_model_may_have_no_owner(client: TestClient) -> None:
    assert client.get("/api/models/gpt2/counts").json()["id"] == "gpt2"
    assert client.get("/api/models/gpt2@main").json()["id"] == "gpt2"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "direct=true",
        "deleted=true",
        "relations=merge",
        "mirrors=true&curated=true",
        "as_of=2024-02-01",
    ],
)
def test_a_list_holds_exactly_the_models_that_are_counted(query: str, client: TestClient) -> None:
    for subject in (LLAMA_2, LLAMA_3, "family:llama", "o/leaf"):
        count = client.get(f"/api/models/{subject}/counts?{query}").json()
        pages, address = [], f"/api/models/{subject}/derivatives?limit=2&{query}"
        while address:
            answer = client.get(address)
            pages.append(answer.json())
            address = answer.links.get("next", {}).get("url", "")
            assert bool(address) == (pages[-1]["next"] is not None)
        items = [item for page in pages for item in page["items"]]
        assert len({item["key"] for item in items}) == len(items) == count["total"]
        assert sum(item["direct"] for item in items) == count["direct"]
        relations = [item["relation"] for item in items]
        assert {it: relations.count(it) for it in set(relations)} == count["by_relation"]


def test_an_item_says_how_it_descends(client: TestClient) -> None:
    items = client.get(f"/api/models/{LLAMA_2}/derivatives?deleted=true").json()["items"]
    by_id = {item.pop("id"): item for item in items}
    key = by_id["o/child"].pop("key")
    assert len(key) == 24
    assert by_id["o/child"] == {
        "direct": True,
        "relation": "finetune",
        "strength": "confirmed",
        "created_at": "2024-01-02T03:04:05Z",
        "downloads": 1000,
        "deleted": False,
    }
    assert by_id["o/deleted"]["deleted"]
    assert by_id["o/undated"]["created_at"] is None
    assert not by_id["o/adapter"]["direct"]


def test_a_model_is_described(client: TestClient) -> None:
    model = client.get("/api/models/o/new-name").json()
    assert (model["former_names"], model["deleted"]) == (["o/old-name"], False)
    assert model["record"]["author"] == "o"
    assert (model["counts"]["total"], model["verdict"]["descends"]) == (0, True)
    deleted = client.get("/api/models/o/deleted").json()
    assert deleted["deleted"]
    assert deleted["deletion"]["missed_at"]


def test_a_bill_of_materials_is_cyclonedx(client: TestClient) -> None:
    answer = client.get("/api/models/o/child/bom")
    assert answer.headers["content-type"].startswith("application/vnd.cyclonedx+json")
    assert answer.json()["bomFormat"] == "CycloneDX"


def test_a_package_address_leads_to_its_model(client: TestClient) -> None:
    answer = client.get(f"/api/purl/pkg:huggingface/{LLAMA_2}@abc", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, f"/api/models/{LLAMA_2}")


def test_search_gives_exact_names_then_beginnings_then_the_rest(client: TestClient) -> None:
    def search(letters: str) -> list[tuple[str, str]]:
        items = client.get("/api/search", params={"q": letters}).json()["items"]
        return [(item["id"], item["match"]) for item in items]

    assert search("LLAMA")[0] == ("family:llama", "exact")
    assert ("o/child", "exact") in search("child")
    assert search("aside")[0] == ("aside", "exact")  # the author, and no model of theirs by it
    assert ("o/of-the-deleted", "substring") in search("the-del")
    assert search("no such letters") == []


def test_a_batch_answers_what_it_can(client: TestClient, history: Path) -> None:
    body = {"subjects": [LLAMA_2, "nobody/nothing", "o/child"], "want": ["counts", "lineage"]}
    known, unknown, child = client.post("/api/batch", json=body).json()["items"]
    assert [known["counts"]] == by_command(history, "count", LLAMA_2)
    assert [child["lineage"]] == by_command(history, "trace", "o/child")
    assert unknown["counts"] is None
    assert "unknown" in unknown["error"]


def test_a_family_in_a_batch_has_a_number_and_no_lineage(client: TestClient) -> None:
    body = {"subjects": ["family:llama"], "want": ["lineage", "counts"]}
    (item,) = client.post("/api/batch", json=body).json()["items"]
    assert item["counts"]["total"] > 0
    assert item["lineage"] is None
    assert "error" in item


def test_a_check_is_the_gate(client: TestClient) -> None:
    outcome = client.post(
        "/api/check", json={"models": ["o/merge", "o/leaf"], "deny": ["Qwen/*"]}
    ).json()
    assert outcome["verdict"] == "fail"
    assert [model["verdict"] for model in outcome["models"]] == ["fail", "pass"]
    assert outcome["models"][0]["matches"][0]["path"][0]["parent"] == "Qwen/Qwen2.5-7B"


@pytest.mark.parametrize(
    ("address", "status", "code", "words"),
    [
        ("/api/models/nobody/child", 404, "UnknownModel", "o/child"),
        ("/api/families/nothing", 404, "UnknownModel", "llama"),
        ("/api/families/llama/llama-9/counts", 404, "UnknownModel", "llama-3.1"),
        ("/api/snapshots/20200101T000000Z", 404, "UnknownSnapshot", "snapshots list"),
        ("/api/models/o/child/counts?snapshot=2020-01-01", 404, "NoSuchSnapshot", "first one"),
        ("/api/models/o/child/counts?what=1", 400, "BadParameter", "min_strength"),
        ("/api/models/o/child/counts?by=color", 400, "BadParameter", "release"),
        ("/api/models/o/child/counts?by=month&by=month", 400, "BadParameter", "twice"),
        ("/api/models/o/child/counts?relations=", 200, None, "finetune"),
        ("/api/models/o/child/counts?as_of=tomorrow", 400, "BadParameter", "YYYY-MM-DD"),
        ("/api/models/o/child/derivatives?limit=1001", 400, "BadParameter", "1000"),
        ("/api/models/o/child/derivatives?cursor=x", 400, "BadParameter", "next"),
        ("/api/models/datasets/squad/counts", 400, "BadParameter", "data set"),
        ("/api/models/family:llama", 400, "BadParameter", "/api/families/llama"),
        ("/api/search", 400, "BadParameter", "q"),
        ("/api/purl/o/child", 400, "BadParameter", "pkg:"),
        ("/api/purl/pkg:pypi/child", 400, "BadParameter", "pkg:huggingface"),
        ("/api/snapshots/..%2f..", 404, "UnknownSnapshot", "in this store"),
        ("/api/nothing", 404, "NoSuchRoute", "openapi.json"),
        ("/api/models/%00/counts", 404, "UnknownModel", ""),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(
    address: str, status: int, code: str | None, words: str, client: TestClient
) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer.headers.get("x-error-code")) == (status, code), answer.text
    assert words in answer.text
    if code is not None:
        assert {"error", "hint"} <= answer.json().keys()


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b'{"models": ["a/b"],\n "deny": [}', 400, "line 2, column"),
        (b"\xff", 400, "JSON"),
        (b"[" * 100_000, 400, "nested"),
        (b'{"a":' * 100_000, 400, "nested"),
        (b"[1]", 400, "object"),
        (b'{"deny": ["Qwen/*"]}', 400, "models"),
        (b'{"models": ["a/b"], "deny": "Qwen/*"}', 400, "deny"),
        (b'{"models": ["a/b"], "denny": []}', 400, "deny"),
        (b'{"models": ["a/b"]}', 400, "no rule"),
        (b'{"models": ["a/b"], "deny": ["datasets/x/y"]}', 400, "data set"),
        (b'{"models": ["a/b"], "deny_license": ["no-such-license"]}', 400, "no license"),
        (b'{"models": [' + b'"a/b",' * 1000 + b'"a/b"], "deny": ["*/*"]}', 400, "1000"),
        (b" " * (5 << 20), 413, "larger"),
    ],
)
def test_a_wrong_body_is_answered_with_the_place(
    body: bytes, status: int, words: str, client: TestClient
) -> None:
    answer = client.post("/api/check", content=body)
    assert answer.status_code == status, answer.text
    assert words in answer.text


def test_methods_are_those_described(client: TestClient) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = client.request(method, "/api/families")
        assert (answer.status_code, answer.headers["x-error-code"]) == (405, "MethodNotAllowed")
        assert "GET" in answer.headers["allow"]
    assert client.get("/api/check").status_code == 405
    head = client.head(f"/api/models/{LLAMA_2}/counts")
    assert (head.status_code, head.content) == (200, b"")
    assert "etag" in head.headers


def test_a_client_that_has_the_answer_is_told_so(client: TestClient) -> None:
    address = f"/api/models/{LLAMA_2}/counts"
    first = client.get(address)
    assert first.headers["cache-control"] == "public, max-age=60"
    again = client.get(address, headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(f"{address}?deleted=true", headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200
    for asked, status in ((address, 304), (address, 304), ("/api/models/o/none/counts", 404)):
        assert client.get(asked, headers={"If-None-Match": "*"}).status_code == status


def test_an_older_snapshot_answers_when_it_is_named(client: TestClient) -> None:
    first = client.get("/api/snapshots").json()[0]["id"]
    then = client.get(f"/api/models/o/deleted/counts?snapshot={first}").json()
    assert (then["snapshot"], then["total"]) == (first, 1)
    assert client.get(f"/api/models/{LLAMA_2}/counts?snapshot=latest").json()["snapshot"] != first


def test_the_document_about_the_api_is_valid_and_names_every_route(client: TestClient) -> None:
    from openapi_spec_validator import validate  # it takes seconds to load

    document = client.get("/openapi.json").json()
    validate(document)
    assert document["openapi"].startswith("3.1")
    assert {"/api/batch", "/api/check", "/api/models/{subject}/counts"} <= document["paths"].keys()


def test_health_and_metrics_say_what_is_served(client: TestClient) -> None:
    assert client.get("/healthz").json()["status"] == "ok"
    client.get(f"/api/models/{LLAMA_2}/counts")
    text = client.get("/metrics").text
    assert 'lineage_requests_total{route="count_derivatives",status="200"}' in text
    assert "lineage_snapshot_age_seconds" in text
    assert 'le="+Inf"' in text
