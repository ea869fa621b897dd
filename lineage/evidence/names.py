"""Guesses from names: `Foo-7B-GGUF` is made of `Foo-7B`, `Llama-3.1-8B-Instruct-cats` of that.

A name is a habit and no statement: what is guessed here stays marked as guessed. Which habits are
followed, and how often each is right, is measured by `lineage evaluate`; docs/evidence.md says it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from enum import StrEnum
from itertools import islice

from lineage.domain.claims import Relation
from lineage.domain.families import Family
from lineage.evidence.inference import Guess, Known, WhatExists
from lineage.evidence.name_stems import MARKED, Stem, sizes_in, stem_of
from lineage.evidence.root_names import RootNames

_MOST_OWNER_SPLITS = 4
_BETWEEN = re.compile(r"[-_.]")
_CLEARLY = timedelta(days=7)
"""A copy made anew under its old name may be a little younger than what was made of it."""
_ANOTHER_STEP = re.compile(
    r"abliterat|uncensor|merge|ties|slerp|dare|stock|mix|fusion|soup|moe|distill|delta|diff"
    r"|ablation|reference|eagle|draft|medusa|prun|orpheus|tts|dpo|grpo|ppo|orpo|kto|rft"
    r"|stage|step|iter|round|epoch|pass|cpt|contin|resum|redo|[-_.]v[2-9]"
    r"|gguf|mlx|onnx|awq|gptq|shard|qat|gensyn|swarm"
    r"|vision|image|ocr|caption|description|html|trl-sft|amazon",
    re.IGNORECASE,
)
"""Words that another model stands between: somebody's fine-tune or several, a converted copy, the
re-uploads that a training network starts from; or, in the last line, that the model sees, which
some tutorials leave out of its name."""


class NamePattern(StrEnum):
    """How a name led to a parent."""

    OWN = "own"
    """The author's own model of the stem."""
    ROOT = "root"
    """The official repository of the stem."""
    SOLE = "sole"
    """The one model of the stem, spelled alike."""
    ORIGINAL = "original"
    """The one of several of the stem that all the others declare as their parent."""
    OWNER = "owner"
    """The stem spells owner and model in one, `owner_model` or `owner.model`."""
    PREFIX = "prefix"
    """The name begins with that of an official repository, instruct or base told apart."""


class NameGuesses:
    """The rule `name`, as a second hearing."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._roots = RootNames(families)
        self._decided = {id.lower() for family in families for id in _decided(family)}
        prefixed = self._roots.pattern
        self.pattern = MARKED if prefixed is None else f"(?:{MARKED})|(?:{prefixed})"

    def asks_for(self, id: str) -> Iterator[str]:
        name = id.rpartition("/")[2]
        if (stem := stem_of(name)) is not None:
            yield stem.text.lower()
            yield from (repository.lower() for _, repository in _with_owner(stem.text))
            if (root := self._roots.of(stem.text)) is not None:
                yield root.rpartition("/")[2].lower()
        elif (begun := self._roots.begins(name)) is not None:
            yield begun[0].rpartition("/")[2].lower()

    def hear(self, model: Known, exists: WhatExists) -> Iterable[Guess]:
        guess = self.guess(model, exists)
        return () if guess is None else (guess,)

    def guess(self, model: Known, exists: WhatExists) -> Guess | None:
        """Return the parent that a name speaks of, where it is known and nothing contradicts.

        What the registry has decided by hand, its roots and its outsiders, is not guessed about.
        """
        if model.id.lower() in self._decided:
            return None
        name = model.id.rpartition("/")[2]
        if (stem := stem_of(name)) is not None:
            return self._by_stem(model, stem, exists)
        if (begun := self._roots.begins(name)) is not None:
            return self._by_prefix(model, *begun, exists)
        return None

    def _by_stem(self, model: Known, stem: Stem, exists: WhatExists) -> Guess | None:
        found = self._of_stem(model, stem.text, exists)
        if found is None:
            return None
        parent, habit = found
        relation = Relation.QUANTIZED if stem.quantized else None
        return Guess(parent.id, habit, f"…{stem.tail} of {stem.text}", relation)

    def _of_stem(
        self, model: Known, stem: str, exists: WhatExists
    ) -> tuple[Known, NamePattern] | None:
        named = [one for one in exists.called(stem.lower()) if one.id != model.id]
        if (own := _owned_by(_owner(model.id), named)) is not None:
            return (own, NamePattern.OWN) if _fits(own, model) else None
        if (root := self._root(self._roots.of(stem), exists)) is not None:
            return (root, NamePattern.ROOT) if _fits(root, model) else None
        if (owned := _spelled_with_owner(stem, exists)) is not None:
            return (
                (owned, NamePattern.OWNER) if owned.id != model.id and _fits(owned, model) else None
            )
        chosen = _original(named) if len(named) > 1 else _sole(named, stem)
        if chosen is None or _is_younger(chosen, model) or not _fits(chosen, model):
            return None
        return chosen, NamePattern.ORIGINAL if len(named) > 1 else NamePattern.SOLE

    def _by_prefix(self, model: Known, root: str, rest: str, exists: WhatExists) -> Guess | None:
        parent = self._root(root, exists)
        if parent is None or not _fits(parent, model) or not rest.strip("-_."):
            return None
        if _ANOTHER_STEP.search(rest) or sizes_in(rest) - sizes_in(root):
            return None
        begun = model.id.rpartition("/")[2].removesuffix(rest)
        return Guess(parent.id, NamePattern.PREFIX, f"{begun}-…")

    def _root(self, id: str | None, exists: WhatExists) -> Known | None:
        if id is None:
            return None
        named = exists.called(id.rpartition("/")[2].lower())
        return next((one for one in named if one.id == id), None)


def _decided(family: Family) -> Iterator[str]:
    yield from family.roots()
    yield from (outsider.id for outsider in family.outsiders)


def _owner(id: str) -> str:
    return id.rpartition("/")[0]


def _owned_by(owner: str, named: Iterable[Known]) -> Known | None:
    return next((one for one in named if _owner(one.id) == owner), None) if owner else None


def _sole(named: Sequence[Known], stem: str) -> Known | None:
    """Return the only bearer of a name that is spelled alike and no everyday word."""
    if len(named) != 1 or not any(letter.isdigit() for letter in stem):
        return None
    return named[0] if named[0].id.rpartition("/")[2] == stem else None


def _original(named: Sequence[Known]) -> Known | None:
    """Return the one that all its namesakes were said to come from."""
    for one in named:
        if all(other is one or one.id in other.parents for other in named):
            return one
    return None


def _with_owner(stem: str) -> Iterator[tuple[str, str]]:
    """Yield each way to read owner and repository out of one name."""
    for found in islice(_BETWEEN.finditer(stem), _MOST_OWNER_SPLITS):
        if found.start() > 0 and found.end() < len(stem):
            yield stem[: found.start()], stem[found.end() :]


def _spelled_with_owner(stem: str, exists: WhatExists) -> Known | None:
    for owner, repository in _with_owner(stem):
        meant = f"{owner}/{repository}".lower()
        for one in exists.called(repository.lower()):
            if one.id.lower() == meant:
                return one
    return None


def _is_younger(parent: Known, child: Known) -> bool:
    if parent.created_at is None or child.created_at is None:
        return False
    return parent.created_at - child.created_at > _CLEARLY


def _fits(parent: Known, child: Known) -> bool:
    """Say whether nothing that is known of both contradicts."""
    kinds = {parent.model_type, child.model_type} - {None}
    return len(kinds) < 2 and child.id not in parent.parents
