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
    fewest = {subject: it.names.fewest for it in families for subject in it.claimable()}
    for each in infer_claims(rule, nodes, candidates & np.asarray(is_read)[: len(candidates)]):
        # Who counts fewer weights than the smallest release, even pruned, was trained anew.
        counted = nodes.parameters[each.child].as_py()
        if counted is None or counted > _PRUNED * fewest[each.claim.parent_as_written]:
            yield each


class ReleaseNameRule:
    """The rule `release_name`: at most one release, group of releases or family for each model."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._curated = list_ids_never_inferred(families)
        self._readings = [FamilyReading(family) for family in families if family.names.spellings]
        # Matches nothing where no family says how its names are read.
        patterns = [reading.id_pattern for reading in self._readings]
        self.id_pattern = "|".join(patterns) or r"[^\s\S]"
        self.model_types = {it for reading in self._readings for it in reading.model_types}

    def list_names(self, id: str) -> Iterator[str]:
        return iter(())

    def infer_parents(
        self, model: KnownModel, catalog: InferenceCatalog
    ) -> Iterable[tuple[Claim, str]]:
        match = None if model.id.lower() in self._curated else self.read_release_name(model)
        if match is not None:
            subject, words = match
            stems = list_claimed_stems(model.id.rpartition("/")[2])
            quantized = any(stem.quantized for stem in stems)
            relation = Relation.QUANTIZED.value if quantized else None
            yield Claim(RULE, subject, f"…{words}…", relation), subject

    def read_release_name(self, model: KnownModel) -> tuple[str, str] | None:
        """Return what a name says a model comes from, and the words; None if two families'."""
        lowered = model.id.lower()
        spelled = [
            (reading, *match)
            for reading in self._readings
            if reading.mentions_family(lowered) and (match := reading.find_spelling(model.id))
        ]
        if len(spelled) != 1:
            return None
        reading, subject, words = spelled[0]
        return (subject, words) if reading.fits_model(model, subject) else None


class FamilyReading:
    """How one family's names are read."""

    def __init__(self, family: Family) -> None:
        names = family.names
        self.id_pattern = f"(?i:{'|'.join(map(re.escape, names.mentions))})"
        """An RE2 pattern for ids: names of others are not read."""
        self._mentions = tuple(it.lower() for it in names.mentions)
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

    def mentions_family(self, lowered_id: str) -> bool:
        """Say whether a name in small letters holds some without which nothing is read."""
        # Every family asks this of every name: `any` over a generator takes twice as long.
        for letters in self._mentions:  # noqa: SIM110
            if letters in lowered_id:
                return True
        return False

    def find_spelling(self, id: str) -> tuple[str, str] | None:
        """Return what the first spelling that fits a name means, and the words that it found."""
        name = id.rpartition("/")[2]
        sizes: set[str] | None = None
        for search, spelling, subject in self._spellings:
            if spelling.sizes:
                if sizes is None:
                    sizes = {f"{number}{unit}".lower() for number, unit in _SIZE.findall(name)}
                if not sizes.intersection(spelling.sizes):
                    continue
            if (match := search(name)) is not None:
                return subject, name[slice(*match.span())]
        return None

    def fits_model(self, model: KnownModel, subject: str) -> bool:
        """Say whether nothing that is known of a model contradicts what its name says."""
        if model.model_type is not None and model.model_type not in self.model_types:
            return False
        # The longest pattern comes last.
        return not self._is_too_old(model, subject) and not self.is_look_alike_name(model.id)

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
