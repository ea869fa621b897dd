"""The pages, as text: what they say, in which language, with which status and policy."""

import re

import pytest
from starlette.testclient import TestClient

from tests.unit.serve.conftest import LLAMA_2, LLAMA_3


def glance_of(page: str) -> str:
    """Return the facts at a glance without markup."""
    (block,) = re.findall(r'<dl class="glance">(.*?)</dl>', page, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", block))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (f"/models/{LLAMA_2}", "Yes, it is one: Llama 2"),
        ("/models/o/adapter", "Yes: Llama 2"),
        ("/models/o/adapter", "own record, tag, model card"),
        ("/models/Qwen/Qwen2.5-7B", "No: Qwen 2.5"),
        ("/models/aside/1", "Not known"),
        ("/models/o/child", "2 January 2024"),
        ("/models/o/undated", "date unknown"),
        (f"/models/{LLAMA_2}", "5 models"),
        (f"/models/{LLAMA_2}", "Llama 2 Community License Agreement"),
        ("/models/o/old-name", "formerly o/old-name"),
        ("/models/o/deleted", "no longer listed: found missing on 22 November 2026"),
        ("/models/o/child?lang=de", "Ja: Llama 2"),
        ("/models/o/child?lang=de", "2. Januar 2024"),
    ],
)
def test_a_model_is_told_at_a_glance(path: str, words: str, client: TestClient) -> None:
    assert words in glance_of(client.get(path).text)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/", 200, "Which model descends from which"),
        ("/?q=child", 200, "o/child"),
        ("/?q=nothing-like-this", 200, "Nothing matches"),
        ("/models/o/deleted", 410, "is no longer on the Hub"),
        ("/models/nobody/child", 404, "Perhaps you mean"),
        ("/models/o/child?sort=color", 400, "downloads"),
        ("/models/o/child?page=0", 400, "page"),
        ("/models/datasets/squad", 400, "data set"),
        ("/families/llama", 200, "models descend from Llama"),
        ("/families/llama/llama-3.1", 200, "models descend from Llama 3.1"),
        ("/families/llama/llama-9", 404, "release:llama-3.1"),
        ("/families/nothing", 404, "llama"),
        ("/models/o/child?snapshot=2020-01-01", 404, "first one"),
    ],
)
def test_a_page_has_the_status_of_what_it_says(
    path: str, status: int, words: str, client: TestClient
) -> None:
    answer = client.get(path)
    assert answer.status_code == status, answer.text[-3000:]
    assert words in answer.text
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert policy.count("'sha256-") == 2
    assert answer.headers["vary"] == "Accept-Language"
    assert "set-cookie" not in answer.headers


def test_a_family_that_stands_where_a_model_does_has_a_page_of_its_own(client: TestClient) -> None:
    for spelling, place in (("llama", "llama"), ("release:llama-3.1", "llama/llama-3.1")):
        answer = client.get(f"/models/{spelling}", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (302, f"/families/{place}")


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "de-AT,de;q=0.9,en;q=0.5", "de"),
        ("", "fr,it", "en"),
        ("?lang=en", "de", "en"),
        ("?lang=de", "en", "de"),
        ("?lang=xx", "de", "de"),
    ],
)
def test_a_reader_is_answered_in_a_language_that_is_asked_for(
    query: str, accepted: str, language: str, client: TestClient
) -> None:
    answer = client.get(f"/models/o/child{query}", headers={"Accept-Language": accepted})
    if query == "?lang=xx":
        assert answer.status_code == 400
    assert f'<html lang="{language}"' in answer.text


def test_a_page_is_not_sent_twice(client: TestClient) -> None:
    path = f"/models/{LLAMA_3}"
    tag = client.get(path).headers["etag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert client.get(path, headers={"If-None-Match": "*"}).status_code == 304
    german = client.get(f"{path}?lang=de", headers={"If-None-Match": tag})
    assert german.status_code == 200


def test_every_child_stands_on_one_page_of_its_table(client: TestClient) -> None:
    path = f"/models/{LLAMA_2}?depth=all&sort=name&order=ascending"
    rows = r'<tr><td[^>]*><a href="/models/([^"?]+)'
    names = set(re.findall(rows, client.get(path).text))
    items = client.get(f"/api/models/{LLAMA_2}/derivatives").json()["items"]
    assert names == {item["id"] for item in items}
    assert re.findall(rows, client.get(f"{path}&relation=merge").text) == ["o/merge"]
    assert "None matches" in client.get(f"{path}&find=nothing-like-this").text
