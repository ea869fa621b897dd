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


def test_both_languages_have_the_same_texts() -> None:
    assert flat(ENGLISH.sections).keys() == flat(GERMAN.sections).keys()


def test_both_languages_fill_the_same_places() -> None:
    german = flat(GERMAN.sections)
    differing = {
        key for key, text in flat(ENGLISH.sections).items() if places(text) != places(german[key])
    }
    assert not differing


@pytest.mark.parametrize("language", Language)
def test_no_text_is_empty(language: Language) -> None:
    assert not [
        key for key, text in flat(load_texts(language).sections).items() if not text.strip()
    ]


@pytest.mark.parametrize("language", Language)
def test_every_text_of_one_has_its_text_of_many(language: Language) -> None:
    keys = set(flat(load_texts(language).sections))
    one = {key.removesuffix("_one") for key in keys if key.endswith("_one")}
    many = {key.removesuffix("_other") for key in keys if key.endswith("_other")}
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
    assert ENGLISH.say_number("page.headline", 1, family="Kin") == "1 model descends from Kin"
    assert GERMAN.say_number("page.headline", 0, family="Kin") == "0 Modelle stammen von Kin ab"
