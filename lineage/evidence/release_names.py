"""Claims inferred from names that say a release and no model: `L3.1-8B-cats` is some Llama 3.1.

Which spellings mean what, and which names only look alike, each family's file says; how often each
is right, `lineage evaluate` measures.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import Mask, Nodes
from lineage.domain.claims import Claim, Relation
from lineage.domain.families import Family
from lineage.evidence.infer import InferenceInput, InferredClaim, match_claimed_ids
from lineage.evidence.names import list_claimed_stems, list_ids_never_inferred

RULE = "release_name"

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
    mask = candidates & np.asarray(is_read)[: len(candidates)]
    rows = match_claimed_ids(rule.id_pattern, nodes.ids, mask)
    ids, types = (it.take(pa.array(rows)) for it in (nodes.ids, nodes.model_type))
    # Names first: what else is known is read of those alone that say something.
    claims = [
        (row, id, each)
        for at, id, readings in rule.list_mentions(ids, types)
        if (each := rule.find_release(id, readings)) is not None
        for row in (int(rows[at]),)
    ]
    at = pa.array([row for row, *_ in claims], pa.int64())
    columns = (it.take(at).to_pylist() for it in (nodes.created_at, nodes.parameters))
    for (row, id, each), created_at, parameters in zip(claims, *columns, strict=True):
        if each.fits_model(id, created_at, parameters):
            node = nodes.claimable[each.subject]
            yield InferredClaim(row, node, each.make_claim(id), each.subject)


class SpelledRelease(NamedTuple):
    """What a name says that a model comes from."""

    reading: "FamilyReading"
    subject: str
    """A release, a group of releases or a family."""
    words: str

    def fits_model(
        self, id: str, created_at: datetime | None = None, parameters: int | None = None
    ) -> bool:
        """Say whether neither age nor number of parameters nor other words of a name contradict."""
        return self.reading.fits_model(id, self.subject, created_at, parameters)

    def make_claim(self, id: str) -> Claim:
        """Return the claim that a model of this id comes from there."""
        stems = list_claimed_stems(id.rpartition("/")[2])
        quantized = any(stem.quantized for stem in stems)
        relation = Relation.QUANTIZED.value if quantized else None
        return Claim(RULE, self.subject, f"…{self.words}…", relation)


class ReleaseNameRule:
    """The rule `release_name`: at most one release, group of releases or family for each model."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._curated = list_ids_never_inferred(families)
        self._readings = [FamilyReading(family) for family in families if family.names.spellings]
        # Matches nothing where no family says how its names are read.
        patterns = [reading.id_pattern for reading in self._readings]
        self.id_pattern = "|".join(patterns) or r"[^\s\S]"
        """An RE2 pattern for ids: models that it does not match are never asked about."""
        self.model_types = {it for reading in self._readings for it in reading.model_types}

    def list_mentions(
        self, ids: pa.StringArray, model_types: pa.Array | None = None
    ) -> Iterator[tuple[int, str, Sequence["FamilyReading"]]]:
        """Yield the place of each id that mentions a family of its architecture, and by whom."""
        readings: dict[int, list[FamilyReading]] = defaultdict(list)
        for reading in self._readings:
            # In columns: most names mention one family and have the architecture of another.
            own: Nodes = np.arange(len(ids), dtype=np.int32)
            if model_types is not None:
                types = pa.array(sorted(reading.model_types), pa.string())
                is_own = pc.or_(pc.is_in(model_types, value_set=types), pc.is_null(model_types))
                own = own[np.asarray(is_own)]
            hits = pc.match_substring_regex(ids.take(pa.array(own)), reading.id_pattern)
            for at in own[np.asarray(hits)].tolist():
                readings[at].append(reading)
        places = sorted(readings)
        for at, id in zip(places, ids.take(pa.array(places, pa.int64())).to_pylist(), strict=True):
            yield at, id, readings[at]

    def find_release(
        self, id: str, readings: Sequence["FamilyReading"] | None = None
    ) -> SpelledRelease | None:
        """Return what a name says a model comes from; None where it says two families or none."""
        lowered = id.lower()
        if lowered in self._curated:
            return None
        release = None
        for reading in self._readings if readings is None else readings:
            if match := reading.find_spelling(id, lowered):
                if release is not None:
                    return None
                release = SpelledRelease(reading, *match)
        if release is None or readings is None:
            return release
        # A second family's word counts whatever the architecture: both may stand in a merge.
        for other in self._readings:
            is_asked = other not in readings and any(word in lowered for word in other.mentions)
            if is_asked and other.find_spelling(id, lowered):
                return None
        return release


class FamilyReading:
    """How one family's names are read."""

    def __init__(self, family: Family) -> None:
        names = family.names
        self.id_pattern = f"(?i:{'|'.join(map(re.escape, names.mentions))})"
        """An RE2 pattern for ids: names of others are not read."""
        self.mentions = tuple(map(str.lower, names.mentions))
        self.model_types = frozenset(names.model_types)
        self._fewest = names.fewest
        self._look_alike = "|".join(names.look_alikes) or r"(?!)"
        self._look_alike_exact = _compile_lowered(self._look_alike)
        self._spellings: list[tuple[re.Pattern[str] | None, str, tuple[str, ...], str]] = []
        for it in names.spellings:
            subject = f"{'family' if it.means == family.id else 'release'}:{it.means}"
            row = (_compile_lowered(it.pattern), it.pattern, it.sizes, subject)
            self._spellings.append(row)
        self._released = {
            subject: min(release.released for release in entry.releases)
            for subject, entry in family.claimable().items()
        }

    def find_spelling(self, id: str, lowered: str) -> tuple[str, str] | None:
        """Return what the first spelling that fits a name means, and the words that it found."""
        start = id.rfind("/") + 1
        name, small = id[start:], lowered[start:] if id.isascii() else None
        sizes: set[str] | None = None
        for exact, pattern, only_sizes, subject in self._spellings:
            if only_sizes:
                if sizes is None:
                    sizes = {f"{number}{unit}".lower() for number, unit in _SIZE.findall(name)}
                if sizes.isdisjoint(only_sizes):
                    continue
            # `re` without case tries every letter: in lower case the same is five times as fast.
            if exact is not None and small is not None:
                match = exact.search(small)
            else:
                match = re.search(pattern, name, re.IGNORECASE)
            if match is not None:
                return subject, name[slice(*match.span())]
        return None

    def fits_model(
        self, id: str, subject: str, created_at: datetime | None, parameters: int | None
    ) -> bool:
        """Say whether nothing that is known of a model contradicts what its name says."""
        # Who counts fewer weights than the smallest release, even pruned, was trained anew.
        if parameters is not None and parameters < _PRUNED * self._fewest:
            return False
        if created_at and created_at.date() < self._released[subject] - _BEFORE_RELEASE:
            return False
        # The longest pattern comes last.
        return not self.is_look_alike_name(id)

    def is_look_alike_name(self, id: str) -> bool:
        """Say whether a name says something else, whatever it mentions."""
        name = id.rpartition("/")[2]
        if self._look_alike_exact is not None and name.isascii():
            return self._look_alike_exact.search(name.lower()) is not None
        return re.search(self._look_alike, name, re.IGNORECASE) is not None


def _compile_lowered(pattern: str) -> re.Pattern[str] | None:
    """Return what finds in a name in lower case what the pattern finds in any; None if nothing."""
    return re.compile(pattern) if _IS_LOWER.fullmatch(pattern) else None
