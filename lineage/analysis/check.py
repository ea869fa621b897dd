"""A gate for many models at once: does an ancestor, a root or a license break a rule?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from lineage.analysis.ancestry import NodePath
from lineage.analysis.check_facts import (
    CheckFacts,
    can_check_rule_match,
    find_license_to_check,
    gather_facts_to_check,
    refuse_unknown_licenses_to_check,
)
from lineage.analysis.definition_text import count_notes_of_snapshot
from lineage.analysis.scope import Scope
from lineage.analysis.traces import EVERYTHING, describe_traced_path, find_evidence_of_paths
from lineage.analysis.verdicts import PathEdge
from lineage.domain.check_rules import CheckRules, ListedModel, UnknownPolicy
from lineage.domain.claims import Strength
from lineage.errors import SettingsError

_NOTHING_ALLOWED = "no allowed pattern matches this root"


class CheckVerdict(StrEnum):
    """What a check says of one model, or of all together."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"


class RuleKind(StrEnum):
    """Which kind of rule something matches or breaks."""

    DENY = "deny"
    ALLOW = "allow"
    DENY_LICENSE = "deny_license"
    PINNED = "pinned"


class UnknownOrigin(StrEnum):
    """Why nothing can be said of a model."""

    NAME = "name"
    """No model of this name is known."""
    PARENT = "parent"
    """It is declared to come from something unknown."""
    NO_ROOT = "no_root"
    """No declared path ends at a root that the registry knows."""
    REVISION = "revision"
    """Revisions are to be pinned, and it is given without one, or the snapshot has none."""


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that a model breaks, or would break if an inferred edge is true."""

    rule: RuleKind
    pattern: str | None
    """As the rule is written; None for `allow`, which no pattern matches, and `pinned`."""
    ancestor: str
    """The model itself, or the ancestor or root that decides."""
    path: tuple[PathEdge, ...]
    """From the model up to the ancestor; empty for the model itself."""
    detail: str | None = None
    """What decides: the license with its clause, or the revision of the snapshot."""
    quote: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ModelLicense:
    """What is known of the license of a model: its own tag, and the terms of its roots."""

    tag: str | None
    terms: tuple[str, ...]
    """Ids of the terms of all roots on declared paths."""


@dataclass(frozen=True, slots=True)
class CheckedModel:
    """One model and what a check says of it."""

    model: str
    """As it was given."""
    id: str | None
    """Its name now; None where it is unknown."""
    verdict: CheckVerdict
    matches: tuple[Match, ...]
    unknown: UnknownOrigin | None
    license: ModelLicense
    sha: str | None
    """The revision that the snapshot has."""
    warnings: tuple[Match, ...] = ()
    """What would fail it if inferred edges were declared; they change no verdict."""
    place: str | None = None


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What a check says of some models together."""

    snapshot: str
    verdict: CheckVerdict
    models: tuple[CheckedModel, ...]
    unmatched: tuple[str, ...]
    """Patterns that match nothing, neither in the snapshot nor in the registry."""
    notes: tuple[str, ...] = ()
    """What no verdict on this snapshot can say, a sentence each."""


_RuleMatch = tuple[Match, NodePath]
"""A match before its path is described, and the edges of that."""


