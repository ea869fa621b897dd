import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.http.bodies import BodyBroken, BodyTooLarge, printable_response_body, read_body


def _in_pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@given(st.binary(max_size=2000), st.integers(1, 700), st.sampled_from(["gzip", "", "GZIP "]))
def test_a_body_comes_out_as_it_went_in(body: bytes, size: int, encoding: str) -> None:
    sent = gzip.compress(body) if encoding else body
    assert read_body(_in_pieces(sent, size), encoding, len(body)) == body


@given(st.binary(min_size=1, max_size=500), st.data())
def test_a_cut_gzip_stream_is_noticed_wherever_it_is_cut(body: bytes, data: st.DataObject) -> None:
    sent = gzip.compress(body)
    end = data.draw(st.integers(1, len(sent) - 1))
    with pytest.raises(BodyBroken):
        read_body([sent[:end]], "gzip", 10_000)


@given(st.binary(min_size=1, max_size=500))
def test_garbage_named_gzip_is_broken(body: bytes) -> None:
    with pytest.raises(BodyBroken):
        read_body([b"\x00" + body], "gzip", 10_000)


def test_a_bomb_is_stopped_at_the_cap() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    with pytest.raises(BodyTooLarge):
        read_body(_in_pieces(bomb, 4096), "gzip", 100_000)


def test_a_plain_body_is_stopped_at_the_cap() -> None:
    with pytest.raises(BodyTooLarge):
        read_body([b"x" * 60, b"x" * 60], "", 100)


def test_two_gzip_members_are_one_body() -> None:
    assert read_body([gzip.compress(b"ab") + gzip.compress(b"cd")], "gzip", 9) == b"abcd"


def test_no_body_is_whole_in_any_encoding() -> None:
    assert read_body([], "gzip", 9) == b""


def test_layers_of_encodings_are_refused() -> None:
    with pytest.raises(BodyBroken, match="not asked for"):
        read_body([b""], "gzip, gzip", 9)


def test_what_is_shown_holds_no_control_codes_and_no_secret() -> None:
    shown = printable_response_body(
        b"\x1b[2Jno \xff\n  hf_abcDEF123 Authorization: Bearer xyz \xe2\x80\xaeevil"
    )
    assert shown == "[2Jno \ufffd [secret] Authorization: Bearer [secret] evil"


@given(st.text() | st.binary())
def test_what_is_shown_is_short_and_printable(text: str | bytes) -> None:
    assert len(printable_response_body(text, 50)) <= 50
    assert printable_response_body(text, 50).isprintable()
