"""What a question is about, as people spell it: a model, a release or a family; one grammar.

Commands, Python, HTTP and MCP read a SUBJECT here. Which of the three a bare name means only a
snapshot and a registry can say: a model, else a release, else a family.
"""

import re
from enum import StrEnum
from typing import NamedTuple

from lineage.domain.repo_ids import (
    find_repo_id,
    fold_repo_letters,
    is_hub_address,
    name_other_kind_of_repository,
    strip_quotes_of_repo_id,
)

_KIND = re.compile(r"[^\w:]*(model|release|family)\s*:(?!//)\s*", re.IGNORECASE)


class SubjectKind(StrEnum):
    """What a subject is."""

    MODEL = "model"
    RELEASE = "release"
    FAMILY = "family"


class Subject(NamedTuple):
    """What a question is about, before anybody has looked it up."""

    name: str
    """A model's name as `owner/name`, or the id of a release or family."""
    kind: SubjectKind | None
    """None where no kind stands before it."""


def parse_subject(text: str) -> Subject:
    """Return what a text names: `model:`, `release:` or `family:` before it decides the kind.

    Raises:
        ValueError: it names nothing, or what is no model; the message says so.
    """
    letters = fold_repo_letters(text)
    prefix = _KIND.match(letters)
    if prefix is None:
        # `https://huggingface.co/llama` is a model's address, whatever family is called so.
        return Subject(
            parse_repo_id_of_model(text), SubjectKind.MODEL if is_hub_address(text) else None
        )
    kind, name = SubjectKind(prefix[1].lower()), strip_quotes_of_repo_id(letters[prefix.end() :])
    if kind is SubjectKind.MODEL and name:
        return Subject(parse_repo_id_of_model(name), kind)
    if is_hub_address(name) or not name:
        raise ValueError(
            f"{text.strip()!r} names no {kind.value}: its name stands behind the colon"
        )
    return Subject(name, kind)


def parse_repo_id_of_model(text: str) -> str:
    """Return the id that any spelling of a model means; else the text without its quotes.

    Raises:
        ValueError: it names nothing, or what is no model; the message says so.
    """
    if (id := find_repo_id(text)) is not None:
        return id
    if (other := name_other_kind_of_repository(text)) is not None:
        raise ValueError(f"{text.strip()!r} is {other}, not a model")
    bare = strip_quotes_of_repo_id(fold_repo_letters(text))
    if is_hub_address(bare) or not bare:
        raise ValueError(f"{text.strip()!r} names no model")
    return bare
