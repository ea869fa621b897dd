"""What the Hub says of one model by its name: one request, and what its answer can tell.

Recorded of the Hub in 2026: missing and private answer 401 without a token and 404 with one;
disabled ones 403; gated ones show their record; a former name redirects. `_id` and `id` come
with every projection.
"""

from typing import Final
from urllib.parse import quote

import msgspec

from lineage.domain.records import Availability, AvailabilityAnswer
from lineage.http.bodies import Answer
from lineage.http.page_log import RecordedPage
from lineage.http.pages import PageLogReader
from lineage.sources.hub import LISTING

_LITTLE: Final = (("expand[]", "disabled"), ("expand[]", "private"))
"""The smallest projection: two ids are all that is looked at."""
_REDIRECTS = frozenset({301, 302, 307, 308})


class _Named(msgspec.Struct):
    key: str = msgspec.field(name="_id")
    id: str
    private: object = None


class HubAvailability:
    """Asks one Hub, or its recorded answers, about models by name."""

    def __init__(self, reader: PageLogReader) -> None:
        self._reader = reader

    def ask(self, key: str, id: str) -> AvailabilityAnswer | None:
        """Return what the Hub says of the model that had this key and name.

        None where its answer tells nothing, or none is recorded and the network is off. Raises
        SourceError where no proper answer comes.
        """

        def find_doubt(answer: Answer) -> str | None:
            is_about_it = _read_named_hub_row(answer.body, id) is not None
            return None if is_about_it else "an answer about something else"

        answer = self._reader.look_for_page(f"{LISTING}/{quote(id, safe='/')}", _LITTLE, find_doubt)
        standing = None if answer is None else availability_from_hub_answer(answer, key, id)
        if answer is None or standing is None:
            return None
        return AvailabilityAnswer(standing, answer.status, answer.recorded_at)


def availability_from_hub_answer(answer: RecordedPage, key: str, id: str) -> Availability | None:
    """Return what an answer tells of the model with this key and name; None: nothing."""
    if answer.status == 200:
        return _compare_listed_key(_read_named_hub_row(answer.body, id), key)
    if answer.status in _REDIRECTS:
        return Availability.RENAMED
    # A gate is there only in front of something.
    if answer.status == 403 or answer.headers.get("x-error-code") == "GatedRepo":
        return Availability.HIDDEN
    if answer.status == 401:
        # A token that is no good any more says nothing of the model.
        return None if b"credentials" in answer.body else Availability.GONE
    return Availability.GONE if answer.status == 404 else None


def _compare_listed_key(named: _Named | None, key: str) -> Availability | None:
    if named is None:
        return None
    if named.private not in (None, False):
        return Availability.GONE  # what everybody sees who has not this token
    return Availability.UNLISTED if named.key == key else Availability.REPLACED


def _read_named_hub_row(body: bytes, id: str) -> _Named | None:
    """Return the model of this name; None where the answer is about none, or about another one."""
    try:
        named = msgspec.json.decode(body, type=_Named)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return named if named.id.casefold() == id.casefold() else None
