"""The `base_model:` tags: a bare one for each parent, and one qualified by the relation."""

from collections.abc import Iterable

from lineage.domain.evidence import Relation, Witness
from lineage.domain.records import ModelRecord

_TAG = "base_model:"
_RELATIONS = frozenset(Relation) - {Relation.UNSTATED}


def tags(record: ModelRecord) -> Iterable[Witness]:
    """Hear each parent once: by its qualified tag where there is one, else by the bare tag."""
    said = [tag for tag in record.tags if tag.startswith(_TAG)]
    if not said:
        return ()
    qualified, bare = {}, {}
    for tag in said:
        word, _, name = tag[len(_TAG) :].partition(":")
        if name and word in _RELATIONS:
            qualified[name, word] = Witness("tag", name, tag, word)
        else:
            parent = tag[len(_TAG) :]
            bare[parent] = Witness("tag", parent, tag)
    for name, _ in qualified:
        bare.pop(name, None)
    return [*qualified.values(), *bare.values()]