def check_models(scope: Scope, listed: Sequence[ListedModel], rules: CheckRules) -> CheckOutcome:
    """Hold models against rules: `fail` where one is broken, `unknown` where nothing is known.

    Every ancestor on a declared path counts, at any depth, deleted ones and curated edges too;
    inferred edges give warnings alone.

    Raises:
        SettingsError: there is no rule, or a license is denied that nothing knows.
    """
    if rules.is_empty:
        raise SettingsError(
            "there is no rule to check by", "give --deny, --allow, --deny-license or --pinned"
        )
    scope = scope.under(EVERYTHING).with_columns_held()
    facts = gather_facts_to_check(scope, listed, rules)
    refuse_unknown_licenses_to_check(scope, rules)
    unmatched = tuple(
        pattern.text
        for pattern in dict.fromkeys(rules.deny + rules.allow)
        if not can_check_rule_match(scope, facts, pattern)
    )
    drafts = [_decide_check_verdict(facts, rules, model) for model in listed]
    # Evidence is read once, and for the paths that decide alone.
    children = {
        int(facts.ancestry.edges.child[edge])
        for _, *lists in drafts
        for _, path in (it for part in lists for it in part)
        for edge in path
    }
    evidence = find_evidence_of_paths(scope, children)

    def describe_matches(matches: Sequence[_RuleMatch]) -> tuple[Match, ...]:
        return tuple(
            replace(match, path=describe_traced_path(facts.ancestry, evidence, path))
            for match, path in matches
        )

    models = tuple(
        replace(model, matches=describe_matches(matches), warnings=describe_matches(warnings))
        for model, matches, warnings in drafts
    )
    verdicts = {model.verdict for model in models}
    if CheckVerdict.FAIL in verdicts:
        verdict = CheckVerdict.FAIL
    elif CheckVerdict.UNKNOWN in verdicts and rules.unknown is UnknownPolicy.FAIL:
        verdict = CheckVerdict.UNKNOWN
    else:
        verdict = CheckVerdict.PASS
    notes = tuple(count_notes_of_snapshot(scope.snapshot.manifest))
    return CheckOutcome(scope.snapshot.id, verdict, models, unmatched, notes)


def _decide_check_verdict(
    facts: CheckFacts, rules: CheckRules, listed: ListedModel
) -> tuple[CheckedModel, list[_RuleMatch], list[_RuleMatch]]:
    """Hold one model against the rules: its verdict, what breaks a rule, and what might."""
    node = facts.node_by_name[listed.name]
    declared = facts.ancestry.walk_up_ancestry(node)
    matches = [
        *_list_denied_ancestors(facts, rules, declared),
        *_list_roots_failing_check(facts, rules, declared),
        *_check_pinned_ancestor(facts, rules, listed, node),
    ]
    # An inferred link is a warning: it may be true, and no author declared it.
    by_any_edge = facts.ancestry.walk_up_ancestry(node, inferred=True)
    inferred = {it: edge for it, edge in by_any_edge.items() if it not in declared}
    warnings = list(_list_denied_ancestors(facts, rules, by_any_edge, among=inferred))
    unknown_origin = _check_unknown(facts, rules, listed, declared)
    verdict = CheckVerdict.PASS if unknown_origin is None else CheckVerdict.UNKNOWN
    model = CheckedModel(
        listed.name,
        None if unknown_origin is UnknownOrigin.NAME else facts.ancestry.ids[node],
        CheckVerdict.FAIL if matches else verdict,
        (),
        unknown_origin,
        _license_of(facts, node, declared),
        facts.shas.get(node),
        place=listed.place,
    )
    return model, matches, warnings


def _list_denied_ancestors(
    facts: CheckFacts,
    rules: CheckRules,
    came_by: Mapping[int, int],
    among: Mapping[int, int] | None = None,
) -> Iterator[_RuleMatch]:
    """Yield, for each denied pattern and license, the nearest node that matches it."""
    nodes = came_by if among is None else among
    for pattern in rules.deny:
        node = next((it for it in nodes if facts.matches_rule_to_check(pattern, it)), None)
        if node is not None:
            path = facts.ancestry.path_to(node, came_by)
            yield Match(RuleKind.DENY, pattern.text, facts.ancestry.ids[node], ()), path
    for name in rules.deny_license:
        for node in nodes:
            if (reason := find_license_to_check(facts, name.lower(), node)) is not None:
                path = facts.ancestry.path_to(node, came_by)
                ancestor = facts.ancestry.ids[node]
                yield Match(RuleKind.DENY_LICENSE, name, ancestor, (), *reason), path
                break


def _list_roots_failing_check(
    facts: CheckFacts, rules: CheckRules, came_by: Mapping[int, int]
) -> Iterator[_RuleMatch]:
    """Yield each root at which a declared path ends and that no allowed pattern matches."""
    for node in _roots_where_ancestry_ends(facts, came_by) if rules.allow else ():
        if not any(facts.matches_rule_to_check(pattern, node) for pattern in rules.allow):
            root, path = facts.ancestry.ids[node], facts.ancestry.path_to(node, came_by)
            yield Match(RuleKind.ALLOW, None, root, (), _NOTHING_ALLOWED), path


