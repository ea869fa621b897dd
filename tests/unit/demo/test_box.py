import base64
import hashlib
from collections.abc import Callable
from itertools import islice

import httpx
import pytest

from lineage.demo.box import Quota
from lineage.demo.catalog import corpus_rows
from tests.fakes.fake_clock import FakeClock
from tests.fakes.fake_hub import FakeHub, Fault, FaultKind, Faults
from tests.fakes.live_catalog import LiveCatalog
from tests.unit.demo.rows import WALK, a_catalog, a_child, a_row, ids, pages, walked

Serve = Callable[..., tuple[FakeHub, httpx.Client]]
TOKEN = {"Authorization": "Bearer hf_good"}
CARD = {"cardData": {"license": "mit", "base_model": ["a/b", "c/d"]}}


def test_a_walk_over_ten_pages_of_the_corpus_sees_every_model_once(serve: Serve) -> None:
    catalog = LiveCatalog(islice(corpus_rows(), 9_500))
    _, client = serve(catalog)
    fields = ["tags", "cardData", "baseModels", "author", "createdAt", "downloads"]
    keys = [row["_id"] for row in walked(client, limit=1000, **WALK, **{"expand[]": fields})]
    assert keys == [row["_id"] for row in catalog.box_rows()]


def test_the_link_is_absolute_and_names_the_box_itself(serve: Serve) -> None:
    box, client = serve(a_catalog(3))
    answers = list(pages(client, limit=2, **WALK))
    link = answers[0].headers["Link"]
    assert link.startswith(f"<{box.url}/api/models?limit=2&sort=createdAt&direction=1&cursor=")
    assert link.endswith('>; rel="next"')
    assert "Link" not in answers[1].headers


def test_every_answer_tells_where_the_client_stands(serve: Serve) -> None:
    _, client = serve(a_catalog(1))
    for path, bucket in {
        "/api/models": "api",
        "/api/models?limit=0": "api",
        "/api/agent-harnesses": "api",
        "/owner/model-0/resolve/main/README.md": "resolvers",
        "/api/resolve-cache/models/x": "resolvers",
        "/owner/model-0/raw/main/README.md": "pages",
        "/nothing": "pages",
    }.items():
        headers = client.get(path).headers
        assert headers["RateLimit"].startswith(f'"{bucket}";r='), path
        assert headers["RateLimit-Policy"].endswith(";w=300")
        assert headers["X-Request-Id"].startswith("Root=1-")


def test_a_spent_window_is_refused_and_opens_again(serve: Serve) -> None:
    clock = FakeClock()
    _, client = serve(a_catalog(1), quotas={None: Quota(1)}, clock=clock)
    assert client.get("/api/models").status_code == 200
    refused = client.get("/api/models")
    assert refused.status_code == 429
    assert refused.headers["RateLimit"] == '"api";r=0;t=300'
    assert "error" in refused.json()
    assert client.get("/api/models", headers=TOKEN).status_code == 200
    clock.pass_time(300)
    assert client.get("/api/models").status_code == 200


def test_the_tag_is_the_one_the_framework_of_the_hub_makes(serve: Serve) -> None:
    _, client = serve(a_catalog(3))
    answer = client.get("/api/models")
    digest = base64.b64encode(hashlib.sha1(answer.content).digest()).decode()[:27]
    assert answer.headers["ETag"] == f'W/"{len(answer.content):x}-{digest}"'
    missing = client.get("/api/models/no/one")
    assert missing.headers["ETag"] == 'W/"29-dEMcHWfJi78ZR1aqzb1ELAhp3Us"'


def test_the_date_is_that_of_the_clock_it_was_given(serve: Serve) -> None:
    clock = FakeClock()
    _, client = serve(a_catalog(1), clock=clock)
    assert client.get("/api/models").headers["Date"] == "Sat, 21 Nov 2026 12:00:00 GMT"
    clock.pass_time(24 * 3600)
    assert client.get("/nothing").headers["Date"] == "Sun, 22 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize("gzip", [True, False])
