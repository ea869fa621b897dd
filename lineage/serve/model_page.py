"""A model's page: the verdict at a glance, the paths, what was made from it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

from msgspec import Meta

from lineage.analysis.derivatives import (
    DerivativeOrder,
    filter_and_rank_derivatives,
    find_derivatives,
    read_derivatives,
)
from lineage.analysis.model_description import ModelDescription, describe_model
from lineage.analysis.results import Count
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import ResolvedSubject, find_subject
from lineage.analysis.verdicts import ModelOrigin, PathEdge, PathRoot, Trace, VerdictReason
from lineage.domain.claims import RELATIONS, Relation, Strength
from lineage.domain.definitions import Closure, Definition
from lineage.domain.licenses import ClauseName
from lineage.families.license_terms import families_with_terms, license_terms
from lineage.reporting.document import NOTHING, Inline, Link, Outline, Section
from lineage.reporting.language import Language
from lineage.serve.page_view import (
    PageContent,
    View,
    read_curve_for_page,
    served_section_of_definition,
    served_sections_of_growth,
)
from lineage.serve.parameters import SnapshotQuery

_ROWS = 25
_PATHS = 4


class ModelPageQuery(SnapshotQuery, frozen=True, kw_only=True):
    """A model's page: which of its children are shown, in which order."""

    lang: Language | None = None
    find: Annotated[str, Meta(max_length=200)] = ""
    relation: Relation | None = None
    depth: Literal["direct", "all"] = "direct"
    sort: DerivativeOrder = DerivativeOrder.DOWNLOADS
    order: Literal["ascending", "descending"] = "descending"
    page: Annotated[int, Meta(ge=1, le=10**7)] = 1


def make_model_page(view: View) -> PageContent:
    """Return the page of a model; of a family or release that was meant its address."""
    say, scope = view.words.say, view.question.scope_of_request()
    subject = find_subject(scope, view.question.subject)
    if subject.model is None:
        assert subject.family is not None
        release = "" if subject.release is None else f"/{subject.release.id}"
        return PageContent("", {}, location=view.address(f"/families/{subject.family.id}{release}"))
    family = next((it for it in scope.families if it.id == "llama"), scope.families[0])
    model = describe_model(scope, subject, family)
    is_deleted = model.trace.origin is ModelOrigin.TOMBSTONE
    trace = model.trace
    glance = [
        (say("model.descends", family=family.name), *_verdict_on_page(view, trace)),
        (say("model.who"), *_claimants_on_page(view, trace)),
        (say("model.since"), _date_on_page(view, model), []),
        (say("model.count"), *_say_count_on_served_page(view, model.count)),
        (say("model.terms"), *_say_terms_on_served_page(view, model)),
        (say("model.became"), *_moved_note_on_page(view, model)),
    ]
    paths = [
        [_path_edge_on_page(view, trace, edge) for edge in path] for path in trace.paths[:_PATHS]
    ]
    more = len(trace.paths) - len(paths)
    sections = []
    if model.count.total or model.count.at_most:
        sections += served_sections_of_growth(view, read_curve_for_page(view, subject), model.id)
    sections.append(Section(say("model.data"), [Outline(_link_page_data(view, model))]))
    headline = say("model.gone_title", id=model.id) if is_deleted else model.id
    values = {
        "glance": glance,
        "paths": paths,
        "paths_title": say(f"model.paths_{'one' if len(trace.paths) == 1 else 'other'}"),
        "more_paths": say("model.more_paths", n=more) if more > 0 else "",
        "children": _make_children_page(view, scope, subject) if model.count.at_most else None,
        "sections": sections,
        "folded": [served_section_of_definition(view, model.count)],
    }
    if not paths and trace.itself is None:
        values["lead"] = [say("model.no_paths")]
    return PageContent(headline, values, status=410 if is_deleted else 200)


def _name_roots_on_page(roots: Sequence[PathRoot]) -> str:
    return ", ".join(dict.fromkeys(it.release for it in roots))


