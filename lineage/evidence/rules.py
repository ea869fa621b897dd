"""The registry of rules: who may speak, how much it weighs, whose word on the relation holds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lineage.domain.evidence import Strength, Witness
from lineage.domain.families import Family
from lineage.domain.records import ModelRecord
from lineage.evidence.adapter_config import adapter_config
from lineage.evidence.card import card
from lineage.evidence.config import config
from lineage.evidence.hub import hub
from lineage.evidence.names import NameGuesses
from lineage.evidence.second_hearing import SecondHearing
from lineage.evidence.tags import tags

Hearing = Callable[[ModelRecord], Iterable[Witness]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of witness."""

    name: str
    strength: Strength
    hear: Hearing
    relation_rank: int | None = None
    """Lower ranks are believed first about a model's relation; None is never asked."""
    teaches_names: bool = False
    """Whether its one name beside the Hub's one parent may teach a former name."""
    names_models: bool = True
    """False where a name may just as well be a local path: unsettled, it makes no edge."""
    hear_again: Callable[[Sequence[Family]], SecondHearing] | None = None
    """Asked about models without a parent, once it is known what exists."""

    @property
    def hears_again(self) -> bool:
        """Whether it speaks only once it is known what exists: never of one record alone."""
        return self.hear is silent

    @property
    def hears_cards(self) -> bool:
        """Whether it speaks only where cards are read; between, what it said is kept."""
        return self.hears_again and self.hear_again is None


def silent(record: ModelRecord) -> Iterable[Witness]:
    """Hear nothing: for rules that speak in the second hearing alone."""
    return ()


RULES: tuple[Rule, ...] = (
    Rule("hub", Strength.CONFIRMED, hub, relation_rank=0),
    Rule("tag", Strength.STATED, tags, relation_rank=1),
    Rule("card", Strength.STATED, card, relation_rank=2, teaches_names=True),
    Rule("adapter_config", Strength.STATED, adapter_config, relation_rank=3, names_models=False),
    Rule("config", Strength.GUESSED, config, names_models=False),
    Rule("card_text", Strength.GUESSED, silent, relation_rank=8, names_models=False),
    Rule("name", Strength.GUESSED, silent, relation_rank=9, hear_again=NameGuesses),
)


def testify(records: Iterable[ModelRecord], rules: Iterable[Rule]) -> list[list[Witness]]:
    """Return what every rule hears in each record."""
    hearings = [rule.hear for rule in rules if not rule.hears_again]
    return [[witness for hear in hearings for witness in hear(record)] for record in records]
