"""Traces as plain documents with the names that scripts rely on."""

from lineage.analysis.reasons import reason, verdict
from lineage.analysis.verdicts import RootMet, Step, Trace, Voice
from lineage.domain.documents import Document
from lineage.domain.moments import iso


def of_trace(trace: Trace) -> Document:
    """Return a trace; ways lead from the model upwards."""
    document: Document = {
        "model": trace.model,
        "id": trace.id,
        "key": trace.key,
        "snapshot": trace.snapshot,
        "family": trace.family,
        "found_in": trace.origin.value,
        "descends": trace.descends,
        "reason": trace.reason.value,
        "because": reason(trace),
        "roots": [_root(root) for root in trace.roots],
        "itself": None if trace.itself is None else _root(trace.itself),
        "paths": [[_step(step) for step in path] for path in trace.paths],
        "ends": list(trace.ends),
        "heard": [_voice(voice) for voice in trace.heard],
        "outsider": None,
        "gone": None,
    }
    if (gone := trace.gone) is not None:
        document["gone"] = {
            "last_seen_in": gone.last_seen_in,
            "missed_at": iso(gone.missed_at),
            "standing": None if gone.asked is None else gone.asked.standing.value,
            "hub_status": None if gone.asked is None else gone.asked.status,
            "asked_at": None if gone.asked is None else iso(gone.asked.asked_at),
        }
    if (outsider := trace.outsider) is not None:
        document["outsider"] = {
            "id": outsider.id,
            "reason": outsider.reason.value,
            "sentence": outsider.sentence,
            "root": outsider.root,
            "quote": outsider.source.quote,
            "source": outsider.source.text,
            "url": outsider.source.url,
        }
    return document


def rows_of_trace(trace: Trace) -> list[Document]:
    """Return one flat row a witness of each step; without any way one row with the verdict."""
    head: Document = {"model": trace.model, "descends": verdict(trace), "because": reason(trace)}
    rows = [
        head
        | {"way": number, "step": at}
        | {name: value for name, value in _step(step).items() if name != "evidence"}
        | _voice(voice)
        for number, path in enumerate(trace.paths, start=1)
        for at, step in enumerate(path, start=1)
        for voice in step.evidence
    ]
    return rows or [head]


def _root(root: RootMet) -> Document:
    return {
        "root": root.root,
        "release": root.release,
        "family": root.family,
        "official": root.official,
    }


def _step(step: Step) -> Document:
    return {
        "parent": step.parent,
        "child": step.child,
        "relation": step.relation.value,
        "strength": step.strength.value,
        "evidence": [_voice(voice) for voice in step.evidence],
    }


def _voice(voice: Voice) -> Document:
    said: Document = {"rule": voice.rule, "quote": voice.quote}
    return said if voice.source is None else said | {"source": voice.source, "url": voice.url}
