"""Published numbers as files: those of the package, and what is said of a bad one."""

from datetime import date
from pathlib import Path

import pytest

from lineage.errors import SettingsError
from lineage.families.published import (
    Qualifier,
    bundled_published_numbers,
    read_published_numbers,
)

GOOD = """# Two numbers.
[[claim]]
subject = "llama"
number = 7_000
date = 2023-09-27
counts = "derivatives"

[[ claim ]]
subject = "https://huggingface.co/a/b"
number = 12
qualifier = "about"
date = "2024-02"
counts = "models"
source = "somebody"
url = "https://example.org/a"
quote = "12 models"
"""


def test_the_package_brings_each_number_with_what_it_counts() -> None:
    numbers = bundled_published_numbers()
    assert {it.number for it in numbers} >= {7000, 9261, 24318, 27000, 151448}
    assert all(it.source is not None for it in numbers if it.url or it.quote)
    assert all(it.url is not None for it in numbers if it.quote)
    assert not any(it.is_own for it in numbers)


def test_dates_may_be_days_months_or_years(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    for spelled, last in (
        ("2023-09-27", date(2023, 9, 27)),
        ('"2024-02"', date(2024, 2, 29)),
        ('"2023"', date(2023, 12, 31)),
        ("2023", date(2023, 12, 31)),
    ):
        file.write_text(GOOD.replace('"2024-02"', spelled), "utf-8")
        first, second = read_published_numbers(str(file))
        assert (first.qualifier, second.qualifier) == (Qualifier.EXACTLY, Qualifier.ABOUT)
        assert (second.last_day, second.is_own) == (last, True)


@pytest.mark.parametrize(
    ("line", "instead", "complaint"),
    [
        ("number = 12", "number = -1", r"line 10 of own.toml, claim number 2: number must be"),
        ("number = 12", 'number = "12"', r"line 10 of .*number must be a whole number"),
        ("number = 12", "nomber = 12", r"line 10 of .*: unknown key nomber"),
        ("number = 12\n", "", r"line 8 of .*: number is missing"),
        ('date = "2024-02"', 'date = "2024-13"', r"line 12 of .*: date must be a date"),
        ('date = "2024-02"', 'date = "2024-02-30"', r"line 12 of .*: date must be a day"),
        ('date = "2024-02"', "date = 2024-02-01T10:00:00", r"line 12 of .*: date must be"),
        ('"about"', '"roughly"', r"line 11 of .*: qualifier must be one of exactly, about"),
        ('"https://example', '"http://example', r"line 15 of .*: url must be an address"),
        ('"https://example.org/a"', '"https://a\\u0007"', r"line 15 of .*url must be printable"),
        ('"12 models"', f'"{"word " * 41}"', r"line 16 of .*: the quote has 41 words"),
        ("huggingface.co/a/b", "huggingface.co/datasets/a/b", r"line 9 of .*: subject: .*data set"),
        ("[[ claim ]]", "[[ clam ]]", r"own.toml: unknown key clam"),
        ("number = 12", "number = 12 13", r"cannot be read as TOML.*line 10"),
    ],
)
def test_a_bad_file_is_answered_with_line_and_field(
    tmp_path: Path, line: str, instead: str, complaint: str
) -> None:
    file = tmp_path / "own.toml"
    assert line in GOOD
    file.write_text(GOOD.replace(line, instead), "utf-8")
    with pytest.raises(SettingsError, match=complaint):
        read_published_numbers(str(file))


@pytest.mark.parametrize("text", ["", "claim = 3", "claim = [3]", "claim = [{}]", "\0", "[" * 9999])
def test_what_is_no_such_file_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=r"own\.toml"):
        read_published_numbers(str(file))
    with pytest.raises(SettingsError, match="cannot be read"):
        read_published_numbers(str(tmp_path))
