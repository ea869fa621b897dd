"""Which cards are worth reading: those of models whose descent their metadata leaves open."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from lineage.domain.arrays import Codes, Indices, Int64s, Mask, Nodes, Positions
from lineage.domain.families import Family
from lineage.domain.progress import Progress
from lineage.errors import SourceUnavailable

_HALF = 32
_LOW = (1 << _HALF) - 1
_SHORT = 5
"""Letters; a shorter stem, `phi`, must stand alone in a name, or `sapphire` would be one."""
_COMMON = frozenset({"command", "stable"})
"""First words of official names that thousands of other names begin with."""
_WORD = re.compile(r"[a-z]+")
_TAGS_OF_OTHER_THINGS = re.compile(
    r"(?:arxiv|base_model|dataset|doi|language|license|region|deploy):"
)
MOST_FAILURES_IN_A_ROW = 3


class Model(NamedTuple):
    """What a listing says that may make a card worth reading."""

    row: int
    key: str
    id: str
    license: str | None
    model_type: str | None
    tags: Sequence[str]
    sha: str | None
    downloads: int | None


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said in the first hearing, one element a witness."""

    child: Nodes
    parent: Nodes
    """-1 = settled to nothing."""
    rule: Codes
    relation: Codes
    """-1 = none was said."""
    models: int
    """How many are listed: nodes from here on are not."""

    def undeclared(self) -> Mask:
        """Say of each listed model whether nothing leads up from it but itself."""
        alone = np.ones(self.models, np.bool_)
        alone[self.child[(self.parent >= 0) & (self.parent != self.child)]] = False
        return alone

    def unsure(self) -> Mask:
        """Say of each listed model whether a parent is not listed, or its witnesses disagree."""
        doubtful = np.zeros(self.models, np.bool_)
        doubtful[self.child[self.parent >= self.models]] = True
        said = self.relation >= 0
        relations = np.unique(_pairs(self.child[said], self.relation[said]))
        doubtful |= _firsts(relations, self.models) > 1
        return doubtful | self._of_other_parents()

    def _of_other_parents(self) -> Mask:
        """Say of each model whether a rule that spoke left out a parent that another named."""
        made = self.parent >= 0
        edges, edge = np.unique(_pairs(self.child[made], self.parent[made]), return_inverse=True)
        parents = _firsts(edges, self.models)
        spoken = np.unique(_pairs(edge, self.rule[made]))
        speakers = _pairs(edges[spoken >> _HALF] >> _HALF, spoken & _LOW)
        speaker, named = np.unique(speakers, return_counts=True)
        child = speaker >> _HALF
        differs = np.zeros(self.models, np.bool_)
        differs[child[named < parents[child]]] = True
        return differs


class FamilySigns:
    """By what a model looks like one of a family: architecture, license, tags, name.

    None of them makes an edge; they only say where a card may tell.
    """

    def __init__(self, families: Iterable[Family], model_types: Mapping[str, str | None]) -> None:
        """Take `model_types`: the architecture of each listed model that is a root."""
        known = tuple(families)
        self.roots = frozenset(root for family in known for root in family.roots())
        types = (model_types.get(root) for root in self.roots)
        self._types = frozenset(type for type in types if type)
        stems = {stem for family in known for stem in _stems(family)}
        self._stem = re.compile("|".join(sorted(map(_pattern, stems), reverse=True)) or r"(?!)")

    def seen_in(self, model: Model) -> bool:
        """Say whether a model that declares nothing may be one of a family; roots are known."""
        if model.id in self.roots:
            return False
        if model.model_type in self._types:
            return True
        tags = (tag for tag in model.tags if not _TAGS_OF_OTHER_THINGS.match(tag))
        words = "\n".join((model.id, model.license or "", *tags))
        return self._stem.search(words.lower()) is not None


def worth_reading(
    models: Iterable[Model], undeclared: Mask, unsure: Mask, signs: FamilySigns
) -> list[Model]:
    """Return the models whose cards may help, the most downloaded first."""
    chosen = [
        model
        for model in models
        if unsure[model.row] or (undeclared[model.row] and signs.seen_in(model))
    ]
    return sorted(chosen, key=lambda model: (-(model.downloads or 0), model.key))


