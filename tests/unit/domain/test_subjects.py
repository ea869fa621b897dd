"""A SUBJECT is one grammar: every spelling of a model, and a kind before it."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.domain.repo_ids import is_repo_id
from lineage.domain.subjects import Subject, SubjectKind, parse_repo_id_of_model, parse_subject

ID = "meta-llama/Llama-3.1-8B"
SPELLINGS = (
    "{id}",
    "  {id} ",
    '"{id}"',
    "'{id}'",
    "`{id}`",
    "<https://huggingface.co/{id}>",
    "https://huggingface.co/{id}",
    "HTTPS://HuggingFace.co/{id}/",
    "http://www.huggingface.co/{id}",
    "huggingface.co/{id}",
    "hf.co/{id}",
    "hf://{id}",
    "hf://models/{id}",
    "https://huggingface.co/{id}/tree/main",
    "https://huggingface.co/{id}/blob/main/README.md",
    "https://huggingface.co/{id}/resolve/main/config.json?download=true",
    "https://huggingface.co/{id}/discussions/4",
    "https://huggingface.co/{id}?library=transformers",
    "https://huggingface.co/{id}#usage",
    "https://huggingface.co/{id}.git",
    "https://huggingface.co/api/models/{id}",
    "{id}@main",
    "{id}@0e9e39f249a16976918f6564b8830bc894c89659",
    "pkg:huggingface/{id}@0e9e39f249a16976918f6564b8830bc894c89659",
    "model:{id}",
    "Model: {id}",
    "model:https://huggingface.co/{id}/tree/main",
)
PARTS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.]{0,20}[A-Za-z0-9_]", fullmatch=True)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("id", [ID, "gpt2"])
def test_every_spelling_means_the_model(spelling: str, id: str) -> None:
    assert parse_subject(spelling.format(id=id)).name == id


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("models--meta-llama--Llama-3.1-8B", ID),
        ("models--gpt2", "gpt2"),
        ("/root/.cache/huggingface/hub/models--meta-llama--Llama-3.1-8B/snapshots/0e9e39", ID),
        ("https://huggingface.co/meta-llama%2FLlama-3.1-8B", ID),
        (f"{ID}/tree/main", ID),
        ("meta-llama / Llama-3.1-8B", ID),
    ],
)
def test_a_name_can_be_a_folder_of_the_cache_or_a_part_of_an_address(text: str, id: str) -> None:
    assert parse_repo_id_of_model(text) == id


@given(PARTS, PARTS, st.sampled_from(SPELLINGS))
def test_no_id_is_lost_in_a_spelling(owner: str, name: str, spelling: str) -> None:
    id = f"{owner}/{name}"
    if is_repo_id(id) and not {owner, name} & {"tree", "blob", "api", "models", "refs", "raw"}:
        assert parse_subject(spelling.format(id=id)).name == id


@given(st.text())
def test_no_text_is_more_than_a_name_or_a_refusal(text: str) -> None:
    with suppress(ValueError):
        assert len(parse_subject(text).name) <= 3 * len(text)


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("llama", Subject("llama", None)),
        ("llama-3.1", Subject("llama-3.1", None)),
        ("family:llama", Subject("llama", SubjectKind.FAMILY)),
        ("\u201cfamily:llama\u201d", Subject("llama", SubjectKind.FAMILY)),
        ("family:\u201ellama\u201c", Subject("llama", SubjectKind.FAMILY)),
        (" Family: llama ", Subject("llama", SubjectKind.FAMILY)),
        ("release:llama-3.1", Subject("llama-3.1", SubjectKind.RELEASE)),
        ("model:llama", Subject("llama", SubjectKind.MODEL)),
    ],
)
def test_a_kind_stands_before_a_name(text: str, subject: Subject) -> None:
    assert parse_subject(text) == subject


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("https://huggingface.co/datasets/tatsu-lab/alpaca", "is a data set"),
        ("hf://datasets/tatsu-lab/alpaca", "is a data set"),
        ("datasets/tatsu-lab/alpaca", "is a data set"),
        ("datasets--tatsu-lab--alpaca", "is a data set"),
        ("https://hf.co/spaces/owner/demo", "is a Space"),
        ("", "names no model"),
        (" '' ", "names no model"),
        ("model:", "names no model"),
        ("model: ''", "names no model"),
        ("https://huggingface.co/", "names no model"),
        ("https://huggingface.co/blog/llama31", "names no model"),
        ("family:", "names no family"),
        ("family:https://huggingface.co/meta-llama", "names no family"),
        ("release: hf.co/a/b", "names no release"),
    ],
)
def test_what_is_no_model_is_named(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_subject(text)


def test_an_address_is_a_models_whatever_family_is_called_so() -> None:
    assert parse_subject("https://huggingface.co/llama") == Subject("llama", SubjectKind.MODEL)
    assert parse_subject("llama") == Subject("llama", None)