def _roots_where_ancestry_ends(facts: CheckFacts, came_by: Mapping[int, int]) -> list[int]:
    """Return the roots met first on each path, and above them those of other families.

    A root of one family that comes from another's stands under the terms of both.
    """
    start = next(iter(came_by))
    seen: set[tuple[int, frozenset[str]]] = set()
    ends: dict[int, None] = {}
    queue = [(start, frozenset[str]())]
    for node, families in queue:
        if (root := facts.roots.get(node)) is not None and root[0].id not in families:
            ends[node] = None
            families |= {root[0].id}
        for edge in facts.ancestry.edges_up.get(node, ()):
            step = int(facts.ancestry.edges.parent[edge]), families
            if step[0] in came_by and step not in seen:
                seen.add(step)
                queue.append(step)
    return list(ends)


def _check_pinned_ancestor(
    facts: CheckFacts, rules: CheckRules, listed: ListedModel, node: int
) -> Iterator[_RuleMatch]:
    sha = facts.shas.get(node)
    # A short revision is taken where the whole one begins so, as git does.
    if not rules.pinned or listed.sha is None or sha is None:
        return
    if not sha.startswith(listed.sha.lower()):
        detail = f"the snapshot has revision {sha}"
        yield Match(RuleKind.PINNED, None, facts.ancestry.ids[node], (), detail), ()


def _check_unknown(
    facts: CheckFacts, rules: CheckRules, listed: ListedModel, declared: Mapping[int, int]
) -> UnknownOrigin | None:
    """Return why a model's origin is unknown, None where it is known."""
    node = next(iter(declared))
    if node >= facts.nodes and node not in facts.roots:
        return UnknownOrigin.NAME
    for above in declared:
        is_registered = above in facts.roots or above in facts.curated_children
        if above != node and above >= facts.records and not is_registered:
            return UnknownOrigin.PARENT
    if not any(above in facts.roots for above in declared):
        return UnknownOrigin.NO_ROOT
    if rules.pinned and (listed.sha is None or node not in facts.shas):
        return UnknownOrigin.REVISION
    return None


def _license_of(facts: CheckFacts, node: int, declared: Mapping[int, int]) -> ModelLicense:
    terms = [it.id for above in declared for it in facts.terms.get(above, ())]
    return ModelLicense(next(iter(facts.tags.get(node, ())), None), tuple(dict.fromkeys(terms)))


_UNKNOWN = {
    UnknownOrigin.NAME: "no model of this name is known",
    UnknownOrigin.PARENT: "it is declared to come from something unknown",
    UnknownOrigin.NO_ROOT: "no declared path ends at a root that the registry knows",
    UnknownOrigin.REVISION: "its revision cannot be compared: none is given, or none is known",
}


def explain_check_unknown(reason: UnknownOrigin) -> str:
    """Return why nothing can be said of a model, without its name."""
    return _UNKNOWN[reason]


def explain_check_match(match: Match) -> str:
    """Return which rule a model breaks and by which path, without the model's name."""
    links = len(match.path)
    up = "1 link up" if links == 1 else f"{links} links up"
    where = f"{match.ancestor}, {up}," if match.path else "the model itself"
    match match.rule:
        case RuleKind.DENY:
            sentence = f"{where} matches the denied {match.pattern}"
        case RuleKind.ALLOW:
            sentence = f"{where} is a root that no allowed pattern matches"
        case RuleKind.DENY_LICENSE:
            sentence = f"denied license {match.pattern}: {where.rstrip(',')}: {match.detail}"
        case RuleKind.PINNED:
            sentence = match.detail or ""
    quoted = "" if match.quote is None else f' "{match.quote}"'
    inferred = any(edge.strength is Strength.INFERRED for edge in match.path)
    return sentence + quoted + (", by an inferred link that no author declared" if inferred else "")
