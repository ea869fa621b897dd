"""The deleted, drawn."""

from dataclasses import dataclass
from datetime import datetime

from lineage.cli.tables.deleted import graves
from tests.unit.render.drawn import HOSTILE, TAKEN, text_of


@dataclass(frozen=True, slots=True)
class Dead:
    id: str
    gone_from: datetime | None
    direct: int = 2
    total: int = 1_234
    missed_at: datetime = TAKEN


def test_each_has_its_numbers_and_both_days() -> None:
    text = text_of(graves([Dead("a/known", TAKEN.replace(day=1)), Dead("a/unknown", None)]))
    known, unknown = (line.split() for line in text.splitlines()[1:])
    assert known == ["a/known", "2", "1,234", "1", "Nov", "2026", "21", "Nov", "2026"]
    assert unknown == ["a/unknown", "2", "1,234", "not", "known", "21", "Nov", "2026"]


def test_a_hostile_name_is_harmless() -> None:
    assert "\x1b[2J" not in text_of(graves([Dead(HOSTILE, None)]))
