"""The words of license reports: terms with their clauses, and what a derivative's tag can be."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase

from lineage.domain.families import CuratedSource


class ClauseName(StrEnum):
    """What a clause is about."""

    NONCOMMERCIAL = "noncommercial"
    NO_OTHER_TERMS = "no_other_terms"
    NO_SUBLICENSE = "no_sublicense"
    OUTPUTS_RESTRICTED = "outputs_restricted"
    LICENSE_COPY = "license_copy"
    NOTICE = "notice"
    USE_POLICY = "use_policy"
    PASS_ON_LIMITS = "pass_on_limits"
    """Limits of use must stand in whatever terms a derivative has."""
    OWN_TERMS = "own_terms"
    """Derivatives may have terms of their own, on conditions."""
    MONTHLY_USERS = "monthly_users"
    """A license of its own is needed above a number of monthly users."""
    HOSTING = "hosting"
    """Offering it as a hosted service needs a license of its own."""
    IMPROVE_OTHERS_BANNED = "improve_others_banned"
    IMPROVE_OTHERS_NAMED = "improve_others_named"
    """Other models may be improved, if their names begin as the terms say."""
    BUILT_WITH = "built_with"
    NAME_PREFIX = "name_prefix"
    EU_MULTIMODAL = "eu_multimodal"
    EU_END_USERS = "eu_end_users"
    GOVERNING_LAW = "governing_law"


class DriftSeverity(StrEnum):
    """How much a class deserves to be looked at, heaviest first; never a verdict."""

    WIDENS = "widens"
    """The tag is more permissive than the terms above allow."""
    METADATA = "metadata"
    """Tag and card of one repository disagree."""
    CHECK = "check"
    NOTE = "note"
    HARMLESS = "harmless"
    UNRANKABLE = "unrankable"
    UNKNOWN = "unknown"
    OK = "ok"


class Drift(StrEnum):
    """What a derivative's declared license is beside the terms of its nearest ancestor."""

    MIRROR_PERMISSIVE = "mirror-permissive"
    """A plain or quantized copy under a permissive tag."""
    COPYLEFT_CLASH = "copyleft-clash"
    WEIGHTS_PERMISSIVE = "weights-permissive"
    """Changed weights under a permissive tag."""
    TAG_AGAINST_CARD = "tag-against-card"
    """The tag is another than the license that the card itself names."""
    OTHER_TERMS = "other-terms"
    """A stricter tag, on terms that forbid any that are inconsistent with them."""
    OWN_TERMS = "own-terms"
    """Another tag, on terms that let changed weights have their own and bind them all the same."""
    MISMATCH = "mismatch"
    """The tag of other terms: of another release of the family, or of another license."""
    NARROWS = "narrows"
    """A non-commercial wish on top of terms that allow commerce."""
    ADAPTER_PERMISSIVE = "adapter-permissive"
    """The tag can only speak for the weights that were added."""
    DELTA_PERMISSIVE = "delta-permissive"
    UNNAMED = "unnamed"
    """`other`, and nothing says which."""
    UNRANKED = "unranked"
    """A tag that the rules do not rank."""
    UNDECLARED = "undeclared"
    NOT_IN_SAMPLE = "not-in-sample"
    """The snapshot is a sample that knows few licenses; this one it does not know."""
    OTHER_WITH_LINK = "other-with-link"
    """`other`, and name or link lead to the right terms."""
    PERMITTED = "permitted"
    """Another tag, on terms that are permissive themselves."""
    CONSISTENT = "consistent"


class WeightsForm(StrEnum):
    """What a repository holds of its ancestor's weights, as far as a listing tells."""

    COPY = "copy"
    """A plain mirror of the registry, or relation `quantized`."""
    ADAPTER = "adapter"
    DELTA = "delta"
    """Published as a difference, says the registry."""
    WEIGHTS = "weights"


class NameLevel(StrEnum):
    """How near a model's name comes to the prefix that its terms ask for."""

    STRICT = "strict"
    NORMALIZED = "normalized"
    """But for case, spaces, `-` and `_`."""
    CONTAINS = "contains"
    ABSENT = "absent"


