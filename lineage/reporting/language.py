"""Words, numbers and dates as a language writes them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import cache
from importlib import resources


class Language(StrEnum):
    """What a report can be written in."""

    ENGLISH = "en"
    GERMAN = "de"


# Not by the locale module: its names differ between systems, and one holds for a whole process.
_MONTHS = {
    Language.ENGLISH: (
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    ),
    Language.GERMAN: (
        *("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli"),
        *("August", "September", "Oktober", "November", "Dezember"),
    ),
}
_SEPARATORS = {Language.ENGLISH: (",", "."), Language.GERMAN: (".", ",")}
"""Between thousands, and before decimals."""


@dataclass(frozen=True, slots=True)
class Texts:
    """All that reports say in one language."""

    language: Language
    sections: Mapping[str, Mapping[str, str]]

    def say(self, key: str, **places: object) -> str:
        """Return the text of `section.name` with its places filled; KeyError for an unknown key.

        Whole numbers and dates are spelled in the language.
        """
        section, _, name = key.partition(".")
        filled = {place: self._spell(value) for place, value in places.items()}
        return self.sections[section][name].format(**filled)

    def say_number(self, key: str, n: int, **places: object) -> str:
        """Return the text for so many: of `key_one` for 1, else of `key_other`."""
        return self.say(f"{key}_{'one' if n == 1 else 'other'}", n=n, **places)

    def number(self, n: int) -> str:
        """Spell a whole number, `20,934` or `20.934`."""
        return f"{n:,}".replace(",", _SEPARATORS[self.language][0])

    def percent(self, part: int, whole: int) -> str:
        """Spell a share with one decimal, `12.3 %`; a dash where there is no whole."""
        if not whole:
            return "\N{EN DASH}"
        text = f"{100 * part / whole:.1f}".replace(".", _SEPARATORS[self.language][1])
        # DIN 5008 puts a space before the sign; the line must not break there.
        return f"{text}\N{NO-BREAK SPACE}%" if self.language is Language.GERMAN else f"{text}%"

    def whole_percent_in_language(self, percent: int) -> str:
        """Spell whole percents, `49%` or `49 %`."""
        sign = "\N{NO-BREAK SPACE}%" if self.language is Language.GERMAN else "%"
        return f"{percent}{sign}"

    def decimal(self, value: Fraction, digits: int) -> str:
        """Spell a number with so many decimals, rounded half to even."""
        whole, part = divmod(round(value * 10**digits), 10**digits)
        separator = _SEPARATORS[self.language][1]
        return self.number(whole) + (f"{separator}{part:0{digits}}" if digits else "")

    def date(self, day: date) -> str:
        """Spell a day, `21 November 2026` or `21. November 2026`."""
        dot = "." if self.language is Language.GERMAN else ""
        return f"{day.day}{dot} {_MONTHS[self.language][day.month - 1]} {day.year}"

    def month(self, month: str) -> str:
        """Spell a month given as `2025-03`, `March 2025` or `März 2025`."""
        year, _, number = month.partition("-")
        return f"{_MONTHS[self.language][int(number) - 1]} {year}"

    def _spell(self, value: object) -> str:
        if isinstance(value, date):
            return self.date(value)
        return self.number(value) if isinstance(value, int) else str(value)


# A report asks for the same file hundreds of times.
@cache
def load_texts(language: Language, report: str = "family_tree") -> Texts:
    """Return what a report says in a language; the words of relations stand with the tree's."""
    file = resources.files("lineage.reporting") / "texts" / f"{report}.{language.value}.toml"
    return Texts(language, tomllib.loads(file.read_text("utf-8")))
