"""The table that a claim of the press can be held against: how many derivatives on a day."""

from lineage.analysis.trends import OnDate
from lineage.reporting.document import NOTHING, Cell, Column, Section, Table
from lineage.reporting.trend_words import Told


def dates(told: Told) -> Section:
    """Say how many there were on each day, by each definition of the ladder."""
    found = told.found.dates
    steps = [told.say(f"step.{step.value.replace(' ', '_')}") for step in found.steps]
    columns = [
        Column(told.say("column.on")),
        Column(told.say("column.event")),
        *(Column(step, is_number=True) for step in steps),
    ]
    undated: list[Cell] = [told.says.number(one) for one in found.undated]
    rows = [_row(told, row) for row in found.rows]
    table = Table(columns, [*rows, [told.say("dates.undated"), NOTHING, *undated]])
    return Section(told.say("dates.title"), [told.say("dates.text"), table, told.say("dates.rule")])


def _row(told: Told, row: OnDate) -> list[Cell]:
    found = told.found.dates
    cells: list[Cell] = [
        told.says.number(number) if found.can_tell(row, at) else told.say("dates.cannot", n=number)
        for at, number in enumerate(row.numbers)
    ]
    return [told.says.date(row.day), _event(told, row), *cells]


def _event(told: Told, row: OnDate) -> str:
    if row.releases:
        return ", ".join(row.releases)
    is_last = row.day == told.manifest.origin.taken_at.date()
    return told.say("dates.taken" if is_last else "dates.year_end")