def test_gzip_is_spoken_only_when_both_sides_do(serve: Serve, gzip: bool) -> None:
    _, client = serve(a_catalog(3), gzip=gzip)
    zipped = client.get("/api/models", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/api/models", headers={"Accept-Encoding": "identity"})
    assert ("Content-Encoding" in zipped.headers) is gzip
    assert "Content-Encoding" not in plain.headers
    assert zipped.json() == plain.json()


def test_requests_are_logged_and_announced_by_their_number(serve: Serve) -> None:
    box, client = serve(a_catalog(1))
    heard: list[int] = []
    box.on_request = heard.append
    client.get("/api/models?limit=1")
    client.head("/api/models/no/one")
    assert heard == [1, 2]
    assert box.requests == [
        ("GET", "/api/models?limit=1", 200),
        ("HEAD", "/api/models/no/one", 401),
    ]


def test_a_catalog_may_change_between_two_pages(serve: Serve) -> None:
    box, client = serve(a_catalog(6))

    def change(number: int) -> None:
        if number == 2:
            box.catalog.delete("owner/model-3")
            box.catalog.rename("owner/model-4", "new/name")
            box.catalog.add(a_row(9))

    box.on_request = change
    seen = ids(walked(client, limit=3, **WALK))
    kept = [f"owner/model-{number}" for number in range(3)]
    assert seen == [*kept, "new/name", "owner/model-5", "owner/model-9"]


def test_a_failure_of_the_box_is_raised_when_it_closes() -> None:
    def fail(number: int) -> None:
        raise LookupError(number)

    def ask(box: FakeHub) -> None:
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{box.url}/api/models")

    box = FakeHub(a_catalog(1))
    box.on_request = fail
    with pytest.raises(LookupError), box:
        ask(box)


def test_a_model_is_told_in_full_with_its_children(serve: Serve) -> None:
    parent = a_row(0, _readme="x", config={"model_type": "llama"})
    _, client = serve(LiveCatalog([parent, a_child(1, parent), a_child(2, parent, "merge")]))
    row = client.get("/api/models/owner/model-0").json()
    assert row["modelId"] == row["id"] == "owner/model-0"
    assert row["config"] == {"model_type": "llama"}
    assert not [field for field in row if field.startswith("_") and field != "_id"]
    assert client.get("/api/models/owner/model-0/revision/main").json() == row
    counted = client.get("/api/models/owner/model-0?expand=childrenModelCount").json()
    assert counted["childrenModelCount"] == {
        "adapter": 0,
        "merge": 1,
        "quantized": 0,
        "finetune": 1,
    }


def test_a_bare_name_and_a_short_sha_are_understood(serve: Serve) -> None:
    _, client = serve(LiveCatalog([a_row(7, id="gpt2")]))
    assert client.get("/api/models/gpt2").json()["id"] == "gpt2"
    short = a_row(7)["sha"][:7]
    assert client.get(f"/api/models/gpt2/revision/{short}").status_code == 200
    unknown = client.get("/api/models/gpt2/revision/v9")
    assert unknown.status_code == 404
    assert unknown.headers["X-Error-Code"] == "RevisionNotFound"


def test_a_former_name_redirects_with_a_relative_target(serve: Serve) -> None:
    box, client = serve(LiveCatalog([a_row(0, **CARD)]))
    box.catalog.rename("owner/model-0", "new/name")
    answer = client.get("/api/models/owner/model-0?expand=tags")
    assert answer.status_code == 307
    assert answer.headers["Location"] == "/api/models/new/name?expand=tags"
    bare = client.get("/api/models/owner/model-0")
    assert bare.text == "Temporary Redirect. Redirecting to /api/models/new/name"
    card = client.get("/owner/model-0/resolve/main/README.md", follow_redirects=True)
    assert card.text.endswith("# new/name\n")


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("/api/models/no/one", {}, 401, None),
        ("/no/one/resolve/main/README.md", {}, 401, None),
        ("/api/models/no/one", TOKEN, 404, "RepoNotFound"),
        ("/api/models", {"Authorization": "Bearer bad"}, 401, None),
        ("/api/models/o/gated", {}, 200, None),
        ("/api/models/o/gated/tree/main", {}, 200, None),
        ("/o/gated/resolve/main/README.md", {}, 307, None),
        ("/o/gated/resolve/main/LICENSE", {}, 404, "EntryNotFound"),
        ("/o/gated/resolve/main/config.json", {}, 401, "GatedRepo"),
        ("/o/gated/resolve/nowhere/config.json", {}, 401, "GatedRepo"),
        ("/o/gated/raw/main/README.md", {}, 401, "GatedRepo"),
        ("/o/gated/raw/main/README.md", TOKEN, 403, "GatedRepo"),
        ("/api/models/o/disabled", {}, 403, None),
        ("/o/disabled/resolve/main/README.md", {}, 403, None),
        ("/o/open/resolve/main/config.json", {}, 404, "EntryNotFound"),
        ("/o/open/resolve/a%0Ab/README.md", {}, 404, "RevisionNotFound"),
        ("/o/cardless/raw/main/README.md", {}, 404, "EntryNotFound"),
        ("/api/models/o/open?expand=gitalyUid", {}, 400, None),
        ("/api/models?expand=usedStorage", {}, 400, None),
        ("/api/unheard-of", {}, 404, None),
        ("/api/agent-harnesses", {}, 404, None),
        ("/api/resolve-cache/models/no/one/main/README.md", {}, 404, "EntryNotFound"),
    ],
)
def test_the_error_matrix(
    serve: Serve, path: str, headers: dict[str, str], status: int, code: str | None
) -> None:
    marked = [
        a_row(1, id="o/gated", _gate="manual", **CARD),
        a_row(2, id="o/disabled", _disabled=True, **CARD),
        a_row(3, id="o/open", **CARD),
        a_row(4, id="o/cardless"),
    ]
    _, client = serve(LiveCatalog(marked))
    answer = client.get(path, headers=headers)
    assert answer.status_code == status
    assert answer.headers.get("X-Error-Code") == code
    if status >= 400:
        assert isinstance(answer.json()["error"], str)


