"""The registry of rules: who may speak, how much it weighs, whose word on the relation holds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lineage.domain.claims import Claim, Strength
from lineage.domain.families import Family
from lineage.domain.records import ModelRecord
from lineage.evidence.adapter_config import adapter_config
from lineage.evidence.card import card
from lineage.evidence.config import config
from lineage.evidence.hub import hub
from lineage.evidence.inference import SecondHearing
from lineage.evidence.names import NameGuesses
from lineage.evidence.tags import tags

Hearing = Callable[[ModelRecord], Iterable[Claim]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of witness."""

    name: str
    strength: Strength
    hear: Hearing
    reads: str | None = None
    """The field of a record that it speaks of: who has none is not asked about. None where it
    speaks only once it is known what exists."""
    relation_rank: int | None = None
    """Lower ranks are believed first about a model's relation; None is never asked."""
    teaches_names: bool = False
    """Whether its one name beside the Hub's one parent may teach a former name."""
    names_models: bool = True
    """False where a name may just as well be a local path: unsettled, it makes no edge."""
    hear_again: Callable[[Sequence[Family]], SecondHearing] | None = None
    """Asked about models without a parent, once it is known what exists."""

    @property
    def infers(self) -> bool:
        """Whether it speaks only once it is known what exists: never of one record alone."""
        return self.reads is None

    @property
    def hears_cards(self) -> bool:
        """Whether it speaks only where cards are read; between, what it said is kept."""
        return self.infers and self.hear_again is None


def silent(record: ModelRecord) -> Iterable[Claim]:
    """Hear nothing: for rules that speak in the second hearing alone."""
    return ()


RULES: tuple[Rule, ...] = (
    Rule("hub", Strength.CONFIRMED, hub, "hub_parents", relation_rank=0),
    Rule("tag", Strength.DECLARED, tags, "tags", relation_rank=1),
    Rule("card", Strength.DECLARED, card, "card_parents", relation_rank=2, teaches_names=True),
    Rule(
        "adapter_config",
        Strength.DECLARED,
        adapter_config,
        "adapter_parent",
        relation_rank=3,
        names_models=False,
    ),
    Rule("config", Strength.INFERRED, config, "config_name_or_path", names_models=False),
    Rule("card_text", Strength.INFERRED, silent, relation_rank=8, names_models=False),
    Rule("name", Strength.INFERRED, silent, relation_rank=9, hear_again=NameGuesses),
)


def extract_claims(records: Iterable[ModelRecord], rules: Iterable[Rule]) -> list[list[Claim]]:
    """Return what every rule hears in each record."""
    # Most fields of most records are empty, and three million records are heard.
    fields = ModelRecord._fields
    hearings = [(rule.hear, fields.index(rule.reads)) for rule in rules if rule.reads is not None]
    return [
        [claim for hear, at in hearings if record[at] for claim in hear(record)]
        for record in records
    ]
