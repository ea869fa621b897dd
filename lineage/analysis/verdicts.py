"""A verdict on one model's descent: frozen values, and the sentences that are quoted of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lineage.domain.claims import Relation, Strength
from lineage.domain.families import Outsider
from lineage.domain.records import Availability, AvailabilityAnswer


class VerdictReason(StrEnum):
    """What a verdict rests on."""

    IS_ROOT = "is_root"
    """It is an official repository of the family, or a mirror of one."""
    DECLARED_PATH = "declared_path"
    """A path of declared edges leads up to a root of the family."""
    IS_OUTSIDER = "is_outsider"
    """The registry says, with its source, why it is no descendant."""
    BELOW_OUTSIDER = "below_outsider"
    """Everything it is declared to come from is none, and the registry says why."""
    IS_OTHER_ROOT = "is_other_root"
    """It is a root of another family."""
    OTHER_ROOTS = "other_roots"
    """Every declared path ends at roots of other families."""
    SOURCES_DISAGREE = "sources_disagree"
    INFERRED_PATH = "inferred_path"
    """Only inferred edges lead to a root of the family."""
    DEAD_ENDS = "dead_ends"
    """It is declared to come from models whose own origin is unknown."""
    NOTHING_DECLARED = "nothing_declared"


class ModelOrigin(StrEnum):
    """Where the model was found."""

    SNAPSHOT = "snapshot"
    TOMBSTONE = "tombstone"
    """It is no longer listed; the snapshot keeps its last record."""
    NAMED = "named"
    """The snapshot lists no such model; others name it as their parent."""
    REGISTRY = "registry"
    """No snapshot knows it; the family registry does."""
    LIVE = "live"
    """It was asked for at the Hub just now."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """When a deleted model was last seen, and found missing."""

    last_seen_in: str
    """The last snapshot that held it."""
    missed_at: datetime
    """When the full crawl began that no longer listed it."""
    asked: AvailabilityAnswer | None = None
    """What the Hub said of it then, asked by name; None where it was not asked."""


@dataclass(frozen=True, slots=True)
class PathClaim:
    """One claim behind an edge, word for word."""

    rule: str
    """The rule that extracted or inferred it, or `registry`."""
    quote: str | None
    """The words themselves; None where a source states it without words fit to be quoted."""
    source: str | None = None
    """Where a curated statement stands."""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class PathEdge:
    """One edge of a path up."""

    parent: str
    child: str
    relation: Relation
    strength: Strength
    evidence: tuple[PathClaim, ...]


@dataclass(frozen=True, slots=True)
class PathRoot:
    """A root that a path up ends at."""

    root: str | None
    """None where the path names a release or family and no model."""
    release: str
    """Its name, `Llama 3.1`; of a path that names a group of releases or a family, that one's."""
    family: str
    """The family's id."""
    official: bool
    """False for a plain mirror."""
    subject: str | None = None
    """What the path names in place of a model, `release:llama-3.1`; `root` is None then."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Whether a model descends from a family, by which paths, and what that rests on."""

    model: str
    """The name as asked."""
    id: str
    """Its name now."""
    key: str | None
    snapshot: str
    family: str
    """The family asked about, by its id."""
    descends: bool | None
    """None = not known."""
    reason: VerdictReason
    origin: ModelOrigin
    roots: tuple[PathRoot, ...] = ()
    """Roots met first on the paths shown; of other families too."""
    paths: tuple[tuple[PathEdge, ...], ...] = ()
    """From the model upwards; the surest and shortest first."""
    dead_ends: tuple[str, ...] = ()
    """Models that declared paths end at without meeting any root."""
    outsider: Outsider | None = None
    unresolved_claims: tuple[PathClaim, ...] = ()
    """Claims that lead to no known model, such as a local path."""
    itself: PathRoot | None = None
    """Set where the model is a root itself."""
    deletion: Deletion | None = None
    opted_out: int = 0
    """How many more models would stand above it if no model had opted out; all models
    opted out when the snapshot was made are among them."""
    parents_known: bool = True
    """False for a dump without any column that names parents: without a path it says nothing."""
    notes: tuple[str, ...] = ()
    """What the answer cannot say, a sentence each."""


