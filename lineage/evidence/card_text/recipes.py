"""The recipes that tools print into cards: what mergekit merged, what axolotl trained.

Read line by line and not as YAML: a broken recipe still names its models, and no parser can be
talked into anything.
"""

import re
from collections.abc import Iterator

from lineage.domain.claims import Relation
from lineage.evidence.card_text.references import model_named

_ENTRY = re.compile(r"""[\s>-]{0,24}(\w{1,32})\s{0,2}:\s{0,8}["']?([^\s"'#,{}]{0,300})""", re.ASCII)
_MERGED = frozenset({"model", "base_model", "source_model", "path"})
_TRAINING = frozenset({"datasets", "sequence_len", "micro_batch_size", "learning_rate"})

Said = tuple[str, Relation, str]
"""A model, how it went in, and the line that says so."""


def recipe(code: str) -> Iterator[Said]:
    """Yield the models of one block of code, if it is such a recipe."""
    entries = [(found, line) for line in code.split("\n") if (found := _ENTRY.match(line))]
    keys = {found[1] for found, _ in entries}
    if "merge_method" in keys or {"experts", "source_model"} <= keys:
        for found, line in entries:
            if found[1] in _MERGED:
                yield from _models(found[2], Relation.MERGE, line)
    elif "base_model" in keys and len(keys & _TRAINING) >= 2:
        yield from _trained(entries)


def _trained(entries: list[tuple[re.Match[str], str]]) -> Iterator[Said]:
    values = {found[1]: found[2].lower() for found, _ in entries}
    is_adapter = values.get("adapter") in {"lora", "qlora", "dora"}
    relation = Relation.ADAPTER if is_adapter else Relation.FINETUNE
    for found, line in entries:
        if found[1] == "base_model":
            yield from _models(found[2], relation, line)


def _models(value: str, relation: Relation, line: str) -> Iterator[Said]:
    for part in value.split("+"):  # mergekit spells a model with an adapter `model+adapter`
        if (id := model_named(part)) is not None:
            yield id, relation, line.strip()
