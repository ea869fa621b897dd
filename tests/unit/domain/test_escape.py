"""Text from outside acts neither on a terminal nor in a spreadsheet."""

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.domain.escape import escape_csv_cell, escape_invisible, escaped_csv_lines


@given(st.text(st.characters(exclude_categories=())))
def test_nothing_that_acts_is_left(text: str) -> None:
    shown = escape_invisible(text)
    assert not [one for one in shown if unicodedata.category(one)[0] == "C"]
    assert not {"\u2028", "\u2029"} & set(shown)


@given(st.text(st.characters(categories=("L", "N", "P"))))
def test_what_only_shows_stays_as_it_is(text: str) -> None:
    assert escape_invisible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\u202eb", "a\\u202eb"),
        ("a\U000e0041b", "a\\U000e0041b"),
        ("two\nlines", "two\\x0alines"),
        ("Straße 日本", "Straße 日本"),
    ],
)
def test_what_acts_is_spelled_out(text: str, shown: str) -> None:
    assert escape_invisible(text) == shown


SEPARATORS = ",;\t|: ^~#!"
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\u2212")
BLANKS = (
    "",
    " ",
    "\t",
    "\r",
    "\n",
    "\v",
    "\u0085",
    "\u00a0",
    "\u2028",
    "\u3000",
    "\ufeff",
    "\u200b",
)


def split(text: str, separator: str) -> list[str]:
    """Every field as a spreadsheet reads a file that it believes to be split by this separator."""
    return [field for row in csv.reader(io.StringIO(text), delimiter=separator) for field in row]


def is_formula(field: str) -> bool:
    return (
        unicodedata.normalize("NFKC", field)
        .strip(' \t\r\n\v\u0085\ufeff\u200b"')
        .startswith(FORMULA)
    )


HOSTILE_CELLS = (
    "x;=cmd|'/C calc'!A0;y",
    *(f"x{separator}{sign}cmd|' /C calc'!A0" for separator in SEPARATORS for sign in FORMULA),
    *(f"{blank}{sign}1" for blank in BLANKS for sign in FORMULA),
    *(f"x;{blank}=1{blank};{blank}@a" for blank in BLANKS),
    'x;"=1";""=2";\'=3\',"-4',
    '"=1',
    "x\n=1\r\n+2\u2028@3",
    "(=1) [-1] {@1} <+1> &=1 %=1 *=1 ?=1",
)


@pytest.mark.parametrize("separator", SEPARATORS)
def test_no_separator_makes_a_formula_of_a_cell(separator: str) -> None:
    rows = [{"n": 1, one: one, "many": [one, one], "below": "x"} for one in HOSTILE_CELLS]
    assert not [it for it in split("".join(escaped_csv_lines(rows)), separator) if is_formula(it)]


@given(st.text(st.sampled_from([*SEPARATORS, *FORMULA, *BLANKS[1:], *"\"'ab1"])))
def test_no_text_is_a_formula_under_any_separator(text: str) -> None:
    line = "".join(escaped_csv_lines([{"a": "x", "b": text}]))
    assert not [it for by in SEPARATORS for it in split(line, by) if is_formula(it)]


@given(st.text(st.characters(exclude_categories=())))
def test_a_line_of_csv_is_one_line_and_every_field_in_quotes(text: str) -> None:
    header, line, end = "".join(escaped_csv_lines([{"a": text, "b": -1}])).split("\n")
    assert (header, end) == ('"a","b"', "")
    assert line.startswith('"')
    assert line.endswith('","-1"')
    assert split(line, ",") == [escape_csv_cell(text), "-1"]


@pytest.mark.parametrize(
    "text",
    [
        "owner/Some_Model-7B.v1-GGUF",
        "2026-11-21T06:00:00Z",
        "https://huggingface.co/a/b?x=-1&y=z==",
        "base_model:adapter:owner/base-1",
        "finetune merge",
    ],
)
def test_ids_addresses_and_dates_stand_as_they_are(text: str) -> None:
    assert escape_csv_cell(text) == text


def test_numbers_of_our_own_stay_numbers() -> None:
    assert "".join(escaped_csv_lines([{"change": -3, "share": -0.5, "as_text": "-3"}])) == (
        '"change","share","as_text"\n"-3","-0.5","\'-3"\n'
    )


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_a_formula_becomes_text(text: str) -> None:
    assert escape_csv_cell(text) == f"'{text}"
