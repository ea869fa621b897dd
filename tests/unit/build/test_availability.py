"""Asking about deleted models never fails: an answer that does not come is left to later."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from lineage.build.availability import AvailabilityChecks, ask_about_draft_tombstones
from lineage.domain.records import Availability, AvailabilityAnswer
from lineage.errors import LineageError, RequestLimitReached, SourceUnavailable, UnexpectedPage
from tests.fakes.fake_clock import NOON
from tests.unit.http.doubles import ListProgress

GONE = AvailabilityAnswer(Availability.GONE, 401, NOON)
ENDS = st.sampled_from(["gone", "nothing", "trouble", "garbage", "spent"])


class FakeHub:
    """Answers by script."""

    def __init__(self, script: Mapping[str, str]) -> None:
        self.script = script
        self.asked: list[str] = []

    def ask(self, key: str, id: str) -> AvailabilityAnswer | None:
        self.asked.append(key)
        match self.script[key]:
            case "trouble":
                raise SourceUnavailable(id)
            case "garbage":
                raise UnexpectedPage(id)
            case "spent":
                raise RequestLimitReached(id)
            case said:
                return GONE if said == "gone" else None


@given(st.lists(ENDS, max_size=12), st.integers(0, 14))
def test_whatever_comes_some_are_answered_and_the_others_are_left(
    script: list[str], most: int
) -> None:
    named = {f"{at:02}": end for at, end in enumerate(script)}
    hub, progress = FakeHub(named), ListProgress()
    try:
        found = ask_about_draft_tombstones(
            [(key, "o/n") for key in named], AvailabilityChecks(hub, most), progress
        )
    except LineageError as error:
        raise AssertionError("a question ended the crawl") from error
    assert list(found) == [key for key in hub.asked if named[key] == "gone"]
    assert hub.asked == list(named)[: len(hub.asked)]
    assert len(hub.asked) <= min(most, len(named))
    if len(hub.asked) < min(most, len(named)):
        last = [named[key] for key in hub.asked[-2:]]
        assert last[-1] == "spent" or set(last) <= {"trouble", "garbage"}
    left = len(named) - len(found)
    assert bool(left) == any(
        f"{left:,} left to the next full crawl" in said for said in progress.said
    )
