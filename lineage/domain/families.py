"""A family and its releases, as curated data: who is official, whose weights are whose, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from lineage.domain.claims import Relation


class Proof(StrEnum):
    """What a curated edge rests on."""

    CARD_SENTENCE = "card_sentence"
    """The model's author says so, in its card or repository."""
    TABLE = "table"
    """A table of somebody else, who read cards and papers for it."""
    DELTA = "delta"
    """It is published as a difference to the parent's weights."""
    WEIGHT_TEST = "weight_test"
    """Someone compared the weights."""
    MERGE_RECIPE = "merge_recipe"
    REUPLOAD = "reupload"
    """It carries the parent's weights in another form: quantized, converted or cut."""
    DECLARED = "declared"
    """Its metadata at the Hub, asked for outside any snapshot."""
    NAME_AND_LICENSE = "name_and_license"
    """Name and license tag say so together; the weakest proof that is taken."""


class OutsiderReason(StrEnum):
    """Why a model that looks like a descendant is none."""

    OWN_PRETRAINING = "own_pretraining"
    OTHER_ROOT = "other_root"
    DATASET_ONLY = "dataset_only"
    OUTPUTS_ONLY = "outputs_only"
    ARCHITECTURE_ONLY = "architecture_only"
    TOKENIZER_ONLY = "tokenizer_only"
    NAME_ONLY = "name_only"
    FORMAT_CONVERSION = "format_conversion"


_CLAIMABLE = ("release:", "family:")


def is_claimable(name: str) -> bool:
    """Say whether a claim that names this means a release, a group of them or a family."""
    return name.startswith(_CLAIMABLE)


class CuratedSource(NamedTuple):
    """Where a curated statement comes from."""

    text: str
    """Repository and commit, page and date, or data set; never empty."""
    quote: str | None = None
    """The words themselves, at most 40."""
    url: str | None = None


class Reupload(NamedTuple):
    """Somebody's upload of a checkpoint under another name; what it counts as hangs on its kind."""

    id: str
    of: str | None
    """The official repository it stands for; None where no official one exists."""
    source: str | None = None
    """Why it is taken for what it is."""


class FormerName(NamedTuple):
    """A name that a repository had before it was renamed."""

    name: str
    now: str


class CuratedEdge(NamedTuple):
    """One model comes from another, by a source and not by its metadata."""

    child: str
    parent: str
    relation: Relation
    proof: Proof
    source: CuratedSource
    rule: str = "registry"
    """Who says so."""


class Outsider(NamedTuple):
    """A model, or a data set, that people take for a descendant of the family and that is none."""

    id: str
    reason: OutsiderReason
    sentence: str
    """Why, in our own words, fit to be printed."""
    source: CuratedSource
    root: str | None = None
    """The model it really comes from, where that is known."""


@dataclass(frozen=True, slots=True)
class Release:
    """One release of a family: its official repositories and what stands for them."""

    id: str
    """A short handle, `llama-3.1`."""
    name: str
    """As people write it, `Llama 3.1`."""
    released: date
    license: str | None
    """The Hub's license tag."""
    official: tuple[str, ...]
    mirrors: tuple[Reupload, ...] = ()
    """Plain: the same weights; they count as roots."""
    former_names: tuple[FormerName, ...] = ()
    quantized: tuple[Reupload, ...] = ()
    """Derivatives whose own metadata often name no parent."""
    changed: tuple[Reupload, ...] = ()
    """Cut, extended or converted copies: derivatives, never mirrors."""
    deleted: tuple[str, ...] = ()
    """Roots that the Hub has no longer; cards still name them."""
    sizes: tuple[str, ...] = ()
    parameters: tuple[tuple[str, int], ...] = ()
    """Size and exact number of parameters, `("8B", 8030261248)`, where it is known."""
    gated: str | None = None
    """How the Hub gates the official repositories: `manual`, `auto` or `false`."""
    source: str = ""

    @property
    def subject(self) -> str:
        """What a claim says that names this release and no model: `release:llama-3.1`."""
        return f"release:{self.id}"

    def claimable(self) -> dict[str, "Claimable"]:
        """Return what a claim may name in place of a model of this release."""
        return {self.subject: Claimable(self.name, (self,))}

    def root_repo_ids(self) -> tuple[str, ...]:
        """Return the ids that are roots of this release: official first, then plain mirrors."""
        return self.official + tuple(mirror.id for mirror in self.mirrors)

    def official_names_by_root(self) -> dict[str, str]:
        """Return for each root what it stands for; itself, where nothing official exists."""
        return {id: id for id in self.official} | {it.id: it.of or it.id for it in self.mirrors}


