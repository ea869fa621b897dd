"""The verdict of a trace in one sentence, fit to be quoted."""

from collections.abc import Sequence

from lineage.analysis.availability import told
from lineage.analysis.verdicts import Origin, PathClaim, PathRoot, Trace, VerdictReason

LOOKED_AT = (
    "the Hub's baseModels, the tags, the card's base_model, adapter and model configuration, "
    "the name, and the family registry"
)
LOOKED_AT_LIVE = (
    "the Hub's baseModels, the tags, the card's base_model, the adapter configuration, "
    "and the family registry"
)
_NAMED = 3


def verdict(trace: Trace) -> str:
    """Return yes, no or not known."""
    return {True: "yes", False: "no", None: "not known"}[trace.descends]


def reason(trace: Trace) -> str:
    """Return one sentence that says what the verdict rests on."""
    said = {"snapshot": trace.snapshot}
    if (deletion := trace.deletion) is not None:
        said |= {"last": deletion.last_seen_in, "missed": f"{deletion.missed_at:%Y-%m-%d}"}
        said |= {"standing": told(deletion.asked)}
    return _PLACES[trace.origin].format(**said) + sentence(trace)


_PLACES = {
    Origin.SNAPSHOT: "",
    Origin.TOMBSTONE: (
        "It is listed no more: last seen in snapshot {last}, missed on {missed}. {standing} "
    ),
    Origin.NAMED: "Snapshot {snapshot} lists no such model, others name it as their base. ",
    Origin.REGISTRY: "It is not in snapshot {snapshot}; answered from the family registry. ",
    Origin.LIVE: "It is not in snapshot {snapshot}; the Hub was asked just now. ",
}


def sentence(trace: Trace) -> str:
    """Return the reason alone, without where the model was found."""
    match trace.reason:
        case VerdictReason.IS_ROOT | VerdictReason.IS_OTHER_ROOT:
            return _root(trace)
        case VerdictReason.DECLARED_PATH | VerdictReason.INFERRED_PATH:
            return _way(trace)
        case (
            VerdictReason.IS_OUTSIDER
            | VerdictReason.BELOW_OUTSIDER
            | VerdictReason.SOURCES_DISAGREE
        ):
            return _outsider(trace)
    return _ends(trace)


def _outsider(trace: Trace) -> str:
    assert trace.outsider is not None
    said = trace.outsider.sentence
    if trace.reason is VerdictReason.IS_OUTSIDER:
        return said
    if trace.reason is VerdictReason.BELOW_OUTSIDER:
        return f"It comes from {trace.outsider.id}, which is no descendant: {said}"
    return f"Stated edges lead to {_some(_releases(trace.roots))}, but: {said}"


def _ends(trace: Trace) -> str:
    if trace.reason is VerdictReason.OTHER_ROOTS:
        roots = [f"{one.root} ({one.release})" for one in trace.roots]
        return f"Every stated way up ends at a root of another family: {_some(roots)}."
    if trace.reason is VerdictReason.DEAD_ENDS:
        ends = _some(trace.dead_ends)
        return f"It is stated to come from {ends}, and nobody says where that comes from."
    looked = LOOKED_AT if trace.origin is not Origin.LIVE else LOOKED_AT_LIVE
    words = "; ".join(voice.quote or "" for voice in trace.unresolved_claims[:_NAMED])
    told = f" Heard, but leading to no other model: {words}." if words else ""
    return f"Nobody says where it comes from. Looked at: {looked}.{told}"


def _root(trace: Trace) -> str:
    assert trace.itself is not None
    what = "an official repository" if trace.itself.official else "a plain mirror"
    other = "" if trace.reason is VerdictReason.IS_ROOT else ", a root of another family"
    return f"It is itself {what} of {trace.itself.release}{other}."


def _way(trace: Trace) -> str:
    own = [root for root in trace.roots if root.family == trace.family]
    releases = _some(_releases(own))
    path = next(path for path in trace.paths if path[-1].parent in {root.root for root in own})
    words = "; ".join(_quoted(step.evidence) for step in path[:_NAMED])
    if trace.reason is VerdictReason.INFERRED_PATH:
        return f"Nothing stated leads to a root; guesses lead to {releases}: {words}."
    steps = "directly" if len(path) == 1 else f"in {len(path)} steps"
    return f"It comes from {releases}, {steps}: {words}."


def _quoted(evidence: Sequence[PathClaim]) -> str:
    """Return the most telling witness: a curated one, with its source, else the first."""
    if not evidence:
        return "an edge whose witness is not in this snapshot"
    best = next((voice for voice in evidence if voice.source), evidence[0])
    if best.quote is None:
        return f"stated in {best.source}"
    return f'"{best.quote}" ({best.source or best.rule})'


def _releases(roots: Sequence[PathRoot]) -> list[str]:
    return list(dict.fromkeys(root.release for root in roots))


def _some(names: Sequence[str]) -> str:
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + rest
