"""What a question is about, as people spell it: a model, a release or a family; one grammar.

Commands, Python, HTTP and MCP read a SUBJECT here. Which of the three a bare name means only a
snapshot and a registry can say: a model, else a release, else a family.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

_KIND = re.compile(r"\s*(model|release|family)\s*:(?!/)\s*", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?:(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)(?:/+|$)|hf://|pkg:huggingface/)+",
    re.IGNORECASE,
)
_AROUND = " \t\r\n\"'`<>"
_VIEWS = frozenset(
    {
        *("tree", "blob", "resolve", "raw", "commit", "commits", "edit", "discussions"),
        *("snapshots", "refs", "blobs"),
    }
)
"""What follows a model's name in an address of the Hub, or in a folder of its cache."""
_OTHER_REPOSITORIES = {"datasets": "a data set", "spaces": "a Space"}
_CACHED = re.compile(r"(models|datasets|spaces)--", re.IGNORECASE)


class SubjectKind(StrEnum):
    """What a subject is."""

    MODEL = "model"
    RELEASE = "release"
    FAMILY = "family"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a question is about, before anybody has looked it up."""

    name: str
    """A model's name as `owner/name`, or the id of a release or family."""
    kind: SubjectKind | None
    """None where no kind stands before it."""


def parse_subject(text: str) -> Subject:
    """Return what a text names: `model:`, `release:` or `family:` before it decides the kind.

    Raises:
        ValueError: it is the address of a data set or a Space; the message says so.
    """
    bare = text.strip(_AROUND)
    prefix = _KIND.match(bare)
    if prefix is None:
        return Subject(parse_model_name(bare), None)
    kind, rest = SubjectKind(prefix[1].lower()), bare[prefix.end() :]
    name = parse_model_name(rest) if kind is SubjectKind.MODEL else rest.strip(_AROUND)
    return Subject(name, kind)


def parse_model_name(text: str) -> str:
    """Return the `owner/name` that any spelling of a model's address means; else the bare text.

    Raises:
        ValueError: it is the address of a data set or a Space; the message says so.
    """
    name = text.strip(_AROUND)
    address = _ADDRESS.match(name)
    if address is not None:
        name = unquote(name[address.end() :])
    # No id holds one of these: what follows is a query, a fragment or a revision.
    name = re.split(r"[?#@]", name, maxsplit=1)[0]
    parts = [part.strip() for part in name.split("/") if part.strip()]
    if address is not None and parts[:1] == ["api"]:
        parts = parts[1:]
    if address is not None and parts[:1] == ["models"]:
        parts = parts[1:]
    # A copied folder of the Hub's cache is a path; one part of it is the repository.
    cached = next((at for at, part in enumerate(parts) if _CACHED.match(part)), None)
    if cached is not None:
        kind, *parts = parts[cached].split("--")
        parts = parts if kind.lower() == "models" else [kind, "", *parts]
    other = _OTHER_REPOSITORIES.get(parts[0].lower()) if len(parts) > 1 else None
    if other is not None and (address is not None or len(parts) > 2):
        raise ValueError(f"{text.strip()!r} is {other}, not a model")
    views = [at for at, part in enumerate(parts[:3]) if at and part.lower() in _VIEWS]
    if views and (address is not None or len(parts) > 2):
        parts = parts[: views[0]]
    name = "/".join(parts[:2] if address is not None else parts)
    return name.removesuffix(".git") if address is not None else name
