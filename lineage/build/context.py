"""What a run needs besides its pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from lineage.build.availability import AvailabilityChecks
from lineage.build.cards import CardPlan, CardSource
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

    source: CardSource
    most: int
    """How many may be asked for."""
    plan: CardPlan | None
    """None where the network is off."""


@dataclass(frozen=True, slots=True)
class BuildContext:
    """What a run needs besides its pages."""

    # One value instead of nine arguments; chosen once from the settings (`lineage.crawl.runs`), so
    # that nothing in here knows settings, the network or the time.

    store: ParquetStore
    families: Sequence[Family]
    """Whose former names and roots are known."""
    limits: Limits
    clock: Clock
    progress: Progress
    rules: Sequence[Rule] = RULES
    models_expected: int | None = None
    """About how many the pages will show, for who watches; None where that is unknown."""
    cards: CardReading | None = None
    """None where no cards are read."""
    availability: AvailabilityChecks | None = None
    """None where the Hub is not asked about deleted models."""
    whole_every: timedelta = timedelta(0)
    """How long full crawls are stored as changes of the last whole one; zero for never."""
    opt_outs: OptOuts = NO_OPT_OUTS
    """Applied to every table."""
