"""The `base_model:` tags: a bare one for each parent, and one qualified by the relation."""

from collections.abc import Iterable

from lineage.domain.claims import Claim, Relation
from lineage.domain.records import ModelRecord

_TAG = "base_model:"
_RELATIONS = frozenset(word.value for word in Relation if word is not Relation.UNSPECIFIED)
_new = tuple.__new__  # a named tuple's own constructor is a function in Python


def tags(record: ModelRecord) -> Iterable[Claim]:
    """Hear each parent once: by its qualified tag where there is one, else by the bare tag."""
    if _TAG not in "\n".join(record.tags):  # two of three models: answered in one look
        return ()
    qualified, bare = {}, {}
    for tag in [tag for tag in record.tags if tag.startswith(_TAG)]:
        parent = tag[len(_TAG) :]
        word, colon, name = parent.partition(":")
        if colon and word in _RELATIONS:
            qualified[name, word] = _new(Claim, ("tag", name, tag, word, None))
        else:
            bare[parent] = tag
    for name, _ in qualified:
        bare.pop(name, None)
    alone = [_new(Claim, ("tag", parent, tag, None, None)) for parent, tag in bare.items()]
    return [*qualified.values(), *alone]
