"""What the Hub answered is kept beside each tombstone, and nothing else of it is touched."""

from datetime import timedelta

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from lineage.build.availability import (
    last_names_of_tombstones,
    never_asked_tombstones,
    with_availability,
)
from lineage.domain.records import Availability, AvailabilityAnswer
from lineage.store import schema
from lineage.store.reader import STANDING_COLUMNS, read_stored_availability_answer
from tests.fakes.fake_clock import NOON

KEYS = [f"{number:024x}" for number in range(12)]
SAID = st.builds(
    AvailabilityAnswer,
    st.sampled_from(Availability),
    st.integers(100, 599),
    st.integers(0, 10**6).map(lambda seconds: NOON + timedelta(seconds=seconds)),
)
ANSWERS = st.dictionaries(st.sampled_from(KEYS), SAID)


def tombstones() -> pa.Table:
    """Twelve of them, in two pieces as they are read from a file."""
    rows = [
        {"key": key, "id": f"o/{key[-2:]}", "tags": [], "last_seen_in": "x", "missed_at": NOON}
        for key in KEYS
    ]
    parts = (pa.Table.from_pylist(some, schema.TOMBSTONES) for some in (rows[:5], rows[5:]))
    return pa.concat_tables(parts)


@given(ANSWERS, ANSWERS)
def test_answers_upon_answers_are_those_of_a_dictionary(
    first: dict[str, AvailabilityAnswer], second: dict[str, AvailabilityAnswer]
) -> None:
    found = with_availability(with_availability(tombstones(), first), second)
    assert found.schema.equals(schema.TOMBSTONES)
    assert found.drop_columns(list(STANDING_COLUMNS)).equals(
        tombstones().drop_columns(list(STANDING_COLUMNS))
    )
    kept = {row["key"]: read_stored_availability_answer(row) for row in found.to_pylist()}
    assert kept == dict.fromkeys(KEYS) | first | second
    left = never_asked_tombstones(found).to_pylist()
    assert left == [key for key in KEYS if key not in first | second]
    assert last_names_of_tombstones(found, left[::-1]) == [
        (key, f"o/{key[-2:]}") for key in left[::-1]
    ]
