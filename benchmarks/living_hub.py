"""A made-up Hub that lives: what its listing shows on each day after the recorded one.

Nobody has recorded what changes on the Hub within a day, so these are assumptions, rather more than
less: each day another share of the models, all over the Hub, has a new commit (another `sha` and
`lastModified`), an eighth of them new ones that name their parents. Of the others a quarter has
other tags, and a twentieth names its parents no more. No model changes twice within the three
months that it takes to reach all at 1 % a day. Of those with downloads every number is another on
every day, and each week one in a thousand models is deleted.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

START = datetime(2026, 1, 1, 6, tzinfo=UTC)
_HORIZON = 40
"""The models of so many days are held back at the beginning."""
_NEW = 8
_LIFETIME = 997
"""In weeks, of all models."""
_GOLDEN = 0x9E3779B97F4A7C15
_PARENTS = ("baseModels", "config")


@dataclass(frozen=True, slots=True)
class LivingHub:
    """Days of a Hub whose recorded listing has so many models."""

    models: int
    share: float
    """Of the models that change on a day."""

    def pages_of(self, day: int, bodies: Iterable[bytes], *, full: bool) -> Iterator[bytes]:
        """Yield the pages of a full crawl on a day, or of an update from the day before."""
        first = 0
        for body in bodies:
            rows: list[dict[str, Any]] = msgspec.json.decode(body)
            listed_rows = [
                self._row_on(day, number, row)
                for number, row in enumerate(rows, first)
                if self._is_shown(day, number, full=full)
            ]
            first += len(rows)
            if listed_rows:
                yield msgspec.json.encode(listed_rows)

    def moment(self, day: int) -> datetime:
        """Return when a day's crawl begins."""
        return START + timedelta(days=day)

    @property
    def _step(self) -> int:
        return round(1 / (self.share * (1 - 1 / _NEW)))

    def _is_shown(self, day: int, number: int, *, full: bool) -> bool:
        if number >= self._listed_on(day) or number % _LIFETIME in range(1, day // 7 + 1):
            return False
        is_new = number >= self._listed_on(day - 1)
        return full or is_new or number % self._step == day % self._step

    def _listed_on(self, day: int) -> int:
        return self.models - round(self.models * self.share / _NEW * (_HORIZON - day))

    def _row_on(self, day: int, number: int, row: dict[str, Any]) -> dict[str, Any]:
        mixed = (number + 1) * _GOLDEN * (day + 1) % 2**64
        if row["downloads"]:
            row["downloads"] += mixed % (row["downloads"] // 4 + 2)
            row["downloadsAllTime"] += row["downloads"] // 30
        changed_on = number % self._step or self._step
        if number < self._listed_on(0) and changed_on <= day:
            commit = (number + 1) * _GOLDEN**3 * changed_on % 2**160
            row |= {
                "sha": f"{commit:040x}",
                "lastModified": f"{self.moment(changed_on):%FT%T.000Z}",
            }
            kind = number // self._step % 20
            if kind < 5:
                row["tags"].append(f"dataset:of-{changed_on}")
            if kind == 0:
                row = {name: value for name, value in row.items() if name not in _PARENTS}
                row["cardData"].pop("base_model", None)
                row["tags"] = [it for it in row["tags"] if not it.startswith("base_model:")]
        return row
