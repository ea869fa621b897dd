"""How good guesses are, as plain documents with the names that scripts rely on."""

from lineage.analysis.evaluate.accuracy import Evaluation, Mistake, Score, Share
from lineage.domain.documents import Document

_DIGITS = 4
_SHARES = ("parent", "line", "release", "checked", "authors", "coverage", "recall")


def of_evaluation(found: Evaluation) -> Document:
    """Return an evaluation; every share has hits, tries, value, and Wilson's interval of 95 %."""
    return {
        "snapshot": found.snapshot,
        "family": found.family,
        "hidden_by": found.hidden_by,
        "labels_unknown": found.labels_unknown,
        "labels_bad": found.labels_bad,
        "scores": [_of_score(score) for score in found.scores],
        "crossings": found.crossings,
        "mistakes": [_of_mistake(mistake) for mistake in found.mistakes],
        "unmeasured": list(found.unmeasured),
    }


def rows_of_evaluation(found: Evaluation) -> list[Document]:
    """Return one flat row a family, rule and habit."""
    rows: list[Document] = []
    for score in found.scores:
        row: Document = {"snapshot": found.snapshot, "hidden_by": found.hidden_by} | _head(score)
        for name in _SHARES:
            share: Share = getattr(score, name)
            low, high = share.interval or (None, None)
            row |= {
                name: _rounded(share.value),
                f"{name}_low": _rounded(low),
                f"{name}_high": _rounded(high),
            }
        rows.append(row)
    return rows


def _of_score(score: Score) -> Document:
    return _head(score) | {name: _of_share(getattr(score, name)) for name in _SHARES}


def _head(score: Score) -> Document:
    return {
        "family": score.family,
        "rule": score.rule,
        "pattern": score.pattern,
        "hidden": score.hidden,
        "inferred": score.inferred,
    }


def _of_share(share: Share) -> Document:
    interval = share.interval
    return {
        "value": _rounded(share.value),
        "interval": None if interval is None else [_rounded(end) for end in interval],
        "hits": round(share.hits, _DIGITS),
        "tries": share.tries,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)


def _of_mistake(mistake: Mistake) -> Document:
    return {
        "child": mistake.child,
        "inferred": mistake.inferred,
        "declared": list(mistake.declared),
        "rule": mistake.rule,
        "pattern": mistake.pattern,
        "quote": mistake.quote,
        "children": mistake.children,
        "crosses": mistake.crosses,
    }
