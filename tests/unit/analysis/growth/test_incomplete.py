"""What is not over when the data end is drawn, tabled and exported as incomplete."""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from lineage.analysis.documents import curve_rows
from lineage.analysis.growth.curves import curve_of_base
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.families.registry import all_families, family
from lineage.reporting.files import trend_report_files
from lineage.reporting.language import Language
from lineage.store.reader import Snapshot
from lineage.store.store import ParquetStore
from tests.builders import published, row
from tests.fakes.fake_clock import NOON
from tests.questions import find_trends

ROOT = "meta-llama/Llama-2-7b-hf"
BORN = ["2026-09-03", "2026-09-30", "2026-10-31", "2026-11-01", "2026-11-20", "2026-11-21"]
ROWS = [
    row(ROOT),
    *(
        row(f"kid/{at}", [ROOT], createdAt=f"{day}T01:00:00.000Z", tags=["license:mit"])
        for at, day in enumerate(BORN)
    ),
]
Files = Mapping[str, str]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return published(ROWS, tmp_path_factory.mktemp("running"), families=all_families())


def files_of(snapshot: Snapshot, definition: Definition | None = None) -> Files:
    found = find_trends(snapshot, family("llama"), definition or Definition(), all_families())
    made = trend_report_files(
        found, snapshot.manifest, Language.ENGLISH, all_families(), with_extra=False
    )
    return {name: content.decode() for name, content in made}


@pytest.fixture(scope="module")
def files(snapshot: Snapshot) -> Files:
    return files_of(snapshot)


def completeness(files: Files, name: str, key: str = "month") -> dict[str, str]:
    rows = csv.DictReader(io.StringIO(files[f"trend.llama.{name}.csv"]))
    return {row[key]: row["complete"] for row in rows}


@pytest.mark.parametrize(
    "name",
    ["releases", "releases-by-variant", "total", "relations", "rivals", "share", "variants"],
)
def test_the_running_month_is_incomplete_in_every_table_along_months(
    files: Files, name: str
) -> None:
    months = completeness(files, name)
    assert (months["2026-10"], months["2026-11"], months.get("undated", "")) == (
        "true",
        "false",
        "",
    )


def test_it_is_in_the_tables_of_licenses_and_days(files: Files) -> None:
    assert completeness(files, "licenses-by-month") == {
        "2026-09": "true",
        "2026-10": "true",
        "2026-11": "false",
    }
    days = completeness(files, "dates", "day")
    assert (days["2025-12-31"], days["2026-11-21"], days["undated"]) == ("true", "false", "")


@pytest.mark.parametrize("name", ["releases", "total", "relations", "variants", "rivals"])
def test_a_picture_draws_it_pale_and_says_why(files: Files, name: str) -> None:
    picture = files[f"trend.llama.{name}.en.svg"]
    assert 'opacity="0.4"' in picture
    assert "Pale: incomplete from November 2026 on, since the data end" in picture


def test_the_page_and_its_tables_say_it_too(files: Files) -> None:
    assert "November 2026 (incomplete)" in files["trend.llama.en.html"]
    assert "21 November 2026 (incomplete)" in files["trend.llama.en.html"]


def test_a_week_whose_last_day_is_not_over_is_left_out(tmp_path: Path) -> None:
    released = date(2023, 7, 18)  # Llama 2
    taken_at = datetime(2023, 8, 1, 12, tzinfo=UTC)  # the 14th day after it
    born = [row(f"kid/{day}", [ROOT], createdAt=f"2023-07-{day}T00:00:00.000Z") for day in (20, 25)]
    last = row("kid/last", [ROOT], createdAt="2023-08-01T10:00:00.000Z")
    rows = [row(ROOT, createdAt="2023-07-18T00:00:00.000Z"), *born, last]
    for at, days in ((taken_at, [0, 7]), (taken_at + timedelta(hours=12), [0, 7, 14])):
        snapshot = published(rows, tmp_path / f"{at:%H}", families=all_families(), taken_at=at)
        found = find_trends(snapshot, family("llama"), Definition(), all_families())
        assert list(found.since_release.days) == days, released


@pytest.mark.parametrize(
    ("definition", "months"),
    [
        (Definition(as_of=date(2026, 10, 31)), {"2026-09": "true", "2026-10": "true"}),
        (Definition(as_of=date(2026, 10, 30)), {"2026-09": "true"}),
        (Definition(as_of=date(2026, 9, 29)), {"2026-09": "false"}),
    ],
)
def test_a_month_is_cut_by_the_day_asked(
    snapshot: Snapshot, definition: Definition, months: dict[str, str]
) -> None:
    files = files_of(snapshot, definition)
    assert completeness(files, "licenses-by-month") == months
    assert ("(incomplete)" in files["trend.llama.en.html"]) is ("false" in months.values())


def test_a_day_far_beyond_the_data_is_their_last(snapshot: Snapshot) -> None:
    found = find_trends(snapshot, family("llama"), Definition(as_of=date.max), all_families())
    assert [day.day for day in found.dates.rows][-2:] == [date(2025, 12, 31), NOON.date()]


def test_a_curve_by_month_says_which_were_over_at_each_snapshot(tmp_path: Path) -> None:
    published(ROWS, tmp_path, families=all_families())
    later = datetime(2026, 12, 1, tzinfo=UTC)
    published(ROWS, tmp_path, families=all_families(), taken_at=later)
    store = ParquetStore(str(tmp_path), NO_OPT_OUTS)
    curve = curve_of_base(store, ROOT, all_families(), Grouping.MONTH)
    by_place = {
        (line["month"], line["snapshot"][:8]): line["complete"] for line in curve_rows(curve)
    }
    assert by_place["2026-11", "20261121"] is False
    assert by_place["2026-11", "20261201"] is True
    assert by_place["2026-10", "20261121"] is True