class LicenseNote(StrEnum):
    """What else to look at; none of them is a finding against anyone."""

    IMPROVES_OTHERS = "improves-others"
    """Joins weights whose terms forbid improving other models with other weights."""
    EU_MULTIMODAL = "eu-multimodal"
    REPEATS_PARENT = "repeats-parent"
    """The same tag stands at its parent already."""
    MAYBE_ADAPTER = "maybe-adapter"
    """Its library is PEFT, though its relation is another."""
    SOURCES_DISAGREE = "sources-disagree"
    SEVERAL_TERMS = "several-terms"
    CODE_LICENSE = "code-license"
    """The code of LLaMA 1 was under the GPL, its weights never."""


class Grant(StrEnum):
    """What a tag of the Hub is, to these rules."""

    PERMISSIVE = "permissive"
    COPYLEFT = "copyleft"
    NONCOMMERCIAL = "noncommercial"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of some terms."""

    name: ClauseName
    clause: str
    quote: str | None
    """The words themselves, at most 40."""
    text: str | None = None
    """What is to be shown, or how a name is to begin."""
    bases: tuple[str, ...] = ()
    """The official repositories it is about; empty for all."""


@dataclass(frozen=True, slots=True)
class Terms:
    """One license text of a family."""

    id: str
    name: str
    number: str
    """As names and links tell it from its siblings: `3.1`; empty for a text without a number."""
    tag: str | None
    """The Hub's license tag; None where there is none."""
    releases: tuple[str, ...]
    """The releases, by id, that came under it."""
    dated: date
    """The day that its clause on monthly users looks at; that of the release."""
    rules: Mapping[ClauseName, Clause]
    source: CuratedSource
    dated_note: str | None = None
    models: tuple[str, ...] = ()
    """Official repositories that came under it, whatever their release did; patterns with `*`."""
    models_source: str | None = None
    """Who says which releases and models came under it."""
    names: tuple[str, ...] = ()
    """License names that mean it, lower case, words joined by `-`."""
    links: tuple[str, ...] = ()
    """What the addresses of its text contain, lower case."""
    is_permissive: bool = False

    def strictness(self) -> int:
        """Return how strict these terms are among their siblings: 3 forbids commerce."""
        if ClauseName.NONCOMMERCIAL in self.rules:
            return 3
        return 2 if ClauseName.IMPROVE_OTHERS_BANNED in self.rules else int(not self.is_permissive)


@dataclass(frozen=True, slots=True)
class DriftRule:
    """How much a class weighs, and which clauses it is about."""

    drift: Drift
    severity: DriftSeverity
    cites: tuple[ClauseName, ...]


@dataclass(frozen=True, slots=True)
class CardWord:
    """A card that names terms beside another tag."""

    model: str
    names: str
    """The id of the terms."""
    source: CuratedSource


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A release whose official files name different terms."""

    release: str
    says: str
    source: CuratedSource


@dataclass(frozen=True, slots=True)
class LicenseTerms:
    """All that is known of a family's terms."""

    family: str
    version: date
    """The day of the last change."""
    terms: tuple[Terms, ...]
    drifts: tuple[DriftRule, ...]
    """Weightiest first; every class once."""
    tags: Mapping[str, Grant]
    """Tags of the Hub, or patterns with `*`."""
    cards: tuple[CardWord, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()

    def license_terms_of_root(self, official: str, release: str) -> Terms | None:
        """Return the terms of an official repository, None where they are not known.

        Its own entry goes before that of its release, and of entries the longest that fits.
        """
        fitting = [
            (len(pattern), each)
            for each in self.terms
            for pattern in each.models
            if fnmatchcase(official.lower(), pattern.lower())
        ]
        if fitting:
            return max(fitting, key=lambda it: it[0])[1]
        return next((each for each in self.terms if release in each.releases), None)

    def rule_of(self, drift: Drift) -> DriftRule:
        """Return weight and clauses of a class."""
        return next(rule for rule in self.drifts if rule.drift is drift)
