"""What a check found as SARIF 2.1.0, which code hosts show beside the lines of a change.

Source: the standard, https://docs.oasis-open.org/sarif/sarif/v2.1.0/.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from lineage.analysis.check import (
    CheckedModel,
    CheckOutcome,
    CheckVerdict,
    RuleKind,
    explain_check_match,
    explain_check_unknown,
)
from lineage.domain.documents import Document
from lineage.domain.escape import escape_invisible
from lineage.version import __version__

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_UNKNOWN_RULE = "unknown"
_RULES = {
    RuleKind.DENY: "The model or an ancestor of it is denied",
    RuleKind.ALLOW: "A root of the model is allowed by no pattern",
    RuleKind.DENY_LICENSE: "A denied license applies to the model or an ancestor of it",
    RuleKind.PINNED: "The revision is another than the one in the snapshot",
    _UNKNOWN_RULE: "The origin of the model is unknown",
}
_PLACE = re.compile(r"(.+):(\d+)")


def sarif_document(result: CheckOutcome) -> Document:
    """Return a check as a SARIF log: an error for each broken rule, a warning for each doubt."""
    rules = [{"id": id, "shortDescription": {"text": text}} for id, text in _RULES.items()]
    driver = {"name": "lineage", "version": __version__, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "results": [it for model in result.models for it in _sarif_results_of(model)],
        "properties": {"snapshot": result.snapshot, "verdict": result.verdict.value},
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _sarif_results_of(model: CheckedModel) -> Iterator[dict[str, Any]]:
    for match in model.matches:
        yield _write_sarif_result(model, match.rule, "error", explain_check_match(match))
    for match in model.warnings:
        yield _write_sarif_result(model, match.rule, "note", explain_check_match(match))
    if model.verdict is CheckVerdict.UNKNOWN and model.unknown is not None:
        yield _write_sarif_result(
            model, _UNKNOWN_RULE, "warning", explain_check_unknown(model.unknown)
        )


def _write_sarif_result(model: CheckedModel, rule: str, level: str, reason: str) -> dict[str, Any]:
    name = escape_invisible(model.model)
    result: dict[str, Any] = {
        "ruleId": str(rule),
        "level": level,
        "message": {"text": escape_invisible(f"{name}: {reason}")},
        # The same finding keeps its number when its line moves.
        "partialFingerprints": {"model/rule/v1": f"{name}#{rule}"},
    }
    location: dict[str, Any] = {"logicalLocations": [{"name": name, "kind": "module"}]}
    if model.place is not None and (place := _PLACE.fullmatch(model.place)) is not None:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": quote(place[1])},
            "region": {"startLine": int(place[2])},
        }
    return result | {"locations": [location]}
