"""Keys and repository ids as the Hub gives them, and the ways people misspell a name."""

import hashlib
import re
from collections.abc import Sequence

KEY_LENGTH = 24
STAND_IN = "ffffffff"
"""How a stand-in key begins: a key's first eight digits are its creation, and these lie in 2106."""
NAME_PREFIX = "name:"
"""How the key of a node begins that is known by its name alone."""
_PART = r"\b[\w.\-]{1,96}\b"
_ONE = rf"(?:{_PART}/)?{_PART}"
_REPO_ID = re.compile(_ONE, re.ASCII)
REPO_ID_PATTERN = rf"(?a)\A(?!.*(?:--|\.\.))(?!.*\.git\Z)(?:{_ONE})\Z"
"""`is_repo_id` as one expression, for schemas."""
_LINES_OF_IDS = re.compile(rf"(?:{_ONE}\n)*", re.ASCII)
_HEX_DIGITS = re.compile(r"[0-9a-f]*")
_PREFIX = re.compile(
    r"^(?:\s*(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/+)+", re.IGNORECASE
)


def is_repo_id(text: str) -> bool:
    """Say whether the Hub would accept this as `name` or `owner/name`.

    Source: the rules of the Hub's own client, `huggingface_hub.utils.validate_repo_id`.
    """
    return (
        _REPO_ID.fullmatch(text) is not None
        and "--" not in text
        and ".." not in text
        and not text.endswith(".git")
    )


def are_repo_ids(texts: Sequence[str]) -> bool:
    """Say whether `is_repo_id` holds for each of them: one look at many costs a third."""
    lines = "".join([f"{text}\n" for text in texts])
    return (
        lines.count("\n") == len(texts)
        and _LINES_OF_IDS.fullmatch(lines) is not None
        and "--" not in lines
        and ".." not in lines
        and ".git\n" not in lines
    )


def is_key(text: str) -> bool:
    """Say whether this is an `_id` as the Hub gives them: 24 hex digits."""
    return len(text) == KEY_LENGTH and _HEX_DIGITS.fullmatch(text) is not None


def are_keys(texts: Sequence[str]) -> bool:
    """Say whether `is_key` holds for each of them: one look at many costs a seventh."""
    lengths = set(map(len, texts))
    return lengths <= {KEY_LENGTH} and _HEX_DIGITS.fullmatch("".join(texts)) is not None


def tidy_name(text: str) -> str:
    """Cut what people put around a name: spaces, a trailing slash, a huggingface.co prefix."""
    prefix = _PREFIX.match(text)
    tidy = (text if prefix is None else text[prefix.end() :]).strip()
    while tidy.endswith("/"):
        tidy = tidy.rstrip("/").rstrip()
    return tidy


def stand_in_key(id: str) -> str:
    """Return the key of a model of which a source gives the name alone: always the same one."""
    return STAND_IN + hashlib.sha256(id.encode()).hexdigest()[: KEY_LENGTH - len(STAND_IN)]
