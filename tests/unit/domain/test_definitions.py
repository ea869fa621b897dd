"""A definition takes words or values, and says what is allowed instead of counting otherwise."""

from datetime import UTC, date, datetime

import pytest

from lineage.domain.claims import Relation, Strength
from lineage.domain.definitions import Closure, Definition


def test_words_are_taken_as_the_values_they_spell() -> None:
    spelled = Definition(
        relations="finetune, adapter",  # type: ignore[arg-type]
        closure="direct",  # type: ignore[arg-type]
        min_strength="inferred",  # type: ignore[arg-type]
        as_of="2025-05-01",  # type: ignore[arg-type]
    )
    assert spelled == Definition(
        (Relation.FINETUNE, Relation.ADAPTER),
        Closure.DIRECT,
        Strength.INFERRED,
        as_of=date(2025, 5, 1),
    )
    assert spelled.closure is Closure.DIRECT
    assert Definition(relations=["merge"]).relations == (Relation.MERGE,)  # type: ignore[arg-type]


def test_a_moment_is_its_day() -> None:
    assert Definition(as_of=datetime(2025, 5, 1, 23, tzinfo=UTC)).as_of == date(2025, 5, 1)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("relations", "finetuned", "adapter, merge, quantized, finetune, unspecified"),
        ("relations", None, "adapter, merge"),
        ("relations", (), "at least one of adapter"),
        ("relations", [None], "adapter, merge"),
        ("closure", "nope", "all, direct"),
        ("closure", None, "all, direct"),
        ("min_strength", "stated", "inferred, declared, confirmed"),
        ("min_strength", Closure.ALL, "inferred, declared, confirmed"),
        ("as_of", "yesterday", "YYYY-MM-DD"),
        ("as_of", 20250501.5, "YYYY-MM-DD"),
        ("mirrors", "yes", "True or False"),
        ("min_downloads", -1, "whole number from 0"),
        ("min_downloads", "10", "whole number from 0"),
        ("min_downloads", True, "whole number from 0"),
    ],
)
def test_what_is_no_definition_is_refused_with_what_is_allowed(
    field: str, value: object, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        Definition(**{field: value})  # type: ignore[arg-type]
