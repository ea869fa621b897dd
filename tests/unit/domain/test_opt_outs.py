"""Names of those who asked to be left out: found in any disguise, and nobody else taken along."""

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.domain.opt_outs import NO_OPT_OUTS, OptOuts, make_opt_out_digest, normalize_opt_out
from lineage.domain.repo_ids import is_repo_id

KEY = "64b7c0ffee64b7c0ffee64b7"
PARTS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._]{0,14}[A-Za-z0-9]", fullmatch=True).filter(
    lambda part: is_repo_id(part) and "__" not in part
)
DISGUISES: list[Callable[[str], str]] = [
    str.upper,
    lambda text: quote(text, safe=""),
    lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    lambda text: "".join(f"\\u{ord(one):04X}" for one in text),
    lambda text: "".join(f"&#{ord(one)};" for one in text),
    lambda text: text.replace("/", "\\/"),
    lambda text: text.replace("/", "--"),
    lambda text: text.replace("/", "__"),
    lambda text: text.replace("/", " / "),
    lambda text: f"https://huggingface.co/{text}/tree/main",
    lambda text: f"models--{text.replace('/', '--')}",
    lambda text: f"\u200b{text}.git",
    lambda text: "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text),
]


def test_an_escape_in_wide_letters_is_undone_too() -> None:
    wide = "".join(chr(ord(one) + 0xFEE0) for one in "owner%2Fname")
    assert OptOuts.parse("owner/name").opted_out_named_in(wide)


@given(PARTS, PARTS, st.lists(st.sampled_from(DISGUISES), max_size=2), st.text(max_size=20))
def test_a_name_is_found_in_any_two_disguises(
    owner: str, name: str, disguises: list[Callable[[str], str]], around: str
) -> None:
    text = f"{owner}/{name}"
    for disguise in disguises:
        text = disguise(text)
    some = OptOuts.parse(f"{owner}/{name}")
    before, after = (re.sub(r"[\w&#;\\\-./%]", "", one) for one in (around[:10], around[10:]))
    assert some.opted_out_named_in(f"{before} {text} {after}")
    assert some.opted_out_named_in(f'{{"tags": ["base_model:{text}"]}}')


@given(PARTS, PARTS, PARTS)
def test_no_neighbour_is_taken_along(owner: str, name: str, more: str) -> None:
    some = OptOuts.parse(f"{owner}/{name}")
    for other in (f"{owner}/{name}-{more}", f"{owner}/{name}{more}", f"{more}{owner}/{name}"):
        assert not some.covers(other)
        assert not some.opted_out_in_tag(f"base_model:{other}") or some.covers(other)
    assert not OptOuts.parse(owner).covers(f"{owner}{more}/{name}")
    assert not OptOuts.parse(owner).opt_out_names_in(f"{owner}-{more}/{owner}")


@given(st.text(max_size=60))
def test_any_text_can_be_made_plain(text: str) -> None:
    assert normalize_opt_out(text) == normalize_opt_out(text)
    assert not NO_OPT_OUTS.opt_out_names_in(text)
    assert not NO_OPT_OUTS.opted_out_in_tag(text)
    assert not NO_OPT_OUTS.opted_out_named_in(text)


@given(st.text(max_size=40))
def test_any_setting_can_be_read_and_no_empty_name_is_in_it(text: str) -> None:
    some = OptOuts.parse(text)
    assert "" not in some.names
    assert not some.opt_out_names_in("")
    assert not some.opted_out_named_in("nobody is meant by this") or some


def test_an_address_without_a_name_opts_nobody_out() -> None:
    assert not OptOuts.parse("https://huggingface.co/ , /")


@pytest.mark.parametrize("text", ["owner/model-10", "owner/model-1.5", "other/owner-2", "my-owner"])
def test_what_only_begins_alike_is_another_name(text: str) -> None:
    some = OptOuts.parse("owner/model-1 owner")
    alone = OptOuts.parse("owner/model-1")
    assert not alone.opted_out_named_in(f"see https://huggingface.co/{text} there")
    assert some.opt_out_names_in(text) == text.startswith("owner/")


def test_a_mark_is_known_by_who_has_the_list_and_tells_nobody_else() -> None:
    some = OptOuts.parse("owner/model, another").and_opt_outs({KEY: "owner/model"}, {})
    marks = some.all_opt_out_marks()
    assert all(re.fullmatch("[0-9a-f]+", one) and KEY not in one for one in marks)
    assert make_opt_out_digest("owner/model", KEY) in marks
    again = OptOuts.parse("owner/model").marked(marks)
    assert again.behind_key(KEY) == "owner/model"
    assert again.behind_key(KEY[::-1]) is None
    assert OptOuts.parse("another").marked(marks).behind_key(KEY) is None


def test_where_nobody_is_listed_nothing_is_kept() -> None:
    marks = OptOuts.parse("owner/model").and_opt_outs({KEY: "owner/model"}, {}).all_opt_out_marks()
    assert NO_OPT_OUTS.marked(marks).all_opt_out_marks() == ()
