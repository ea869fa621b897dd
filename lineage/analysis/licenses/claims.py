"""What a tag, a license name and a link say: which terms they name, or what they grant."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from lineage.domain.licenses import Grant, LicenseTerms

_MOST_CHARACTERS = 500
"""Of a name or link; whatever names a license does so before that."""
_NUMBERED = re.compile(r"llama[\s_-]*v?(\d)(?:[._-](\d)(?![\db.]))?(?![\db])", re.IGNORECASE)
"""`Llama 3.1`, `llama3_1`, `Llama-2-7b`; the 7 of `llama-7b` is a size."""


@dataclass(frozen=True, slots=True)
class LicenseStatement:
    """What a repository says of its license."""

    is_silent: bool = False
    tagged: str | None = None
    """The terms whose own tag it has, by id."""
    named: frozenset[str] = frozenset()
    """The terms that its license name or link names by number, by id."""
    is_unnumbered: bool = False
    """Name or link say Llama and no number that anybody knows."""
    grant: Grant | None = None
    """What another tag is; None for a tag that the rules do not rank."""


def claim_of(
    tag: str | None, name: str | None, link: str | None, terms: LicenseTerms
) -> LicenseStatement:
    """Read what strangers wrote; nothing of it is taken for more than words."""
    said = " ".join(word[:_MOST_CHARACTERS] for word in (name, link) if word)
    named = _named(said, terms)
    unnumbered = not named and "llama" in said.lower()
    if tag is None:
        if not said.strip():
            return LicenseStatement(is_silent=True)
        return LicenseStatement(named=named, is_unnumbered=unnumbered, grant=Grant.OTHER)
    tagged = next((one.id for one in terms.terms if one.tag == tag.strip().lower()), None)
    grant = None if tagged else grant_of(tag, terms)
    return LicenseStatement(tagged=tagged, named=named, is_unnumbered=unnumbered, grant=grant)


def grant_of(tag: str, terms: LicenseTerms) -> Grant | None:
    """Return what a tag is by the longest entry that fits, None where none does."""
    lowered = tag.strip().lower()
    fitting = [entry for entry in terms.tags if fnmatchcase(lowered, entry)]
    return terms.tags[max(fitting, key=len)] if fitting else None


def _named(said: str, terms: LicenseTerms) -> frozenset[str]:
    found = (
        ".".join(part for part in match.groups() if part) for match in _NUMBERED.finditer(said)
    )
    by_number = {one.number: one.id for one in terms.terms if one.number}
    return frozenset(by_number[number] for number in found if number in by_number)
