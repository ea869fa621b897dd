"""How good inference is: frozen values, before anyone decides how to word them.

They are spelled as JSON as they are: their field names are what scripts rely on.
"""

from dataclasses import dataclass, field
from math import sqrt

ALL = "all"
OTHERS = "others"
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
class Score:
    """What one pattern of one rule, or all together, did for the models of one family."""

    family: str
    """A family's id, `others`, or `all`."""
    rule: str
    pattern: str
    hidden: int
    """Models whose parents were hidden."""
    inferred: int
    """Models for which it inferred a parent."""
    parent: Share
    line: Share
    release: Share
    """Among the models that lead to a release of any family."""
    checked: Share
    """`line` on the half of the authors that no rule was tuned on."""
    authors: Share
    """`line` as the mean of the authors' shares, so that no single author decides."""
    coverage: Share = field(init=False)
    """The models it inferred a parent for among those it was asked about."""
    recall: Share = field(init=False)
    """The models it was right about (`line`) among those it was asked about."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "coverage", Share(self.inferred, self.hidden))
        object.__setattr__(self, "recall", Share(self.line.hits, self.hidden))


@dataclass(frozen=True, slots=True)
class Mistake:
    """An inferred parent that is wrong."""

    child: str
    inferred: str
    declared: tuple[str, ...]
    rule: str
    pattern: str
    quote: str
    children: int
    """How many models would come along."""
    crosses: bool
    """Whether it leads into a family that the declared parents do not belong to."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How good inference is, by family, rule and pattern."""

    snapshot: str
    family: str
    hidden_by: str
    """`declared` or `labels`."""
    scores: tuple[Score, ...]
    mistakes: tuple[Mistake, ...]
    """The worst first: into another family, then with most models below."""
    crossings: int
    """How many inferred links lead into the family from outside."""
    unmeasured: tuple[str, ...]
    """Rules that infer and inferred nothing in this snapshot."""
    labels_unknown: int = 0
    """Labelled children that the snapshot does not hold."""
    labels_bad: int = 0
    """Lines of the labels that held no pair of ids."""