class Cards(Protocol):
    """Where the texts of cards come from."""

    asked: int
    """How many were asked for."""

    def must_be_asked(self, key: str, sha: str | None) -> bool:
        """Say whether this commit's card is not known yet and may be asked for."""
        ...

    def ask(self, key: str, id: str, sha: str | None) -> None:
        """Ask for a card and keep the answer."""
        ...

    def known(self, key: str) -> str | None:
        """Return the text that is kept, None if there is none."""
        ...


def read_cards(
    wanted: Sequence[Model], cards: Cards, most: int, plan: "Plan | None", progress: Progress
) -> Iterator[tuple[Model, str]]:
    """Ask for what is not known, at most so many, then yield every known text with its model.

    Models come in order of their rows. A card that cannot be had is left out and asked for next
    time; several in a row end the run. Without a plan nothing is asked.
    """
    if plan is None:
        progress.say(f"cards: {len(wanted):,} can help; those in the store are read, none is asked")
        yield from _known(wanted, cards)
        return
    missing = [model for model in wanted if cards.must_be_asked(model.key, model.sha)]
    progress.say(plan.said(len(wanted), len(missing), min(most, len(missing))))
    _ask(missing[:most], cards, progress)
    yield from _known(wanted, cards)


def _known(wanted: Sequence[Model], cards: Cards) -> Iterator[tuple[Model, str]]:
    for model in sorted(wanted, key=lambda model: model.row):
        text = cards.known(model.key)
        if text is not None:
            yield model, text


@dataclass(frozen=True, slots=True)
class Plan:
    """What asking costs."""

    requests_a_card: int
    requests_a_window: float
    window_seconds: int

    def said(self, wanted: int, missing: int, asked: int) -> str:
        """Say what will be asked and how long the quota makes it last at least."""
        windows = max(0.0, asked * self.requests_a_card - 1) // max(1.0, self.requests_a_window)
        minutes = windows * self.window_seconds / 60
        later = f", {missing - asked:,} left for later crawls" if missing > asked else ""
        return (
            f"cards: {asked:,} to ask, {wanted - missing:,} known{later}; "
            f"up to {asked * self.requests_a_card:,} requests, "
            f"at least {minutes:,.0f} minutes at the resolvers' quota"
        )


def _ask(missing: Sequence[Model], cards: Cards, progress: Progress) -> None:
    progress.begin("ask for cards", len(missing))
    failures = in_a_row = 0
    for done, model in enumerate(missing, 1):
        try:
            cards.ask(model.key, model.id, model.sha)
            in_a_row = 0
        except SourceUnavailable:
            failures, in_a_row = failures + 1, in_a_row + 1
            if in_a_row == MOST_FAILURES_IN_A_ROW:
                raise
        progress.step(done)
    progress.end()
    if failures:
        progress.say(f"cards: {failures:,} could not be had; the next crawl asks for them again")


def _stems(family: Family) -> Iterator[str]:
    """Yield the words that names of a family begin with: `llama`, `codellama`."""
    if family.id not in _COMMON:
        yield family.id.lower()
    for release in family.releases:
        for id in release.official:
            owner, _, name = id.lower().rpartition("/")
            makers = set(_WORD.findall(f"{owner} {family.organization or ''}".lower()))
            words = [word for word in _WORD.findall(name) if word not in makers - {family.id}]
            if words and len(words[0]) >= _SHORT and words[0] not in _COMMON:
                yield words[0]


def _pattern(stem: str) -> str:
    plain = re.escape(stem)
    return plain if len(stem) >= _SHORT else rf"(?<![a-z]){plain}(?![a-z])"


def _pairs(first: Indices, second: Indices) -> Int64s:
    """Pack two columns of numbers below 2**31 into one, many times as fast to sort."""
    return (first.astype(np.int64) << _HALF) | second


def _firsts(pairs: Int64s, models: int) -> Positions:
    """Return for each model in how many pairs it stands first."""
    return np.bincount(pairs >> _HALF, minlength=models)