LOOKED_AT = (
    "the Hub's baseModels, the tags, the card's base_model, adapter and model configuration, "
    "the name, and the family registry"
)
LOOKED_AT_LIVE = (
    "the Hub's baseModels, the tags, the card's base_model, the adapter configuration, "
    "and the family registry"
)
_NAMED = 3


def word_of_trace_verdict(trace: Trace) -> str:
    """Return yes, no or not known."""
    return {True: "yes", False: "no", None: "not known"}[trace.descends]


def explain_trace(trace: Trace) -> str:
    """Return one sentence that says what the verdict rests on."""
    facts = {"snapshot": trace.snapshot}
    if (deletion := trace.deletion) is not None:
        facts |= {"last": deletion.last_seen_in, "missed": f"{deletion.missed_at:%Y-%m-%d}"}
        facts |= {"answer": explain_availability(deletion.asked)}
    return _PLACES[trace.origin].format(**facts) + explain_verdict(trace)


_PLACES = {
    ModelOrigin.SNAPSHOT: "",
    ModelOrigin.TOMBSTONE: (
        "It is no longer listed: last seen in snapshot {last}, found missing on {missed}. {answer} "
    ),
    ModelOrigin.NAMED: "Snapshot {snapshot} does not list it; other models name it as their base. ",
    ModelOrigin.REGISTRY: "It is not in snapshot {snapshot}; answered from the family registry. ",
    ModelOrigin.LIVE: "It is not in snapshot {snapshot}; the Hub was asked just now. ",
}


def explain_verdict(trace: Trace) -> str:
    """Return the reason alone, without where the model was found."""
    match trace.reason:
        case VerdictReason.IS_ROOT | VerdictReason.IS_OTHER_ROOT:
            assert trace.itself is not None
            what = "an official repository" if trace.itself.official else "a mirror"
            other = "" if trace.reason is VerdictReason.IS_ROOT else ", a root of another family"
            return f"It is itself {what} of {trace.itself.release}{other}."
        case VerdictReason.DECLARED_PATH | VerdictReason.INFERRED_PATH:
            return _explain_verdict_by_path(trace)
        case (
            VerdictReason.IS_OUTSIDER
            | VerdictReason.BELOW_OUTSIDER
            | VerdictReason.SOURCES_DISAGREE
        ):
            assert trace.outsider is not None
            why = trace.outsider.sentence
            if trace.reason is VerdictReason.IS_OUTSIDER:
                return why
            if trace.reason is VerdictReason.BELOW_OUTSIDER:
                return f"It comes from {trace.outsider.id}, which is no descendant: {why}"
            releases = _join_verdicts(_releases_behind_verdict(trace.roots))
            return f"Declared links lead to {releases}, but: {why}"
    return _explain_verdict_without_path(trace)


def _explain_verdict_without_path(trace: Trace) -> str:
    if trace.reason is VerdictReason.OTHER_ROOTS:
        roots = [f"{it.root} ({it.release})" if it.root else it.release for it in trace.roots]
        return f"Every declared path ends at a root of another family: {_join_verdicts(roots)}."
    # "Not known" is no "no": each of these says what would have to be known.
    if trace.reason is VerdictReason.DEAD_ENDS:
        ends = _join_verdicts(trace.dead_ends)
        return f"It is declared to come from {ends}, whose own origin is unknown."
    sources = LOOKED_AT if trace.origin is not ModelOrigin.LIVE else LOOKED_AT_LIVE
    words = "; ".join(claim.quote or "" for claim in trace.unresolved_claims[:_NAMED])
    unresolved = f" Claims that lead to no other model: {words}." if words else ""
    return f"Its origin is unknown. Looked at: {sources}.{unresolved}"