def _verdict_on_page(view: View, trace: Trace) -> tuple[str, list[str]]:
    """Return the verdict in a few words, and what it rests on."""
    say = view.words.say
    own = [root for root in trace.roots if root.family == trace.family]
    if trace.itself is not None:
        kind = "itself" if trace.itself.official else "mirror"
        if trace.reason is VerdictReason.IS_OTHER_ROOT:
            kind = "no_other"
        return say(f"model.{kind}", root=trace.itself.release, roots=trace.itself.release), []
    sentence = [trace.outsider.sentence] if trace.outsider is not None else []
    match trace.reason:
        case VerdictReason.DECLARED_PATH:
            text = say("model.yes", roots=_name_roots_on_page(own))
        case VerdictReason.OTHER_ROOTS:
            text = say("model.no_other", roots=_name_roots_on_page(trace.roots))
        case VerdictReason.INFERRED_PATH:
            text = say("model.not_known_inferred", roots=_name_roots_on_page(own))
        case VerdictReason.SOURCES_DISAGREE:
            text = say("model.not_known_disputed")
        case _:
            text = say("model.no" if trace.descends is False else "model.not_known")
    return text, sentence


def _claimants_on_page(view: View, trace: Trace) -> tuple[str, list[str]]:
    """Return who says so: the rules behind the first edge of the surest path."""
    say = view.words.say
    if trace.itself is not None or (trace.outsider is not None and not trace.paths):
        return say("model.who_registry"), []
    if not trace.paths:
        return say("model.who_nobody"), []
    edge = trace.paths[0][0]
    rules = ", ".join(dict.fromkeys(_rule_on_page(view, claim.rule) for claim in edge.evidence))
    if edge.strength is Strength.INFERRED:
        return say("model.who_inferred", rules=rules), []
    return (say("model.who_registry") if rules == _rule_on_page(view, "registry") else rules), []


def _rule_on_page(view: View, rule: str) -> str:
    names = view.tree_words.sections["explorer"]
    return names.get(f"rule_{rule}", rule.replace("_", " "))


def _date_on_page(view: View, model: ModelDescription) -> str:
    created = None if model.record is None else model.record["created_at"]
    return (
        view.words.date(created.date())
        if isinstance(created, datetime)
        else view.words.say("model.since_unknown")
    )


def _say_count_on_served_page(view: View, count: Count) -> tuple[str, list[str]]:
    words = view.words
    more = [words.say_number("model.direct", count.direct)]
    if count.at_most > count.total:
        more.append(words.say("model.between", total=count.total, at_most=count.at_most))
    parts = [f"{words.number(n)} {view.relation(it)}" for it, n in count.by_relation.items()]
    return words.say_number("model.total", count.total), [*more, *filter(None, [", ".join(parts)])]


def _say_terms_on_served_page(view: View, model: ModelDescription) -> tuple[str, list[str]]:
    """Return the terms of every root on a declared path, and the model's own license tag."""
    say, trace = view.words.say, model.trace
    roots = [*trace.roots, *([trace.itself] if trace.itself is not None else [])]
    releases = {it.name: it.id for each in view.opened.scope.families for it in each.releases}
    names, more = [], []
    for root in roots if trace.descends is not None or trace.itself is not None else ():
        if root.family in families_with_terms():
            terms = license_terms(root.family)
            each = terms.license_terms_of_root(root.root or "", releases.get(root.release, ""))
            if each is not None and each.name not in names:
                names.append(each.name)
                if ClauseName.MONTHLY_USERS in each.rules:
                    more.append(say("model.clause_users"))
    record = model.record or {}
    tag = record.get("license_name") or record.get("license")
    if tag:
        more.append(say("model.tag", tag=tag))
    return ", ".join(names) or (str(tag) if tag else say("model.no_terms")), list(
        dict.fromkeys(more)
    )


def _moved_note_on_page(view: View, model: ModelDescription) -> tuple[str, list[str]]:
    say, deletion = view.words.say, model.trace.deletion
    more = []
    if model.former_names:
        more.append(say("model.renamed", names=", ".join(model.former_names[:5])))
    if deletion is not None:
        if deletion.asked is not None:
            more.append(say(f"model.answer_{deletion.asked.standing.value}"))
        return say("model.deleted", day=deletion.missed_at.date()), more
    if model.record is None:
        return say("model.named"), more
    return say("model.listed", day=view.day), more


def _path_edge_on_page(view: View, trace: Trace, edge: PathEdge) -> Mapping[str, Any]:
    """Return one edge of a path as the template draws it."""
    roots = {it.root for it in trace.roots}
    return {
        "child": edge.child,
        "parent": edge.parent,
        "address": view.address(f"/models/{edge.child}"),
        "parent_address": view.address(f"/models/{edge.parent}"),
        "relation": view.relation(edge.relation),
        "strength": edge.strength.value,
        "strength_word": view.words.say(f"strength.{edge.strength.value}"),
        "is_root": edge.parent in roots or edge.parent.startswith(("release:", "family:")),
        "claims": [
            {
                "rule": _rule_on_page(view, claim.rule),
                "quote": claim.quote,
                "source": claim.source,
                "url": claim.url,
            }
            for claim in edge.evidence
        ],
    }


