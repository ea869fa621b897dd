"""The `base_model:` tags: a bare one for each parent, and one qualified by the relation."""

from collections.abc import Iterable

from lineage.domain.evidence import Relation, Witness
from lineage.domain.records import ModelRecord

_TAG = "base_model:"
_RELATIONS = frozenset(Relation) - {Relation.UNSTATED}


def tags(record: ModelRecord) -> Iterable[Witness]:
    """Hear each parent once: by its qualified tag where there is one, else by the bare tag."""
    if _TAG not in "\n".join(record.tags):  # two of three models: answered in one look
        return ()
    said = [tag for tag in record.tags if tag.startswith(_TAG)]
    qualified, bare = {}, {}
    for tag in said:
        parent = tag[len(_TAG) :]
        word, colon, name = parent.partition(":")
        if colon and word in _RELATIONS:
            qualified[name, word] = Witness("tag", name, tag, word)
        else:
            bare[parent] = Witness("tag", parent, tag)
    for name, _ in qualified:
        bare.pop(name, None)
    return [*qualified.values(), *bare.values()]