def _explain_verdict_by_path(trace: Trace) -> str:
    own = [root for root in trace.roots if root.family == trace.family]
    releases = _join_verdicts(_releases_behind_verdict(own))
    ends = {root.root or root.subject for root in own}
    paths = [path for path in trace.paths if path[-1].parent in ends]
    words = "; ".join(_quote_claim_behind_verdict(edge.evidence) for edge in paths[0][:_NAMED])
    if trace.reason is VerdictReason.INFERRED_PATH:
        return _explain_inferred_path(own, paths, words)
    steps = "directly" if len(paths[0]) == 1 else f"in {len(paths[0])} steps"
    return f"It comes from {releases}, {steps}: {words}."


def _explain_inferred_path(
    own: Sequence[PathRoot], paths: Sequence[Sequence[PathEdge]], words: str
) -> str:
    """Return what says so, each rule with how often it is right, by what docs/evidence.md tells."""
    from lineage.evidence import RULES

    rules = {rule.name: rule for rule in RULES if rule.strength is Strength.INFERRED}
    speaking = [
        rules[claim.rule]
        for path in paths
        for edge in path
        for claim in edge.evidence
        if edge.strength is Strength.INFERRED and claim.rule in rules
    ]
    speaking = list(dict.fromkeys(speaking))
    measured = [rule for rule in speaking if rule.precision is not None]
    shares = ", ".join(f"{rule.name} {100 * (rule.precision or 0):.1f} %" for rule in measured)
    record = f" Right by family where it was tried: {shares}." if shares else ""
    releases = _join_verdicts(_releases_behind_verdict(own))
    if all(len(path) == 1 for path in paths) and speaking:
        sources = list(dict.fromkeys(rule.source for rule in speaking))
        verb = "say" if sources[1:] or sources[0].endswith("s") else "says"
        sentence = f"its {' and its '.join(sources)} {verb} {releases} (inferred)"
        return f"No parent is declared; {sentence}: {words}.{record}"
    return f"No declared link leads to a root; inferred links lead to {releases}: {words}.{record}"


def _quote_claim_behind_verdict(evidence: Sequence[PathClaim]) -> str:
    """Return the most telling claim: a curated one, with its source, else the first."""
    if not evidence:
        return "a link whose evidence is not in this snapshot"
    best = next((claim for claim in evidence if claim.source), evidence[0])
    if best.quote is None:
        return f"documented in {best.source}"
    return f'"{best.quote}" ({best.source or best.rule})'


def _releases_behind_verdict(roots: Sequence[PathRoot]) -> list[str]:
    return list(dict.fromkeys(root.release for root in roots))


def _join_verdicts(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


# What became of deleted models, in words that say no more than the Hub's answer does.

NOT_LISTED = "not_listed"
"""Models that the Hub was never asked about by name."""

_TOLD: Mapping[Availability, str] = {
    Availability.GONE: "deleted or private, which look alike",
    Availability.HIDDEN: "it exists, and the Hub does not show it",
    Availability.RENAMED: "its name redirects to another one",
    Availability.REPLACED: "another model has its name now",
    Availability.UNLISTED: "it answers by name, though it is not listed",
}


def explain_availability(asked: AvailabilityAnswer | None) -> str:
    """Return one sentence about a model that a full crawl found missing."""
    if asked is None:
        return "The Hub was not asked about it by name."
    day, what = f"{asked.asked_at:%Y-%m-%d}", _TOLD[asked.standing]
    return f"Asked by name on {day}, the Hub answered {asked.status}: {what}."


def count_availability(found: Mapping[Availability | None, int]) -> dict[str, int]:
    """Return how many models each answer was given about, the most telling first."""
    numbers = {standing.value: found.get(standing, 0) for standing in Availability}
    return numbers | {NOT_LISTED: found.get(None, 0)}


def summarize_verdict_availability(found: Mapping[Availability | None, int]) -> str:
    """Return the numbers above 0, `2 gone, 1 hidden, 40 never asked about`."""
    some = [(name, n) for name, n in count_availability(found).items() if n]
    words = {NOT_LISTED: "never asked about"}
    return ", ".join(f"{n:,} {words.get(name, name)}" for name, n in some)
