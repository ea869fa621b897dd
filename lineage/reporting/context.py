"""The models that people ask for by name, each with its verdict and what that rests on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lineage.analysis.scope import Scope
from lineage.analysis.traces import trace_model
from lineage.analysis.verdicts import PathClaim, Trace
from lineage.domain.families import Family, OutsiderReason
from lineage.errors import UnknownModel
from lineage.reporting.language import Texts

ASKED_BY_NAME: Mapping[str, Sequence[tuple[str, str]]] = {
    "llama": (
        ("Alpaca", "tatsu-lab/alpaca-7b-wdiff"),
        ("Vicuna v1.3", "lmsys/vicuna-7b-v1.3"),
        ("Vicuna v1.5", "lmsys/vicuna-7b-v1.5"),
        ("Koala", "young-geng/koala"),
        ("Dolly v1", "databricks/dolly-v1-6b"),
        ("Dolly v2", "databricks/dolly-v2-12b"),
        ("RedPajama-INCITE", "togethercomputer/RedPajama-INCITE-7B-Base"),
    ),
}
"""By family: a name as people say it, and the repository that is meant."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One name and its answer."""

    name: str
    id: str
    descends: bool | None
    """None = not known."""
    releases: tuple[str, ...]
    reason: OutsiderReason | None = None
    """Why it is none, where the registry says so."""
    parent: str | None = None
    """Whom the surest way names as its parent, where it descends."""
    sentence: str | None = None
    """The registry's own words on why it is none, in English."""
    quote: str | None = None
    """The witness's words, as they are."""
    source: str | None = None
    url: str | None = None


def asked_by_name(scope: Scope, family: Family) -> tuple[Asked, ...]:
    """Answer for each name; what neither snapshot nor registry knows is left out."""
    return tuple(_answers(scope, family))


def _answers(scope: Scope, family: Family) -> Iterator[Asked]:
    for name, id in ASKED_BY_NAME.get(family.id, ()):
        try:
            found = trace_model(scope, id, family)
        except UnknownModel:
            continue
        yield _answer(name, found)


def _answer(name: str, found: Trace) -> Asked:
    releases = [root.release for root in found.roots if root.family == found.family]
    if found.itself is not None:
        releases.append(found.itself.release)
    answer = Asked(name, found.id, found.descends, tuple(dict.fromkeys(releases)))
    if (outsider := found.outsider) is not None:
        source = outsider.source
        return replace(
            answer,
            reason=outsider.reason,
            sentence=outsider.sentence,
            source=source.text,
            url=source.url,
        )
    if (voice := _best(found)) is None:
        return answer
    said = replace(answer, quote=voice.quote, source=voice.source or voice.rule, url=voice.url)
    return said if voice.quote else replace(said, parent=_parent(found))


def explained(asked: Asked, texts: Texts) -> str | None:
    """Say in the report's language what a verdict rests on, where no witness's words do."""
    if asked.reason is not None:
        return texts.say(f"page.because_{asked.reason}")
    return asked.parent and texts.say("page.because_registry", parent=asked.parent)


def _parent(found: Trace) -> str | None:
    """Return the parent of the model itself, on the way whose curated witness is the best."""
    steps = [step for path in found.paths[:1] for step in path]
    return next((step.parent for step in steps if step.child == found.id), None)


def _best(found: Trace) -> PathClaim | None:
    """Return the most telling witness of the surest way: a curated one, else the first."""
    voices = [voice for path in found.paths[:1] for step in path for voice in step.evidence]
    return next((voice for voice in voices if voice.source), next(iter(voices), None))
