"""Which model a piece of text refers to: a link to the Hub, or a name spelled owner/name."""

import re
from typing import NamedTuple

from lineage.domain.repo_ids import is_repo_id

_HUB = r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)"
_REFERENCE = re.compile(
    r"\[(?P<label>[^\[\]]{0,200})\]\(\s{0,4}<?(?P<target>[^\s()<>]{1,400})>?(?:\s[^()]{0,100})?\)"
    r"|(?P<url>(?:https?://|www\.|\b(?:huggingface\.co|hf\.co)/)[^\s()<>\[\]\"'|`*]{1,400})"
    r"|(?<![\w/.@:-])(?P<name>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(?![\w/-])",
    re.ASCII,
)
# A model's own page; a link to one file, to a talk or deeper is there for another reason.
_MODEL = re.compile(
    rf"{_HUB}/+([\w.-]{{1,96}})/([\w.-]{{1,96}})/?(?:[?#].{{0,400}}|tree/.{{0,400}})?",
    re.ASCII | re.IGNORECASE,
)
# First parts of addresses on the Hub that are no owner of models.
_NO_OWNER = frozenset(
    {
        *("api", "blog", "buckets", "chat", "collections", "datasets", "docs", "enterprise"),
        *("inference", "join", "kernels", "learn", "models", "new", "organizations", "papers"),
        *("posts", "pricing", "search", "settings", "spaces", "storage", "tasks"),
    }
)


class Reference(NamedTuple):
    """One model that is named, and where."""

    id: str
    start: int
    end: int
    is_link: bool


def find_reference(text: str, start: int, most_away: int) -> Reference | None:
    """Return the first thing linked or named within so many characters, if it is a model."""
    # Where a data set, a paper or any other address stands first, what the sentence goes on to
    # name is about that.
    at, last = start, min(len(text), start + most_away + 700)
    while (match := _REFERENCE.search(text, at, last)) and match.start() - start <= most_away:
        address = match["target"] or match["url"]
        if address is not None:
            linked = find_addressed_model(address)
            if linked is None:
                return None
            return Reference(linked, match.start(), match.end(), is_link=True)
        id = _trim_id(match["name"])
        if _looks_like_a_model(id):
            return Reference(id, match.start(), match.end(), is_link=False)
        at = match.end()
    return None


def list_linked_models(text: str) -> set[str]:
    """Return every model that the text links to, in lower case."""
    addresses = (match["target"] or match["url"] for match in _REFERENCE.finditer(text))
    ids = (find_addressed_model(address) for address in addresses if address is not None)
    return {id.lower() for id in ids if id is not None}


def find_addressed_model(address: str) -> str | None:
    """Return the id of the model that an address on the Hub leads to, None for any other."""
    match = _MODEL.fullmatch(address.rstrip(".,;:!"))
    if match is None or match[1].lower() in _NO_OWNER:
        return None
    id = _trim_id(f"{match[1]}/{match[2]}")
    return id if "/" in id and is_repo_id(id) else None


def find_spelled_model(text: str) -> str | None:
    """Return the text itself if it can only be meant as owner/name."""
    return text if text.count("/") == 1 and _looks_like_a_model(text) else None


def _looks_like_a_model(id: str) -> bool:
    # `and/or` is an id too, but a model's name has a digit, a dash or a capital.
    return is_repo_id(id) and re.search(r"[0-9_.A-Z-]", id) is not None


def _trim_id(id: str) -> str:
    return id.rstrip("._-").removesuffix(".git")
