"""What a run needs besides its pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from lineage.build.availability import Questions
from lineage.build.cards import Cards, Plan
from lineage.build.checks import Limits
from lineage.domain.clock import Clock
from lineage.domain.families import Family
from lineage.domain.opt_outs import NO_OPT_OUTS, OptOuts
from lineage.domain.progress import Progress
from lineage.evidence import RULES, Rule
from lineage.store.store import ParquetStore


@dataclass(frozen=True, slots=True)
class CardReading:
    """What reading cards needs."""

    source: Cards
    most: int
    """How many may be asked for."""
    plan: Plan | None
    """None where the network is off."""


@dataclass(frozen=True, slots=True)
class Publication:
    """What a run needs besides its pages."""

    store: ParquetStore
    families: Sequence[Family]
    """Whose former names and roots are known."""
    limits: Limits
    clock: Clock
    progress: Progress
    rules: Sequence[Rule] = RULES
    cards: CardReading | None = None
    """None where no cards are read."""
    questions: Questions | None = None
    """None where nobody is asked what became of the missing."""
    opt_outs: OptOuts = NO_OPT_OUTS
    """Who is kept out of every table."""
