"""How sure a share is: a number of hits among a number of tries, with its interval."""

from dataclasses import dataclass
from math import sqrt

_Z = 1.959964
"""Two-sided 95 %."""


@dataclass(frozen=True, slots=True)
class Share:
    """Hits among tries; with Wilson's interval of 95 %, which holds for few tries too."""

    hits: float
    """Not whole where the tries are authors, each with a share of its own."""
    tries: int

    @property
    def value(self) -> float | None:
        """The share itself; None where nothing was tried."""
        return self.hits / self.tries if self.tries else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Lower and upper end, between 0 and 1; None where nothing was tried.

        Source: E. B. Wilson, Probable inference, J. Am. Stat. Assoc. 22 (1927).
        """
        if not self.tries:
            return None
        share, n, square = self.hits / self.tries, self.tries, _Z * _Z
        middle = share + square / (2 * n)
        spread = _Z * sqrt(share * (1 - share) / n + square / (4 * n * n))
        whole = 1 + square / n
        return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)
