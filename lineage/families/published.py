"""Numbers of derivatives that somebody has published: those of this package, and a user's own."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, field

from lineage.domain.files import expand_home_in_path, parse_toml_text, read_regular_file
from lineage.domain.subjects import parse_subject
from lineage.errors import SettingsError, file_error
from lineage.families.toml_file import (
    Address,
    Shape,
    Text,
    check_registry_quote,
    explain_registry_error,
)

_DATE = r"\A(?:19|20)\d{2}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?\Z"
_PLACE = re.compile(r"\$\.claim\[(\d+)\]")
_HEADER = re.compile(r"\s*\[\[\s*['\"]?claim['\"]?\s*\]\]")


class Qualifier(StrEnum):
    """How a number was qualified by who published it."""

    EXACTLY = "exactly"
    ABOUT = "about"
    MORE_THAN = "more than"


@dataclass(frozen=True, slots=True)
class PublishedNumber:
    """A number that somebody has published, as it was written."""

    subject: str
    """As every command takes it."""
    number: int
    qualifier: Qualifier
    written_date: str
    """`2023`, `2023-09` or `2023-09-27`."""
    last_day: date
    """The last day that this may be."""
    counts: str
    """What the source says it counts."""
    source: str | None
    """None where it is not known where it stands."""
    url: str | None
    quote: str | None
    is_own: bool
    """Whether it comes from a file of the user's."""


class _Claim(Shape):
    subject: Text
    number: Annotated[int, Meta(ge=0, le=10**12, description="a whole number from 0 to 10^12")]
    date: Annotated[str, Meta(pattern=_DATE, description="a date: 2025-06-30, 2025-06 or 2025")]
    counts: Text
    qualifier: Qualifier = Qualifier.EXACTLY
    source: Text | None = None
    url: Address | None = None
    quote: Text | None = None


class _ClaimFile(Shape):
    claims: tuple[_Claim, ...] = field(name="claim")


def bundled_published_numbers() -> tuple[PublishedNumber, ...]:
    """Return the numbers that come with this package."""
    folder = resources.files("lineage.families") / "published_numbers"
    return _read_published_file(folder / "numbers.toml", is_own=False)


def read_published_numbers(file: str) -> tuple[PublishedNumber, ...]:
    """Return the numbers of a user's file.

    Raises:
        SettingsError: it cannot be read, or an entry breaks a rule; it names line and field.
    """
    return _read_published_file(expand_home_in_path(file), is_own=True)


def _read_published_file(file: Path | Traversable, *, is_own: bool) -> tuple[PublishedNumber, ...]:
    try:
        content = read_regular_file(file) if isinstance(file, Path) else file.read_bytes()
        document = parse_toml_text(content)
    except (OSError, ValueError) as error:
        raise file_error(f"{file.name} cannot be read as TOML", error) from error
    lines = content.decode("utf-8", "replace").splitlines()
    _spell_registry_claim_dates(document)
    try:
        claims = msgspec.convert(document, _ClaimFile).claims
    except msgspec.ValidationError as error:
        complaint = explain_registry_error(file.name, document, _ClaimFile, str(error))
        place = _PLACE.search(str(error))
        if place is None:
            raise complaint from error
        key = _registry_field_of_error(str(error))
        line = _find_registry_claim_line(lines, int(place[1]), key)
        raise SettingsError(f"line {line} of {complaint.message}", complaint.hint) from error
    return tuple(
        _make_published_number(file.name, lines, at, claim, is_own=is_own)
        for at, claim in enumerate(claims)
    )


def _spell_registry_claim_dates(document: dict[str, Any]) -> None:
    """Make texts of dates and years: TOML has no months, so that those are texts anyway."""
    claims = document.get("claim")
    for claim in claims if isinstance(claims, list) else ():
        value = claim.get("date") if isinstance(claim, dict) else None
        if type(value) in (date, int):
            claim["date"] = str(value)


def _make_published_number(
    file: str, lines: list[str], at: int, claim: _Claim, *, is_own: bool
) -> PublishedNumber:
    def place_of(key: str) -> str:
        return f"line {_find_registry_claim_line(lines, at, key)} of {file}, claim number {at + 1}"

    try:
        parse_subject(claim.subject)
    except ValueError as error:
        raise SettingsError(f"{place_of('subject')}: subject: {error}") from error
    check_registry_quote(place_of("quote"), claim.quote)
    if claim.url is not None and not claim.url.isprintable():
        raise SettingsError(f"{place_of('url')}: url must be printable, not {claim.url!r}")
    year, month, day = (*map(int, claim.date.split("-")), 0, 0)[:3]
    last_of_month = monthrange(year, month or 12)[1]
    if day > last_of_month:
        raise SettingsError(
            f"{place_of('date')}: date must be a day of the calendar, not {claim.date}"
        )
    return PublishedNumber(
        claim.subject,
        claim.number,
        claim.qualifier,
        claim.date,
        date(year, month or 12, day or last_of_month),
        claim.counts,
        claim.source,
        claim.url,
        claim.quote,
        is_own,
    )


def _registry_field_of_error(error: str) -> str:
    """Return the field that a complaint is about; nothing where it is about the whole entry."""
    field_of_path = re.search(r"\$\.claim\[\d+\]\.(\w+)", error)
    unknown = re.search(r"unknown field `([^`]*)`", error)
    match = field_of_path or unknown
    return match[1] if match else ""


def _find_registry_claim_line(lines: list[str], at: int, key: str) -> int:
    """Return the number of the line with a field of an entry, else of the entry's header."""
    headers = [number for number, line in enumerate(lines) if _HEADER.match(line)]
    if at >= len(headers):
        return 1  # an array written on one line has no headers
    first = headers[at]
    last = headers[at + 1] if at + 1 < len(headers) else len(lines)
    spelled = re.compile(rf"\s*['\"]?{re.escape(key)}['\"]?\s*=") if key else None
    for number in range(first, last):
        if spelled is not None and spelled.match(lines[number]):
            return number + 1
    return first + 1
