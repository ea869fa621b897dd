"""What a server of bare sockets can do to one request: drip, leave bytes behind, echo the token."""

import base64
import json
import os
import shutil
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import certifi
import httpcore
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.domain.progress import Progress
from lineage.errors import LineageError, SettingsError, SourceUnavailable
from lineage.http.client import HubClient, make_token_mask
from lineage.http.download import download
from lineage.http.network import Deadline, NetworkTransport, TimedStream
from lineage.http.transports import RequestTally
from tests.fakes.raw_hub import Drip, RawHub, reply
from tests.unit.http.doubles import client_of

TOKEN = "hf_VQzWxTeJkLmNoPq0123456789abcdefGHI"
DEADLINE = 0.3
IN_TIME = 15
"""Seconds in which what drips for ever must have been given up, however busy the machine is."""
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
DRIPS = {
    "status line": Drip(b"HTTP/1.1 200 "),
    "header value": Drip(HEAD + b"X-Long: "),
    "header name": Drip(HEAD + b"X-"),
    "many headers": Drip(HEAD, b"A: b\r\n", 0.01),
    "informational": Drip(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.002),
    "chunk extension": Drip(CHUNKED + b"1;ext="),
    "chunk size": Drip(CHUNKED, b"0"),
    "chunks": Drip(CHUNKED, b"1\r\n \r\n", 0.01),
    "trailer": Drip(CHUNKED + b"2\r\n[]\r\n0\r\nX-Trailer: "),
    "body": Drip(HEAD + b"Content-Length: 9000\r\n\r\n", b" "),
    "body until the close": Drip(HEAD + b"\r\n", b" "),
    "words of a refusal": Drip(b"HTTP/1.1 503 Sorry\r\n\r\n", b" "),
}


@contextmanager
def asking(hub: RawHub, **options: object) -> Iterator[HubClient]:
    plain: dict[str, object] = {"endpoint": hub.url, "token": TOKEN} | options
    with hub, client_of(None, **plain) as client:  # type: ignore[arg-type]
        yield client


@pytest.mark.parametrize("drip", DRIPS.values(), ids=DRIPS)
def test_an_answer_that_drips_ends_at_the_deadline(drip: Drip) -> None:
    hub = RawHub([drip])
    began = time.monotonic()
    with (
        asking(hub, deadline_seconds=DEADLINE) as client,
        pytest.raises(SourceUnavailable, match=r"not complete after 0\.3 s") as ended,
    ):
        client.get("/api/models")
    assert DEADLINE <= time.monotonic() - began < IN_TIME
    assert "request_deadline_seconds" in ended.value.hint
    assert hub.connections == 1


@pytest.mark.parametrize("redirects", [0, 2])
def test_a_download_that_drips_ends_at_the_deadline(redirects: int, tmp_path: Path) -> None:
    moved = reply(b"", b"Location: /elsewhere", status=b"307 Moved")
    began = time.monotonic()
    with (
        RawHub(*[[moved]] * redirects, [DRIPS["body"]]) as hub,
        pytest.raises(SourceUnavailable, match="not complete"),
    ):
        download(
            f"{hub.url}/dump.parquet",
            tmp_path / "dump",
            user_agent="lineage/test",
            timeout_seconds=5,
            deadline_seconds=DEADLINE,
            max_bytes=1000,
            max_requests=None,
            progress=Progress(),
            tally=RequestTally(),
        )
    assert time.monotonic() - began < IN_TIME


def test_a_slow_answer_within_the_deadline_is_taken() -> None:
    slow = Drip(HEAD, b"Content-Length: 2\r\n\r\n[]", 0.001)
    with asking(RawHub([slow])) as client:
        assert client.get("/").body == b"[]"