class Claimable(NamedTuple):
    """What a claim may name in place of a model."""

    name: str
    """As people write it."""
    releases: tuple[Release, ...]
    """Those that it may mean; one for a release."""


class ReleaseGroup(NamedTuple):
    """Releases that names do not tell apart: `llama-3-cats` is any of the 3.x."""

    id: str
    name: str
    releases: tuple[str, ...]
    """Their ids."""


class Spelling(NamedTuple):
    """How names say what a model comes from."""

    pattern: str
    """A regular expression, searched for without case in a repository's name."""
    means: str
    """The id of a release, of a group of releases, or of the family."""
    sizes: tuple[str, ...] = ()
    """`8b`: one of these stands in the name too, where any are given."""


class NameReading(NamedTuple):
    """How the names of a family's models are read; the first spelling that fits decides."""

    mentions: tuple[str, ...] = ()
    """Letters of which an id holds one, or nothing else is looked at."""
    look_alikes: tuple[str, ...] = ()
    """Regular expressions for names that say something else, whatever they mention."""
    model_types: tuple[str, ...] = ()
    """The architectures that a model with a known one may have."""
    spellings: tuple[Spelling, ...] = ()
    fewest: int = 0
    """How many parameters the smallest release has; 0 where that excludes nothing."""


_NO_READING = NameReading()


@dataclass(frozen=True, slots=True)
class Family:
    """What lies below curated roots."""

    id: str
    name: str
    version: str
    """The registry's own version: the date of its last change."""
    releases: tuple[Release, ...]
    organization: str | None = None
    """Who made it, as people write it."""
    edges: tuple[CuratedEdge, ...] = ()
    """Curated edges that stand in the file as such; `curated_family_edges` gives all of them."""
    outsiders: tuple[Outsider, ...] = ()
    renamed: tuple[FormerName, ...] = ()
    """Former names of models that are no root."""
    groups: tuple[ReleaseGroup, ...] = ()
    names: NameReading = _NO_READING

    def root_repo_ids(self) -> tuple[str, ...]:
        """Return the ids that are roots of any release."""
        return tuple(root for release in self.releases for root in release.root_repo_ids())

    def claimable(self) -> dict[str, Claimable]:
        """Return what a claim may name in place of a model, by what it is called there.

        As SUBJECTs: `release:llama-3.1`, of a group `release:llama-3.x`, `family:llama`.
        """
        by_id = {release.id: release for release in self.releases}
        claimable: dict[str, Claimable] = {}
        for release in self.releases:
            claimable |= release.claimable()
        for group in self.groups:
            releases = tuple(by_id[id] for id in group.releases)
            claimable[f"release:{group.id}"] = Claimable(group.name, releases)
        return claimable | {f"family:{self.id}": Claimable(self.name, self.releases)}

    def family_under_present_names(self, present: Mapping[str, str]) -> "Family":
        """Return the family with its roots and outsiders under the names that they have now.

        `present` has the names of those whose name is another than is written here.
        """

        def release_under_present_names(release: Release) -> Release:
            mirrors = (it._replace(id=present.get(it.id, it.id)) for it in release.mirrors)
            former = (
                FormerName(id, present[id]) for id in release.root_repo_ids() if id in present
            )
            return replace(
                release,
                official=tuple(present.get(id, id) for id in release.official),
                mirrors=tuple(mirrors),
                former_names=(*release.former_names, *former),
            )

        outsiders = (it._replace(id=present.get(it.id, it.id)) for it in self.outsiders)
        releases = tuple(map(release_under_present_names, self.releases))
        return replace(self, releases=releases, outsiders=tuple(outsiders))

    def former_names(self) -> Iterator[FormerName]:
        """Yield every known rename."""
        for release in self.releases:
            yield from release.former_names
        yield from self.renamed

    def family_mirrors_of(self, id: str) -> tuple[str, ...]:
        """Return the plain mirrors that stand for one official repository."""
        return tuple(
            mirror.id for release in self.releases for mirror in release.mirrors if mirror.of == id
        )

    def curated_family_edges(self) -> Iterator[CuratedEdge]:
        """Yield every edge of this registry: the written ones, then each changed re-upload's."""
        yield from self.edges
        for release in self.releases:
            kinds = (
                (release.quantized, Relation.QUANTIZED),
                (release.changed, Relation.UNSPECIFIED),
            )
            for reuploads, relation in kinds:
                for copy in reuploads:
                    if copy.of is not None:
                        source = CuratedSource(copy.source or release.source)
                        yield CuratedEdge(copy.id, copy.of, relation, Proof.REUPLOAD, source)
