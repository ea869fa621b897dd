"""Repository ids as the Hub validates them, and the ways people misspell them."""

import re

_PART = r"\b[\w.\-]{1,96}\b"
_REPO_ID = re.compile(rf"(?:{_PART}/)?{_PART}", re.ASCII)
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


def tidy_name(text: str) -> str:
    """Cut what people put around a name: spaces, a trailing slash, a huggingface.co prefix."""
    tidy = _PREFIX.sub("", text).strip()
    while tidy.endswith("/"):
        tidy = tidy.rstrip("/").rstrip()
    return tidy
