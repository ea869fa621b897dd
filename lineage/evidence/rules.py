"""The rules: which evidence is read, how much it weighs, and whose relation is believed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lineage.domain.arrays import Mask
from lineage.domain.claims import Claim, Relation, Strength
from lineage.domain.families import Family
from lineage.domain.records import ModelRecord
from lineage.domain.repo_ids import find_repo_id
from lineage.evidence.company import (
    infer_from_child_names,
    infer_from_license_tags,
    infer_from_merge_partners,
)
from lineage.evidence.infer import InferenceInput, InferenceRule, InferredClaim, infer_claims
from lineage.evidence.names import NameRule
from lineage.evidence.release_names import infer_from_release_names
from lineage.evidence.sizes import infer_from_sizes

_TAG = "base_model:"
_ADAPTER = Relation.ADAPTER.value
_RELATIONS = frozenset(word.value for word in Relation if word is not Relation.UNSPECIFIED)
# A named tuple's own constructor is a function in Python; a crawl makes millions of claims.
_new = tuple.__new__


def extract_hub_claims(record: ModelRecord) -> Iterable[Claim]:
    """Return `baseModels`: each parent that the Hub resolved, with its key."""
    if not record.hub_parents:
        return ()
    # The Hub gives one relation for the whole model, whatever the number of its parents.
    relation = record.hub_relation
    word = relation or "base"
    return [
        _new(Claim, ("hub", id, f"{word}: {id}", relation, key)) for key, id in record.hub_parents
    ]


def extract_tag_claims(record: ModelRecord) -> Iterable[Claim]:
    """Return each parent of the `base_model:` tags once: its qualified tag, else the bare one."""
    # Two of three models have no such tag: that is answered in one look.
    if _TAG not in "\n".join(record.tags):
        return ()
    qualified, bare = {}, {}
    for tag in [tag for tag in record.tags if tag.startswith(_TAG)]:
        parent = tag[len(_TAG) :]
        word, colon, name = parent.partition(":")
        if colon and word in _RELATIONS:
            qualified[name, word] = _new(Claim, ("tag", name, tag, word, None))
        else:
            bare[parent] = tag
    # The Hub sets a bare tag beside every qualified one: it adds nothing.
    for name, _ in qualified:
        bare.pop(name, None)
    unqualified = [_new(Claim, ("tag", parent, tag, None, None)) for parent, tag in bare.items()]
    return [*qualified.values(), *unqualified]


def extract_card_claims(record: ModelRecord) -> Iterable[Claim]:
    """Return `base_model` of the card's front matter, each entry as the author wrote it."""
    if not record.card_parents:
        return ()
    relation = record.card_relation
    return [
        _new(Claim, ("card", name, f"base_model: {name}", relation, None))
        for name in record.card_parents
    ]


def extract_adapter_claims(record: ModelRecord) -> Iterable[Claim]:
    """Return `base_model_name_or_path` of the adapter's configuration, which may be a path."""
    name = record.adapter_parent
    if name is None:
        return ()
    # A model with such a configuration is an adapter, wherever the name leads.
    quote = f"base_model_name_or_path: {name}"
    return (_new(Claim, ("adapter_config", name, quote, _ADAPTER, None)),)


def extract_config_claims(record: ModelRecord) -> Iterable[Claim]:
    """Return `_name_or_path` of the model's configuration, unless the model names itself."""
    name = record.config_name_or_path
    # transformers writes this field by itself: from where the weights were loaded, which after
    # a push is often the model's own name or a folder. So it infers and declares nothing.
    if name is None or (find_repo_id(name) or "").lower() == record.id.lower():
        return ()
    return (Claim("config", name, f"_name_or_path: {name}"),)


Extract = Callable[[ModelRecord], Iterable[Claim]]
Infer = Callable[[Sequence[Family], InferenceInput, Mask], Iterable[InferredClaim]]


def _infer_claims_with_rule(make: Callable[[Sequence[Family]], InferenceRule]) -> Infer:
    """Return what asks a rule on names about each model whose id it matches."""
    return lambda families, nodes, candidates: infer_claims(make(families), nodes, candidates)


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
    infer: Infer | None = None
    """Asks about models without a parent, once all names are resolved."""
    source: str = ""
    """What is read, `name`, where the rule infers."""
    precision: float | None = None
    """How often what it infers is right by family; None where that was never measured."""
    yields_to: str | None = None
    """The rule that reads the same words and says more: it is asked only where that is silent."""

    @property
    def infers(self) -> bool:
        """Whether it needs to know what exists, and so comes after all records were read."""
        return self.extract is None

    @property
    def reads_cards(self) -> bool:
        """Whether it claims something only where a crawl reads cards."""
        return self.source == "card"


# Ranks leave a gap where inferred claims begin: an inferred relation is used for models alone
# that declare no parent. How often rules are right was measured on 2026-12-01 (docs/evidence.md).
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
        source="configuration",
    ),
    Rule("local_path", Strength.INFERRED, relation_rank=7, names_models=False, source="local path"),
    Rule("card_text", Strength.INFERRED, relation_rank=8, names_models=False, source="card"),
    Rule(
        "name",
        Strength.INFERRED,
        relation_rank=9,
        infer=_infer_claims_with_rule(NameRule),
        source="name",
        precision=0.992,
    ),
    Rule(
        "license_tag",
        Strength.INFERRED,
        infer=infer_from_license_tags,
        source="license tag and architecture",
        precision=0.994,
    ),
    Rule(
        "merge_partners",
        Strength.INFERRED,
        infer=infer_from_merge_partners,
        source="partners in merges",
        precision=0.995,
    ),
    Rule(
        "child_names",
        Strength.INFERRED,
        infer=infer_from_child_names,
        source="children's names",
        precision=0.996,
    ),
    Rule("parameters", Strength.INFERRED, infer=infer_from_sizes, source="size", precision=0.994),
    # What a model's name says of its release is no second opinion on what that very name says of
    # its parent.
    Rule(
        "release_name",
        Strength.INFERRED,
        relation_rank=10,
        infer=infer_from_release_names,
        yields_to="name",
        source="name",
        precision=0.997,
    ),
)


def infer_claims_by_rules(
    rules: Iterable[Rule],
    families: Sequence[Family],
    nodes: InferenceInput,
    candidates: Mask,
) -> list[InferredClaim]:
    """Ask every rule that infers from what exists about the listed models in `candidates`."""
    inferred: list[InferredClaim] = []
    for rule in sorted(rules, key=lambda rule: (rule.yields_to is not None, rule.name)):
        if rule.infer is None:
            continue
        models = candidates
        if rule.yields_to is not None:
            models = candidates.copy()
            models[[it.child for it in inferred if it.claim.rule == rule.yields_to]] = False
        inferred += rule.infer(families, nodes, models)
    return inferred


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
