"""Both languages say the same things, each in its own form."""

import string
from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.domain.claims import RELATIONS, STRENGTHS
from lineage.evidence import RULES
from lineage.reporting.language import Language, load_texts

ENGLISH, GERMAN = load_texts(Language.ENGLISH), load_texts(Language.GERMAN)


def flat(sections: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {f"{name}.{key}": text for name, keys in sections.items() for key, text in keys.items()}


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


REPORTS = ("family_tree", "licenses", "notices", "trend")


def texts_of(report: str, language: Language) -> dict[str, str]:
    return flat(load_texts(language, report).sections)


@pytest.mark.parametrize("report", REPORTS)
def test_both_languages_say_the_same_and_fill_the_same_places(report: str) -> None:
    english, german = (texts_of(report, language) for language in Language)
    assert english.keys() == german.keys()
    assert not {key for key, text in english.items() if places(text) != places(german[key])}


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("language", Language)
def test_no_text_is_empty_and_every_one_has_its_many(report: str, language: Language) -> None:
    texts = texts_of(report, language)
    assert not [key for key, text in texts.items() if not text.strip()]
    one = {key.removesuffix("_one") for key in texts if key.endswith("_one")}
    many = {key.removesuffix("_other") for key in texts if key.endswith("_other")}
    assert one == many


@pytest.mark.parametrize("language", Language)
def test_every_relation_strength_and_rule_has_its_word(language: Language) -> None:
    sections = load_texts(language).sections
    assert {*(one.value for one in RELATIONS), *(one.value for one in STRENGTHS)} <= set(
        sections["words"]
    )
    assert {f"rule_{rule.name}" for rule in RULES} | {"rule_registry"} <= set(sections["explorer"])


def test_numbers_and_dates_are_written_as_the_language_writes_them() -> None:
    day = date(2026, 3, 1)
    assert (ENGLISH.number(1234567), GERMAN.number(1234567)) == ("1,234,567", "1.234.567")
    assert (ENGLISH.date(day), GERMAN.date(day)) == ("1 March 2026", "1. März 2026")
    assert (ENGLISH.percent(1, 8), GERMAN.percent(1, 8)) == ("12.5%", "12,5\N{NO-BREAK SPACE}%")
    assert ENGLISH.percent(0, 0) == GERMAN.percent(0, 0) == "\N{EN DASH}"


@given(st.integers(-(10**12), 10**12))
def test_a_number_keeps_its_digits(n: int) -> None:
    for said in (ENGLISH.number(n), GERMAN.number(n)):
        assert int(said.replace(",", "").replace(".", "")) == n


def test_one_is_told_from_many() -> None:
    assert ENGLISH.say_number("page.count", 1, family="Kin") == "1 model descends from Kin"
    assert GERMAN.say_number("page.count", 0, family="Kin") == "0 Modelle stammen von Kin ab"
