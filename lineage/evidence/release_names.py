"""Claims inferred from names that say a release and no model: `L3.1-8B-cats` is some Llama 3.1.

Which spellings mean what, and which names only look alike, each family's file says; how often each
is right, `lineage evaluate` measures.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import Mask
from lineage.domain.claims import Claim, Relation
from lineage.domain.families import Family, Spelling
from lineage.evidence.infer import (
    InferenceCatalog,
    InferenceInput,
    InferredClaim,
    KnownModel,
    infer_claims,
)
from lineage.evidence.names import list_claimed_stems, list_ids_never_inferred

RULE = "release_name"

_Search = Callable[[str], re.Match[str] | None]

# Some hours or days lie between the weights and the announcement.
_BEFORE_RELEASE = timedelta(days=14)
_PRUNED = 0.5
# Of a mixture the size of one expert: `4x8B`.
_SIZE = re.compile(
    r"(?:(?<![0-9a-z.])|(?<=llama))(?:[0-9]{1,2}x)?([0-9]+(?:\.[0-9]+)?)[-_]?([bm])(?![a-z0-9])",
    re.IGNORECASE,
)
# A pattern without capitals: letters, classes of them, `\.`, and groups that set no flags.
_IS_LOWER = re.compile(
    r"(?:[a-z0-9 +_/:|)=!<?*{},.^$-]|\((?!\?[a-z-])|\\\."
    r"|\[\^?-?(?:[a-z]-[a-z]|[0-9]-[0-9]|[a-z0-9 _/.])*-?\])*"
)


def infer_from_release_names(
    families: Sequence[Family], nodes: InferenceInput, candidates: Mask
) -> Iterator[InferredClaim]:
    """Ask the rule `release_name` about the candidates whose architecture some family has."""
    rule = ReleaseNameRule(families)
    types = pa.array(sorted(rule.model_types), pa.string())
    # Where no architecture is known the name alone is read.
    is_read = pc.or_(pc.is_in(nodes.model_type, value_set=types), pc.is_null(nodes.model_type))
    # Who counts fewer weights than the smallest release, even pruned, was trained anew.
    is_large = pc.fill_null(pc.greater(nodes.parameters, int(_PRUNED * rule.fewest)), True)
    is_read = pc.and_(is_read, is_large)
    return infer_claims(rule, nodes, candidates & np.asarray(is_read)[: len(candidates)])


class ReleaseNameRule:
    """The rule `release_name`: at most one release, group of releases or family for each model."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._curated = list_ids_never_inferred(families)
        self._readings = [FamilyReading(family) for family in families if family.names.spellings]
        # Matches nothing where no family says how its names are read.
        patterns = [reading.id_pattern for reading in self._readings]
        self.id_pattern = "|".join(patterns) or r"[^\s\S]"
        self.model_types = {it for reading in self._readings for it in reading.model_types}
        self.fewest = min(
            (it for each in families for it in _claimable_release_sizes(each)), default=0
        )
        """The number of parameters of the smallest release whose names are read."""

    def list_names(self, id: str) -> Iterator[str]:
        return iter(())

    def infer_parents(
        self, model: KnownModel, catalog: InferenceCatalog
    ) -> Iterable[tuple[Claim, str]]:
        if model.id.lower() in self._curated:
            return
        for reading in self._readings:
            if (match := reading.match(model)) is not None:
                subject, words = match
                stems = list_claimed_stems(model.id.rpartition("/")[2])
                quantized = any(stem.quantized for stem in stems)
                relation = Relation.QUANTIZED.value if quantized else None
                yield Claim(RULE, subject, f"…{words}…", relation), subject
                return


def _claimable_release_sizes(family: Family) -> Iterator[int]:
    """Yield how many parameters a family's releases have, where its names are read."""
    if family.names.spellings:
        for release in family.releases:
            yield from (number for _, number in release.parameters)


class FamilyReading:
    """How one family's names are read."""

    def __init__(self, family: Family) -> None:
        names = family.names
        self.id_pattern = f"(?i:{'|'.join(map(re.escape, names.mentions))})"
        """An RE2 pattern for ids: names of others are not read."""
        self.model_types = frozenset(names.model_types)
        self._look_alike = _compile_caseless("|".join(names.look_alikes) or r"(?!)")
        self._spellings: list[tuple[_Search, Spelling, str]] = []
        for spelling in names.spellings:
            is_family = spelling.means == family.id
            subject = f"{'family' if is_family else 'release'}:{spelling.means}"
            self._spellings.append((_compile_caseless(spelling.pattern), spelling, subject))
        self._released = {
            subject: min(release.released for release in entry.releases)
            for subject, entry in family.claimable().items()
        }

    def match(self, model: KnownModel) -> tuple[str, str] | None:
        """Return what a model's name says it comes from, and the words that say so."""
        name = model.id.rpartition("/")[2]
        if model.model_type is not None and model.model_type not in self.model_types:
            return None
        sizes = {f"{number}{unit}".lower() for number, unit in _SIZE.findall(name)}
        for search, spelling, subject in self._spellings:
            if spelling.sizes and not sizes.intersection(spelling.sizes):
                continue
            if (match := search(name)) is not None:
                # The longest pattern comes last.
                is_wrong = self._is_too_old(model, subject) or self.is_look_alike_name(name)
                return None if is_wrong else (subject, name[slice(*match.span())])
        return None

    def is_look_alike_name(self, id: str) -> bool:
        """Say whether a name says something else, whatever it mentions."""
        return self._look_alike(id.rpartition("/")[2]) is not None

    def _is_too_old(self, model: KnownModel, subject: str) -> bool:
        if model.created_at is None:
            return False
        return model.created_at.date() < self._released[subject] - _BEFORE_RELEASE


def _compile_caseless(pattern: str) -> _Search:
    """Return what searches a name for a pattern without case."""
    exact = re.compile(pattern) if _IS_LOWER.fullmatch(pattern) else None

    def search(name: str) -> re.Match[str] | None:
        # `re` without case tries every letter: in lower case the same is five times as fast.
        if exact is not None and name.isascii():
            return exact.search(name.lower())
        return re.search(pattern, name, re.IGNORECASE)

    return search
