"""A hundred thousand rows of garbage through the parser: each becomes a record or a bad row.

`python -m benchmarks.garbage [--rows N]` makes fresh garbage each time; CI parses some thousands.
"""

import argparse
import time

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.sources.test_parse_garbage import page_of, raw_rows

MOST_ROWS = 10
"""Of a page; hypothesis gives up on larger inputs."""


def main() -> None:
    """Parse pages of garbage until so many rows are done; the first that is lost ends the run."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=100_000)
    wanted = arguments.parse_args().rows
    read = bad = 0
    parsing = 0.0

    @given(st.lists(raw_rows(), min_size=1, max_size=MOST_ROWS))
    @settings(
        max_examples=2000,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
    def every_row_is_a_record_or_a_bad_row(raws: list[bytes]) -> None:
        nonlocal read, bad, parsing
        began = time.perf_counter()
        page, good = page_of(raws)
        parsing += time.perf_counter() - began
        assert page.problem is None
        assert len(page.records) + len(page.bad_rows) == len(raws) + len(good)
        read, bad = read + len(raws), bad + len(page.bad_rows)

    while read < wanted:
        every_row_is_a_record_or_a_bad_row()
    print(
        f"{read:,} rows of garbage, {bad:,} of them bad rows, none lost; {parsing:.0f} s to parse"
    )


if __name__ == "__main__":
    main()