def _make_children_page(view: View, scope: Scope, subject: ResolvedSubject) -> Mapping[str, Any]:
    """Return a page of the models below one, as it was filtered and sorted."""
    query: ModelPageQuery = view.question.query
    words, say = view.words, view.words.say
    closure = Closure.DIRECT if query.depth == "direct" else Closure.ALL
    scope = scope.under(Definition(closure=closure))
    derivatives = view.opened.lists_of(
        ("page", subject.id, closure), lambda: find_derivatives(scope, subject)
    )
    falls = query.order == "descending"
    places = filter_and_rank_derivatives(
        scope,
        derivatives,
        query.sort,
        falls=falls,
        letters=query.find.strip(),
        relation=query.relation,
    )
    first = min((query.page - 1) * _ROWS, max(len(places) - 1, 0) // _ROWS * _ROWS)
    shown = places[first : first + _ROWS].tolist()
    rows = []
    for it in read_derivatives(scope, derivatives, shown):
        base = scope.snapshot.base(it.id)
        rows.append(
            {
                "id": it.id,
                "address": view.address(f"/models/{it.id}"),
                "relation": view.relation(it.relation),
                "strength": say(f"strength.{it.strength.value}"),
                "created": NOTHING if it.created_at is None else it.created_at.date().isoformat(),
                "downloads": NOTHING if it.downloads is None else words.number(it.downloads),
                "below": words.number(base.total if base is not None else 0),
            }
        )

    last, page = first + len(shown), first // _ROWS + 1
    return {
        "columns": _columns_of_page_table(view),
        "rows": rows,
        "find": query.find,
        "relation": query.relation.value if query.relation else "",
        "relations": [(it.value, view.relation(it)) for it in RELATIONS],
        "depth": query.depth,
        "sort": query.sort.value,
        "order": query.order,
        "shown": say("table.shown", first=first + 1, last=last, all=len(places)) if rows else "",
        "previous": _address_of_changed_page_table(view, page=page - 1) if page > 1 else "",
        "next": _address_of_changed_page_table(view, page=page + 1) if last < len(places) else "",
    }


def _address_of_changed_page_table(view: View, **changes: object) -> str:
    """Return the address of the same table, filtered or sorted in another way."""
    chosen = {
        name: value
        for name in ("find", "relation", "depth", "sort", "order")
        if (value := getattr(view.question.query, name)) not in (None, "")
    }
    return view.address(view.path, **(chosen | changes)) + "#below"


def _columns_of_page_table(view: View) -> Sequence[Mapping[str, Any]]:
    """Return the columns of the table, with the address that sorts by each."""
    query: ModelPageQuery = view.question.query
    orders = {
        "name": DerivativeOrder.NAME,
        "relation": DerivativeOrder.RELATION,
        "strength": None,
        "created": DerivativeOrder.CREATED,
        "downloads": DerivativeOrder.DOWNLOADS,
        "below": None,
    }
    columns = []
    for name, order in orders.items():
        is_sorted = order is not None and order is query.sort
        rises = order in (DerivativeOrder.NAME, DerivativeOrder.RELATION)
        falls_now = query.order == "descending"
        next_order = "ascending" if (falls_now if is_sorted else rises) else "descending"
        address = (
            _address_of_changed_page_table(view, sort=order.value, order=next_order)
            if order
            else None
        )
        columns.append(
            {
                "name": view.words.say(f"table.{name}"),
                "is_number": name in ("downloads", "below"),
                "address": address,
                "sorted": query.order if is_sorted else "",
            }
        )
    return columns


def _link_page_data(view: View, model: ModelDescription) -> list[tuple[int, Inline]]:
    """Return links to the same facts as data, and to the Hub."""
    say, snapshot = view.words.say, view.question.query.snapshot
    query = f"?snapshot={quote(snapshot)}" if snapshot else ""
    lines: list[tuple[int, Inline]] = []
    for name, key in (
        ("", "record"),
        ("/counts", "counts"),
        ("/derivatives", "list"),
        ("/lineage", "lineage"),
        ("/bom", "bom"),
    ):
        address = quote(f"/api/models/{model.id}{name}") + query
        lines.append((0, Link(say(f"model.data_{key}"), address)))
    if model.record is not None and model.trace.deletion is None:
        lines.append((0, Link(say("model.on_hub"), f"https://huggingface.co/{quote(model.id)}")))
    return lines