@pytest.mark.parametrize(
    "left_over",
    [reply([2]), b"\r\n", b"garbage", reply([2])[:40], b"HTTP/1.1 100 Continue\r\n\r\n"],
    ids=["an answer", "an empty line", "garbage", "half an answer", "an informational"],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_connection_with_bytes_left_over_is_not_used_again(
    left_over: bytes, chunked: bool
) -> None:
    first = CHUNKED + b"3\r\n[1]\r\n0\r\n\r\n" if chunked else reply([1])
    hub = RawHub([first + left_over, reply([2])], [reply([3])])
    with asking(hub) as client:
        assert [client.get(path).body for path in ("/1", "/2")] == [b"[1]", b"[3]"]
    assert hub.connections == 2
    assert client.tally.retried == 0


def test_a_clean_connection_is_used_again() -> None:
    hub = RawHub([reply([number]) for number in range(3)])
    with asking(hub) as client:
        assert [client.get("/").body for _ in range(3)] == [b"[0]", b"[1]", b"[2]"]
    assert hub.connections == 1


@pytest.mark.parametrize(
    "header",
    [
        b"Set-Cookie: id=caf\xe9; Path=/",
        "Set-Cookie: id=日本".encode(),
        b"X-Error-Message: caf\xe9",
        b"Location: http://[\xff",
        b"Content-Type: application/json; x=\xff\xfe",
        b"ETag: \xa0\x80",
        b"Link: <https://h/a?cursor=\xe9>; rel=next",
        b"Date: \xff",
        b'RateLimit: "\xe9";r=1;t=1',
        b"Content-Encoding: ",
    ],
)
def test_any_byte_in_a_header_is_taken(header: bytes) -> None:
    with asking(RawHub([reply([1], header), reply([2], header)])) as client:
        assert [client.get("/").body for _ in range(2)] == [b"[1]", b"[2]"]


def test_no_cookie_is_sent_back() -> None:
    hub = RawHub([reply([1], b"Set-Cookie: id=1"), reply([2])])
    with asking(hub) as client:
        client.get("/")
        client.get("/")
    assert "cookie" not in "".join(hub.requests).lower()


def test_a_host_that_does_not_exist_is_asked_once_and_said_in_one_sentence() -> None:
    with (
        client_of(None, endpoint="http://no-such-host.invalid") as client,
        pytest.raises(SettingsError, match=r"^no such host: no-such-host\.invalid$"),
    ):
        client.get("/")
    assert client.tally.sent == 1
    assert client.tally.retried == 0


# What is said of a refusal

QUERY = [("sort", "createdAt"), *[("expand[]", f"field{number}") for number in range(30)]]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (reply({"error": "upstream timed out"}, status=b"503 No"), "upstream timed out"),
        (reply(b"", b"X-Error-Message: caf\xc3\xa9", status=b"502 No"), "café"),
        (reply(b"plain words", status=b"500 No"), "plain words"),
        (reply({"error": {"message": "inner"}}, status=b"504 No"), "inner"),
    ],
)
def test_retries_that_are_spent_say_status_and_the_hubs_words_first(
    sent: bytes, words: str
) -> None:
    with (
        asking(RawHub(answering=lambda _: sent)) as client,
        pytest.raises(SourceUnavailable) as ended,
    ):
        client.get("/api/models", QUERY)
    status = sent[9:12].decode()
    assert ended.value.message.startswith(f"status {status} from 127.0.0.1/api/models: {words}")
    assert "expand" not in ended.value.message


# The token is kept nowhere, however it comes back

ECHOES = {
    "plain": TOKEN,
    "in a header's words": f"Authorization: Bearer {TOKEN}",
    "percent": "".join(f"%{ord(letter):02X}" for letter in TOKEN),
    "percent, some letters": TOKEN.replace("_", "%5f").replace("V", "%56"),
    "percent twice": quote("".join(f"%{ord(letter):02x}" for letter in TOKEN)),
    "JSON escapes": "".join(f"\\u{ord(letter):04x}" for letter in TOKEN),
    "one JSON escape": TOKEN.replace("z", "\\u007A"),
    "JSON in JSON": TOKEN.replace("z", "\\\\u007A"),
    "percent in JSON": TOKEN.replace("z", "\\u00257a"),
    "backslashes": TOKEN.replace("_", "\\_"),
    "a line break within": TOKEN[:9] + "\\n" + TOKEN[9:],
    "two texts": TOKEN[:9] + '" + "' + TOKEN[9:],
    "invisible letters within": TOKEN[:9] + "\u200b\\u200d" + TOKEN[9:],
    "HTML": "".join(f"&#{ord(letter)};" for letter in TOKEN),
    "HTML, hexadecimal": "".join(f"&#x{ord(letter):x};" for letter in TOKEN),
    "HTML, as browsers read it": "".join(f"&#{ord(letter)}" for letter in TOKEN),
    "octal": "".join(f"\\\\{ord(letter):03o}" for letter in TOKEN),
    "braces": "".join(f"\\\\u{{{ord(letter):x}}}" for letter in TOKEN),
    "eight digits": "".join(f"\\\\U{ord(letter):08x}" for letter in TOKEN),
    "quoted-printable": TOKEN.replace("_", "=5F"),
    "hexadecimal": TOKEN.encode().hex(),
    "hexadecimal, in pairs": TOKEN.encode().hex(":"),
    "upper case": TOKEN.upper(),
    **{
        f"base64 after {lead!r}": base64.b64encode(f"{lead}{TOKEN}{tail}".encode()).decode()
        for lead, tail in (("", ""), ("x", ""), ("user:", "="), ("Bearer ", " and more"))
    },
    "base64 for addresses": base64.urlsafe_b64encode(b"??>" + TOKEN.encode()).decode(),
}


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
def test_the_token_is_masked_in_bodies_and_headers(echo: str) -> None:
    value = echo.encode()
    # As in a text of JSON, but for what would end it.
    body = b'[{"_id": "1"}, "' + value.replace(b'" + "', b"") + b'", "and more"]'
    line = value.replace(b"\\n", b"")
    with asking(RawHub([reply(body, b"ETag: " + line)])) as client:
        answer = client.get("/")
    assert answer.body == b'[{"_id": "1"}, "%b", "and more"]' % _text(answer.body)
    assert b"[token]" in _text(answer.body)
    assert "[token]" in answer.headers["etag"]
    assert json.loads(answer.body)[2] == "and more"
    for kept in (answer.body, answer.headers["etag"].encode()):
        assert make_token_mask(TOKEN)(kept) == kept


