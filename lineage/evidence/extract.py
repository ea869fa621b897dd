"""Claims that a record declares: one small pure rule for each field that can name a parent."""

from collections.abc import Iterable

from lineage.domain.claims import Claim, Relation
from lineage.domain.records import ModelRecord
from lineage.domain.repo_ids import tidy_name

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
    if name is None or tidy_name(name).lower() == record.id.lower():
        return ()
    return (Claim("config", name, f"_name_or_path: {name}"),)