def test_a_card_comes_by_resolve_over_the_cache_and_by_raw(serve: Serve) -> None:
    row = a_row(0, **CARD)
    _, client = serve(LiveCatalog([row]))
    first = client.get("/owner/model-0/resolve/main/README.md")
    assert first.headers["Location"].startswith("/api/resolve-cache/models/owner/model-0/")
    assert first.headers["X-Repo-Commit"] == row["sha"]
    second = client.get(first.headers["Location"])
    assert second.headers["ETag"] == first.headers["X-Linked-Etag"]
    assert second.headers["Content-Type"] == "text/plain"
    assert second.text == (
        '---\nlicense: "mit"\nbase_model: ["a/b", "c/d"]\n---\n\n# owner/model-0\n'
    )
    raw = client.get("/owner/model-0/raw/main/README.md")
    assert raw.text == second.text
    assert raw.headers["ETag"] == f"W/{second.headers['ETag']}"
    tree = client.get("/api/models/owner/model-0/tree/main").json()
    assert tree[0]["path"] == "README.md"
    assert tree[0]["size"] == len(raw.content)


def test_a_row_may_bring_its_own_card(serve: Serve) -> None:
    _, client = serve(LiveCatalog([a_row(0, _readme="as written\n")]))
    assert client.get("/owner/model-0/raw/main/README.md").text == "as written\n"


def test_what_is_no_reading_is_not_found_and_leaves_the_connection_sane(serve: Serve) -> None:
    _, client = serve(a_catalog(1))
    assert client.post("/api/models", content=b"GET /x HTTP/1.1").status_code == 404
    assert client.get("/api/models").status_code == 200


def test_a_private_model_answers_as_one_that_never_was(serve: Serve) -> None:
    box, client = serve(a_catalog(3))
    box.catalog.hide("owner/model-1")
    for path in ("/api/models/owner/model-1", "/owner/model-1/resolve/main/README.md"):
        for headers in ({}, TOKEN):
            private = client.get(path, headers=headers)
            never = client.get(path.replace("model-1", "model-9"), headers=headers)
            assert (private.status_code, private.content) == (never.status_code, never.content)
            assert private.headers.get("X-Error-Code") == never.headers.get("X-Error-Code")
    assert ids(walked(client, **WALK)) == ["owner/model-0", "owner/model-2"]
    assert len(box.catalog) == 2


def test_an_unlisted_model_is_shown_to_who_asks_by_name(serve: Serve) -> None:
    box, client = serve(a_catalog(3))
    box.catalog.hide("owner/model-1", private=False)
    assert client.get("/api/models/owner/model-1").json()["id"] == "owner/model-1"
    assert ids(walked(client, **WALK)) == ["owner/model-0", "owner/model-2"]
    box.catalog.hide("owner/model-1")
    box.catalog.add(a_row(1))
    assert ids(walked(client, **WALK)) == [f"owner/model-{number}" for number in range(3)]
    box.catalog.hide("owner/model-1")
    box.catalog.delete("owner/model-1")
    assert client.get("/api/models/owner/model-1").status_code == 401


def test_a_cursor_that_is_taken_no_more_is_a_bad_query(serve: Serve) -> None:
    faults = Faults({2: Fault(FaultKind.CURSOR), 1: Fault(FaultKind.CURSOR)})
    _, client = serve(a_catalog(3), faults=faults)
    first = client.get("/api/models", params={"limit": 1, **WALK})  # it has no cursor
    assert first.status_code == 200
    again = client.get(first.links["next"]["url"])
    assert (again.status_code, again.json()) == (400, {"error": "Invalid cursor"})


def test_a_path_meets_its_fault_each_time(serve: Serve) -> None:
    path = "/api/models/owner/model-1"
    _, client = serve(a_catalog(3), faults=Faults(at={path: Fault(FaultKind.STATUS, status=503)}))
    assert [client.get(path).status_code for _ in range(3)] == [503] * 3
    assert client.get("/api/models/owner/model-2").status_code == 200
