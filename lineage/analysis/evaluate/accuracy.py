"""Judged claims counted: how many of them are right, for rules, families and years of creation."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

import pyarrow as pa
import pyarrow.compute as pc

from lineage.evidence.infer import InferredClaim

ALL = "all"
UNKNOWN = "unknown"
_Z = 1.959964
"""Two-sided 95 %."""


@dataclass(frozen=True, slots=True)
class Share:
    """Hits among tries; with Wilson's interval of 95 %, which holds for few tries too."""

    hits: float
    """Not whole where the tries are authors, each with a share of its own."""
    tries: int
    value: float | None = field(init=False)
    """The share itself; None where nothing was tried."""
    interval: tuple[float, float] | None = field(init=False)
    """Lower and upper end, between 0 and 1; None where nothing was tried."""

    def __post_init__(self) -> None:
        value = self.hits / self.tries if self.tries else None
        object.__setattr__(self, "value", value)
        object.__setattr__(self, "interval", _wilson_interval(value, self.tries))


def _wilson_interval(share: float | None, tries: int) -> tuple[float, float] | None:
    # The textbook's interval, share +- z * error, leaves 0..1 where a rule fired a few times and
    # was always right. Source: E. B. Wilson, Probable inference, J. Am. Stat. Assoc. 22 (1927).
    if share is None:
        return None
    square = _Z * _Z
    middle = share + square / (2 * tries)
    spread = _Z * sqrt(share * (1 - share) / tries + square / (4 * tries * tries))
    whole = 1 + square / tries
    return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


@dataclass(frozen=True, slots=True)
class JudgedClaim:
    """One inferred claim beside what is known."""

    claim: InferredClaim
    author: str
    families: frozenset[str]
    parent: bool
    line: bool
    release: bool | None
    """None where the hidden parents lead to no release."""
    family: bool
    """Whether it leads to a family that the hidden parents lead to."""
    crosses: frozenset[str]
    """Families that the claim alone leads to."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How often some claims are right, and how much of what was hidden they find again."""

    name: str
    """A rule, a family's id, a year, `all` or `unknown`."""
    fired: int
    """Claims that were inferred."""
    exact: int
    """Of those, how many name a hidden parent, or one with the same weights."""
    release: int
    """How many lead to the same releases."""
    family: int
    """How many lead to one of the same families."""
    precision: float | None
    """The exact among the fired; None where nothing was inferred."""
    interval: tuple[float, float] | None
    """Wilson's interval of 95 % of the precision."""
    recall: float | None
    """The models of which a hidden parent was found again, among all that were asked about."""


def measure_accuracy_by_rule(judged: Sequence[JudgedClaim], hidden: int) -> tuple[Accuracy, ...]:
    """Measure every rule that inferred anything, all together first."""
    rules = sorted({each.claim.claim.rule for each in judged})
    parts = [
        _measure_accuracy(rule, [each for each in judged if each.claim.claim.rule == rule], hidden)
        for rule in rules
    ]
    return (_measure_accuracy(ALL, judged, hidden), *parts)


def measure_accuracy_by_family(
    judged: Sequence[JudgedClaim], hidden: Mapping[str, int]
) -> tuple[Accuracy, ...]:
    """Measure all rules together for each family that anything hidden leads to."""
    return tuple(
        _measure_accuracy(family, [each for each in judged if family in each.families], number)
        for family, number in hidden.items()
        if number
    )


def measure_accuracy_by_year(
    judged: Sequence[JudgedClaim], hidden: Sequence[int], created_at: pa.ChunkedArray
) -> tuple[Accuracy, ...]:
    """Measure all rules together for each year in which a model was created, `unknown` last."""
    years = pc.year(created_at).take(pa.array(hidden, pa.int64())).to_pylist()
    year_of = dict(zip(hidden, years, strict=True))
    by_year = sorted(set(years), key=lambda year: (year is None, year))
    return tuple(
        _measure_accuracy(
            UNKNOWN if year is None else str(year),
            [each for each in judged if year_of[each.claim.child] == year],
            years.count(year),
        )
        for year in by_year
    )


def _measure_accuracy(name: str, judged: Collection[JudgedClaim], hidden: int) -> Accuracy:
    share = Share(sum(each.parent for each in judged), len(judged))
    # Two rules may find the same parent of one model: it was hidden once.
    found_again = {each.claim.child for each in judged if each.parent}
    return Accuracy(
        name,
        fired=len(judged),
        exact=int(share.hits),
        release=sum(each.release is True for each in judged),
        family=sum(each.family for each in judged),
        precision=share.value,
        interval=share.interval,
        recall=Share(len(found_again), hidden).value,
    )
