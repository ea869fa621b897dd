"""Ladders as plain documents, each rung with its reason in words."""

from collections.abc import Iterable

from lineage.analysis.results import Comparison, Rung, Step
from lineage.cli.tables.shapes import of_definition
from lineage.domain.documents import Document

_WHY = {
    Step.DIRECT: "distinct models one stated edge below, merges left out",
    Step.ALL_GENERATIONS: "and all that was made from those, each model once",
    Step.MERGES: "models made from several parents, and what hangs below them",
    Step.MIRRORS: "plain re-uploads of the same weights join the roots; they are not counted",
    Step.CURATED: "edges that no metadata declares but a quoted source states",
    Step.INFERRED: "edges guessed from names, configurations and card texts: not in any default",
}


def why(rung: Rung, ladder: Comparison) -> str:
    """Return in words how a rung differs from the one before it."""
    match rung.step:
        case Step.NOT_DELETED:
            day = rung.definition.as_of
            known = "are known to be gone" if day is None else f"were missed by {day}"
            return f"{ladder.known_deleted:,} models {known}; from here on none is counted"
        case Step.DOWNLOADS:
            least = rung.definition.min_downloads
            return (
                f"only models with at least {least:,} downloads in 30 days; ways lead through "
                "the others; who has no known number is left out"
            )
        case Step.AUTHORS:
            return "distinct authors of the models of the step before"
        case _:
            return _WHY[rung.step]


def of_ladders(ladders: Iterable[Comparison]) -> list[Document]:
    """Return one document for each base or family."""
    return [
        {
            "base": ladder.base,
            "id": ladder.id,
            "key": ladder.key,
            "snapshot": ladder.snapshot,
            "ladder": [_rung(rung, ladder) for rung in ladder.rungs],
        }
        for ladder in ladders
    ]


def rows_of_ladders(ladders: Iterable[Comparison]) -> list[Document]:
    """Return a flat row for each rung; of a family another one for each release."""
    rows: list[Document] = []
    for ladder in ladders:
        head: Document = {"base": ladder.base, "id": ladder.id, "snapshot": ladder.snapshot}
        for rung in ladder.rungs:
            rule = of_definition(rung.definition)
            numbers: Document = {"number": rung.number, "direct": rung.direct}
            numbers |= {"authors": rung.authors}
            step: Document = {"step": rung.step.value, "release": ""}
            rows.append(head | step | numbers | {"why": why(rung, ladder)} | rule)
            rows += [
                head | step | {"release": name, "number": number, "why": ""} | rule
                for name, number in rung.by_release.items()
            ]
    return rows


def _rung(rung: Rung, ladder: Comparison) -> Document:
    return {
        "step": rung.step.value,
        "number": rung.number,
        "unit": "authors" if rung.step is Step.AUTHORS else "models",
        "direct": rung.direct,
        "authors": rung.authors,
        "why": why(rung, ladder),
        "by_release": dict(rung.by_release),
        "definition": of_definition(rung.definition),
    }