def _text(body: bytes) -> bytes:
    return body.split(b'"')[5]


def test_the_token_is_masked_in_errors(caplog: pytest.LogCaptureFixture) -> None:
    odd = b"HTTP/1.1 " + TOKEN[3:].encode() + b"\r\n\r\n"
    refusal = reply({"error": f"bad {TOKEN[3:]}"}, status=b"503 No")
    with (
        caplog.at_level("DEBUG"),
        asking(RawHub([odd], [refusal], answering=lambda _: refusal), token=TOKEN[3:]) as client,
        pytest.raises(SourceUnavailable) as ended,
    ):
        client.get("/")
    assert "bad [token]" in ended.value.message
    own = "".join(record.getMessage() for record in caplog.records if "lineage" in record.name)
    assert "illegal status line" in own
    assert TOKEN[3:] not in own + ended.value.message
    assert ended.value.__cause__ is None


@given(st.binary(max_size=300))
def test_what_does_not_spell_the_token_is_left_as_it_is(text: bytes) -> None:
    assert make_token_mask(TOKEN)(text) == text


def test_a_short_word_is_no_token_to_mask() -> None:
    assert make_token_mask("bad")(b"a bad word") == b"a bad word"
    assert make_token_mask(None)(b"a bad word") == b"a bad word"


# Whatever the headers and the body

_VALUE = st.binary(max_size=30).map(lambda raw: bytes(c for c in raw if c not in b"\r\n\0"))
_NAME = st.sampled_from(
    (
        *("Link", "Date", "ETag", "RateLimit", "RateLimit-Policy", "Retry-After", "Location", "X"),
        *("Content-Encoding", "Content-Type", "Set-Cookie", "X-Error-Message", "X-Error-Code"),
        *("Transfer-Encoding", "Content-Length", "Connection", "Upgrade"),
    )
).map(str.encode)
_HEADERS = st.lists(st.tuples(_NAME, _VALUE).map(b": ".join), max_size=6)
_STATUS = st.sampled_from([b"200 OK", b"404 No", b"403 No", b"307 Moved", b"301 M", b"418 T"])


@settings(max_examples=15, deadline=None)
@given(_STATUS, _HEADERS, st.sampled_from([b"[]", b"{}", b"null", b"\xff", b"[", b""]))
def test_any_headers_end_in_an_answer_or_an_error_of_ours(
    status: bytes, headers: list[bytes], body: bytes
) -> None:
    hub = RawHub(answering=lambda _: reply(body, *headers, status=status))
    with asking(hub, timeout_seconds=0.02, deadline_seconds=0.2) as client, suppress(LineageError):
        assert client.get("/api/models").status == int(status[:3])


def test_an_answer_in_the_wrong_place_is_asked_for_again_on_another_connection() -> None:
    hub = RawHub([reply({"error": "timeout"}), reply([9])], [reply([1])])
    with asking(hub) as client:
        answer = client.get("/", find_doubt=lambda it: "odd" if it.body != b"[1]" else None)
    assert answer.body == b"[1]"
    assert hub.connections == 2


class _Unverified(httpcore.NetworkStream):
    def start_tls(self, *_: object, **__: object) -> httpcore.NetworkStream:
        cause = ssl.SSLCertVerificationError(1, "self-signed")
        cause.verify_message = "self-signed certificate"
        raise httpcore.ConnectError("failed") from cause


def test_a_certificate_that_is_not_valid_is_said_at_once() -> None:
    stream = TimedStream(_Unverified(), Deadline(9))
    with pytest.raises(SettingsError, match=r"^the certificate of h is not valid: self-signed"):
        stream.start_tls(ssl.create_default_context(), "h")


@pytest.mark.parametrize("kind", ["missing", "pipe", "text", "folder"])
def test_a_file_of_authorities_that_is_none_is_said_to_be_one(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "authorities"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "text":
        place.write_text("no certificate")
    elif kind == "folder":
        place.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(place))
    with pytest.raises(SettingsError, match="certificates cannot be used") as ended:
        NetworkTransport(httpx.URL("https://hub.example"), Deadline(1))
    assert "SSL_CERT_FILE" in ended.value.hint


def test_a_file_of_authorities_that_changed_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "authorities"
    shutil.copy(certifi.where(), place)
    monkeypatch.setenv("SSL_CERT_FILE", str(place))
    NetworkTransport(httpx.URL("https://hub.example"), Deadline(1)).close()
    place.write_text("no certificate")
    with pytest.raises(SettingsError, match="certificates cannot be used"):
        NetworkTransport(httpx.URL("https://hub.example"), Deadline(1))


def test_a_proxy_has_a_port_that_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://user:secret@127.0.0.1:99999")
    with pytest.raises(SettingsError, match="The proxy in the environment cannot be used"):
        NetworkTransport(httpx.URL("https://hub.example"), Deadline(1))
