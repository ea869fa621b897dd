"""A report says at its top what its numbers cannot say."""

from dataclasses import replace
from datetime import date

import pytest

from lineage.domain.definitions import Definition
from lineage.reporting.language import Language
from lineage.reporting.trend_text import report_data_notices
from tests.unit.cli.drawn import manifest


@pytest.mark.parametrize("language", Language)
def test_a_whole_snapshot_and_its_own_day_need_no_word(language: Language) -> None:
    assert not [*report_data_notices(manifest(), Definition(), language, total=9, at_most=9)]
    on_the_day = Definition(as_of=manifest().origin.taken_at.date())
    assert not [*report_data_notices(manifest(), on_the_day, language)]


def test_a_day_outside_the_data_is_said() -> None:
    before, after = (Definition(as_of=date(year, 1, 1)) for year in (2023, 2027))
    (early,) = report_data_notices(manifest(), before, Language.ENGLISH)
    assert "before snapshot" in early
    assert "models deleted before the first snapshot are not known" in early
    (late,) = report_data_notices(manifest(), after, Language.GERMAN)
    assert late == "Die Daten enden am 21. November 2026, bevor der 1. Januar 2027 vorüber ist."


def test_undated_members_make_a_range() -> None:
    (text,) = report_data_notices(
        manifest(), Definition(), Language.ENGLISH, total=9, at_most=7_486
    )
    assert "between 9 and 7,486 models: 7,477 have no known date" in text


def test_who_is_left_out_is_counted() -> None:
    (text,) = report_data_notices(manifest(), Definition(), Language.ENGLISH, opted_out=1)
    assert text.startswith("1 model is left out here")


def test_a_snapshot_without_parents_says_so() -> None:
    origin = replace(manifest().origin, parents_known=False)
    (text,) = report_data_notices(replace(manifest(), origin=origin), Definition(), Language.GERMAN)
    assert text.startswith("Elternmodelle sind nicht bekannt")
