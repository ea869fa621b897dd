"""The rules: which evidence is read, how much it weighs, and whose relation is believed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lineage.domain.claims import Claim, Strength
from lineage.domain.families import Family
from lineage.domain.records import ModelRecord
from lineage.evidence.extract import (
    extract_adapter_claims,
    extract_card_claims,
    extract_config_claims,
    extract_hub_claims,
    extract_tag_claims,
)
from lineage.evidence.infer import InferenceRule
from lineage.evidence.names import NameRule

Extract = Callable[[ModelRecord], Iterable[Claim]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of evidence."""

    name: str
    strength: Strength
    field: str | None = None
    """The field of a record that `extract` reads: records without it are skipped."""
    extract: Extract | None = None
    """None where the rule infers: from names or card texts, never from one record alone."""
    relation_rank: int | None = None
    """Lower ranks are believed first about a model's relation; None is never asked."""
    teaches_names: bool = False
    """Whether its one name beside the Hub's one parent may teach a former name."""
    names_models: bool = True
    """False where a name may just as well be a local path: unresolved, it makes no edge."""
    make_inference: Callable[[Sequence[Family]], InferenceRule] | None = None
    """Makes what is asked about models without a parent, once all names are resolved."""

    @property
    def infers(self) -> bool:
        """Whether it needs to know what exists, and so comes after all records were read."""
        return self.extract is None

    @property
    def reads_cards(self) -> bool:
        """Whether it claims something only where a crawl reads cards."""
        return self.infers and self.make_inference is None


# Ranks leave a gap where inferred claims begin: an inferred relation is used for models alone
# that declare no parent.
RULES: tuple[Rule, ...] = (
    Rule("hub", Strength.CONFIRMED, "hub_parents", extract_hub_claims, relation_rank=0),
    Rule("tag", Strength.DECLARED, "tags", extract_tag_claims, relation_rank=1),
    Rule(
        "card",
        Strength.DECLARED,
        "card_parents",
        extract_card_claims,
        relation_rank=2,
        teaches_names=True,
    ),
    Rule(
        "adapter_config",
        Strength.DECLARED,
        "adapter_parent",
        extract_adapter_claims,
        relation_rank=3,
        names_models=False,
    ),
    Rule(
        "config",
        Strength.INFERRED,
        "config_name_or_path",
        extract_config_claims,
        names_models=False,
    ),
    Rule("card_text", Strength.INFERRED, relation_rank=8, names_models=False),
    Rule("name", Strength.INFERRED, relation_rank=9, make_inference=NameRule),
)


def extract_claims(records: Iterable[ModelRecord], rules: Iterable[Rule]) -> list[list[Claim]]:
    """Return the claims of every rule in each record."""
    # Most fields of most records are empty and a crawl reads three million records: asking the
    # field first costs less than calling the rule.
    fields = ModelRecord._fields
    readers = [
        (rule.extract, fields.index(rule.field))
        for rule in rules
        if rule.extract is not None and rule.field is not None
    ]
    return [
        [claim for extract, at in readers if record[at] for claim in extract(record)]
        for record in records
    ]
