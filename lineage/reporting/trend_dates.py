"""The table that a claim of the press can be held against: how many derivatives on a day."""

from datetime import date

from lineage.analysis.growth import ClaimPassed, OnDate
from lineage.reporting.document import NOTHING, Cell, Column, Section, Table
from lineage.reporting.trend_words import Told


def dates(told: Told) -> Section:
    """Say how many there were on each day, by each definition of the ladder."""
    found = told.found.dates
    columns = [
        Column(told.say("column.on"), is_short=True),
        Column(told.say("column.event")),
        Column(told.say("dates.tells")),
        *(Column(step, is_number=True) for step in _steps(told)),
    ]
    undated: list[Cell] = [told.says.number(one) for one in found.undated]
    rows = [_row(told, row) for row in found.rows]
    table = Table(columns, [*rows, [told.say("dates.undated"), NOTHING, NOTHING, *undated]])
    return Section(told.say("dates.title"), [told.say("dates.text"), table, told.say("dates.rule")])


def claim(told: Told) -> Section:
    """Say when a claimed number was passed, and since when it can have been."""
    found = told.found.dates
    columns = [
        Column(told.say("column.counted")),
        Column(told.say("claim.surely"), is_short=True),
        Column(told.say("claim.earliest"), is_short=True),
        Column(told.say("claim.dated"), is_number=True),
        Column(told.say("claim.undated"), is_number=True),
    ]
    rows = [
        [
            step,
            _day(told, one.surely, "claim.never"),
            _earliest(told, one),
            told.says.number(dated),
            told.says.number(undated),
        ]
        for step, one, dated, undated in zip(
            _steps(told), found.passed, found.rows[-1].numbers, found.undated, strict=True
        )
    ]
    text = [told.say("claim.text")]
    if told.found.knowledge.is_sample:
        text.append(told.say("claim.sample"))
    return Section(told.say("claim.title"), [*text, Table(columns, rows)])


def _earliest(told: Told, one: ClaimPassed) -> str:
    """A sample lacks models, each of which would make it earlier."""
    if told.found.knowledge.is_sample:
        return told.say("claim.cannot")
    if one.earliest == told.found.dates.rows[0].day:
        return told.say("dates.tells_none")
    return _day(told, one.earliest, "claim.not_at_all")


def _day(told: Told, day: date | None, otherwise: str) -> str:
    return told.say(otherwise) if day is None else told.says.date(day)


def _steps(told: Told) -> list[str]:
    return [told.say(f"step.{step.value.replace(' ', '_')}") for step in told.found.dates.steps]


def _row(told: Told, row: OnDate) -> list[Cell]:
    found = told.found.dates
    cells: list[Cell] = [
        told.says.number(number)
        if found.is_reliable(row, at)
        else told.say("dates.cannot", n=number)
        for at, number in enumerate(row.numbers)
    ]
    return [told.says.date(row.day), _event(told, row), _verdict(told, row), *cells]


def _verdict(told: Told, row: OnDate) -> str:
    """Say whether the snapshot can tell by all definitions, by some or by none."""
    found = told.found.dates
    tells = [found.is_reliable(row, at) for at in range(len(row.numbers))]
    if not any(tells):
        sample = "_sample" if told.found.knowledge.is_sample else ""
        return told.say(f"dates.tells_none{sample}")
    return told.say("dates.tells_all" if all(tells) else "dates.tells_some")


def _event(told: Told, row: OnDate) -> str:
    if row.releases:
        return ", ".join(row.releases)
    if row.day != told.last_day:
        return told.say("dates.year_end")
    return told.say("dates.taken" if told.found.definition.as_of is None else "dates.asked")
