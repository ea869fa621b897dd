"""Strangers' words in Markdown: shown as words, by Markdown and by what reads it before."""

import pytest
from markdown_it import MarkdownIt

from lineage.domain.escape import escape_invisible
from lineage.reporting.markdown import escape_markdown, markdown_code_span
from tests.hostile import HOSTILE, acting_in_a_template


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_site_generator_finds_an_expression_in_strangers_words(text: str) -> None:
    assert not acting_in_a_template(markdown_code_span(text))
    assert not acting_in_a_template(escape_markdown(text))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_escaped_text_is_shown_as_it_is(text: str) -> None:
    (_, inline, _) = MarkdownIt().parse(f"x{escape_markdown(text)}x")
    assert "".join(one.content for one in inline.children or []) == f"x{escape_invisible(text)}x"
    assert {one.type for one in inline.children or []} <= {"text", "text_special"}


def test_a_code_span_says_what_it_spells() -> None:
    assert markdown_code_span("{{ a }} | {% b") == "`\\x7b\\x7b a }} \\x7c \\x7b% b`"
    assert markdown_code_span("<%= a ? 1 < 2 : <b>") == "`\\x3c%= a ? 1 < 2 : <b>`"
