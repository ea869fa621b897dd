"""Judged claims counted: how many of them are right, for rules, families and years of creation."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    """Those that the hidden parents lead to."""
    claimed: frozenset[str]
    """Those that the claim leads to."""
    exact: bool
    """Whether it names a hidden parent, or one with the same weights."""
    line: bool
    """Or one that declares a hidden parent itself: a card copied from the original."""
    release: bool | None
    """Whether all releases that it leads to are among the hidden ones; None where either side leads
    to none, and where it names a group of releases or a family."""
    right: bool | None
    """Whether it leads to a family that the hidden parents lead to; where they lead to none,
    whether it is in line. None where nothing can be said: it names a release of unknown ones."""

    is_origin_listed: bool = True
    """Whether a hidden parent leads to a family, or is listed or an outsider and leads to none."""

    @property
    def crosses(self) -> frozenset[str]:
        """The families that the claim alone leads to; none where it cannot be judged."""
        is_known = self.right is not None and self.is_origin_listed
        return self.claimed - self.families if is_known else frozenset()


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How often some claims are right, and how much of what was hidden they find again."""

    name: str
    """A rule, a rule and its pattern, a family's id, a year, `all` or `unknown`."""
    fired: int
    """Claims that were inferred."""
    judged: int
    """Of those, how many the hidden parents can be compared with."""
    exact: int
    """How many name a hidden parent, or one with the same weights."""
    release: int
    """How many lead to releases that the hidden parents lead to, of `release_named`."""
    release_named: int
    """How many lead to a release where the hidden parents do."""
    family: int
    """How many lead to one of the same families, or name a hidden parent of no family."""
    precision: float | None
    """`family` among the judged; None where nothing was judged."""
    interval: tuple[float, float] | None
    """Wilson's interval of 95 % of the precision."""
    recall: float | None
    """The models of which a claim is right, among all that were asked about."""
    held_out: Share
    """The precision on the half of the authors that no rule was tuned on."""
    by_author: Share
    """The precision as the mean of the authors' shares, so that no single author decides."""

    @property
    def exact_share(self) -> Share:
        """The exact among the fired."""
        return Share(self.exact, self.fired)


def measure_accuracy_by_rule(judged: Sequence[JudgedClaim], hidden: int) -> tuple[Accuracy, ...]:
    """Measure every rule that inferred anything, all together first."""
    rules = sorted({each.claim.claim.rule for each in judged})
    parts = [
        _measure_accuracy(rule, [each for each in judged if each.claim.claim.rule == rule], hidden)
        for rule in rules
    ]
    return (_measure_accuracy(ALL, judged, hidden), *parts)


def measure_accuracy_by_pattern(judged: Sequence[JudgedClaim], hidden: int) -> tuple[Accuracy, ...]:
    """Measure the patterns of rules with several: `name, prefix`, `release_name, family:llama`."""
    groups: dict[str, list[JudgedClaim]] = defaultdict(list)
    for each in judged:
        if each.claim.pattern != (rule := each.claim.claim.rule):
            groups[f"{rule}, {each.claim.pattern}"].append(each)
    return tuple(_measure_accuracy(name, groups[name], hidden) for name in sorted(groups))


def measure_accuracy_by_family(
    judged: Sequence[JudgedClaim], hidden: Mapping[str, int]
) -> tuple[Accuracy, ...]:
    """Measure all rules together for each family that anything hidden, or any claim, leads to.

    A claim that leads to two families belongs to both; it is right where the hidden parents do.
    """
    return tuple(
        _measure_accuracy(
            family,
            [
                replace(each, right=None if each.right is None else family in each.families)
                for each in judged
                if family in each.claimed
            ],
            number,
        )
        for family, number in hidden.items()
        if number or any(family in each.claimed for each in judged)
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
    share = _share_of_right(judged)
    by_author: dict[str, list[bool]] = defaultdict(list)
    for each in judged:
        if each.right is not None:
            by_author[each.author].append(each.right)
    # An author who publishes a thousand models in one manner would decide the share alone.
    means = [sum(right) / len(right) for right in by_author.values()]
    # Two rules may be right about one model: it was hidden once.
    found_again = {each.claim.child for each in judged if each.right}
    return Accuracy(
        name,
        fired=len(judged),
        judged=share.tries,
        exact=sum(each.exact for each in judged),
        release=sum(each.release is True for each in judged),
        release_named=sum(each.release is not None for each in judged),
        family=int(share.hits),
        precision=share.value,
        interval=share.interval,
        recall=Share(len(found_again), hidden).value,
        held_out=_share_of_right(
            [each for each in judged if is_held_out_of_evaluation(each.author)]
        ),
        by_author=Share(sum(means), len(means)),
    )


def _share_of_right(judged: Collection[JudgedClaim]) -> Share:
    right = [each.right for each in judged if each.right is not None]
    return Share(sum(right), len(right))


def is_held_out_of_evaluation(author: str) -> bool:
    """Say whether an author belongs to the half that no rule was tuned on, by a hash."""
    return bool(hashlib.sha256(author.encode()).digest()[0] & 1)
