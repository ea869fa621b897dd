"""Every question of the API: its address, its parameters, and the function that answers it."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from lineage.analysis.check import check_models
from lineage.analysis.counts import count_subject
from lineage.analysis.derivatives import Derivatives, find_derivatives, read_derivatives
from lineage.analysis.documents import (
    count_document,
    family_document,
    snapshot_document,
    summarize_counted_family,
    trace_document,
    tree_document,
)
from lineage.analysis.growth.curves import curve_of_base, curve_of_family
from lineage.analysis.model_description import describe_model, model_document
from lineage.analysis.scope import Scope
from lineage.analysis.search import search_names
from lineage.analysis.subjects import ResolvedSubject, find_subject
from lineage.analysis.traces import trace_models
from lineage.analysis.tree.prune import build_tree
from lineage.analysis.verdicts import Trace, count_availability
from lineage.domain.check_rules import ListedModel, read_check_rules
from lineage.domain.definitions import Definition, Grouping
from lineage.domain.documents import Document, convert_to_document
from lineage.domain.subjects import parse_subject
from lineage.errors import LineageError, MissingExtra, SettingsError, UnknownModel
from lineage.families.registry import family as find_family
from lineage.serve.open_snapshots import OpenSnapshot, OpenSnapshots
from lineage.serve.parameters import (
    BatchBody,
    BomQuery,
    CheckBody,
    CountsQuery,
    FamilyQuery,
    PageQuery,
    SearchQuery,
    SnapshotQuery,
    TreeQuery,
    TrendQuery,
)
from lineage.store.reader import stored_availability_counts

CYCLONEDX = "application/vnd.cyclonedx+json; version=1.6"


@dataclass(frozen=True, slots=True)
class Question:
    """One request, read: what it is about and what it stands on."""

    snapshots: OpenSnapshots
    opened: OpenSnapshot
    query: Any
    """The parameters, of the operation's own type."""
    subject: str = ""
    """What the address names: a model, a family, a snapshot."""

    def scope_of_request(self, definition: Definition | None = None) -> Scope:
        """Return what the question stands on, by a definition, in memory of its own."""
        scope = self.opened.scope.scope_for_one_question()
        return scope if definition is None else scope.under(definition)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a question is answered with."""

    document: Any
    next_cursor: str | None = None
    """Where the next page of a list begins."""
    location: str | None = None
    """Where the client is sent."""
    text: str | None = None
    """Instead of a document: text in a format of its own."""
    media_type: str = "application/json"


# Snapshots and names


def answer_snapshots(question: Question) -> Reply:
    """Answer with every snapshot, as `snapshots list` does."""
    store, query = question.snapshots.store, question.query
    refuse_request_fields(query, "snapshot")
    return Reply([snapshot_document(manifest) for manifest in store.manifests()])


def answer_snapshot(question: Question) -> Reply:
    """Answer with one snapshot, as `snapshots show` does."""
    snapshot = question.opened.snapshot
    answers = count_availability(stored_availability_counts(snapshot))
    return Reply(convert_to_document(snapshot.manifest) | {"availability": answers})


def answer_search(question: Question) -> Reply:
    """Answer with names that match some letters."""
    query: SearchQuery = question.query
    items = convert_to_document(search_names(question.scope_of_request(), query.q, query.limit))
    return Reply({"snapshot": question.opened.snapshot.id, "items": items, "next": None})


# Models


def require_requested_model(scope: Scope, text: str) -> ResolvedSubject:
    """Return the model of a subject; SettingsError where it is a family or a release."""
    subject = find_subject(scope, text)
    if subject.model is None:
        assert subject.family is not None
        release = "" if subject.release is None else f"/{subject.release.id}"
        raise SettingsError(
            f"{text!r} is a {subject.kind.value}, not a model",
            f"see /api/families/{subject.family.id}{release}",
        )
    return subject


def answer_model(question: Question) -> Reply:
    """Answer with all that the snapshot knows of a model."""
    query: FamilyQuery = question.query
    scope = question.scope_of_request(Definition(as_of=query.as_of))
    family = find_family(query.family.removeprefix("family:"), scope.families)
    subject = require_requested_model(scope, question.subject)
    return Reply(model_document(describe_model(scope, subject, family)))


def answer_counts(question: Question) -> Reply:
    """Answer with a count, as `count` does."""
    query: CountsQuery = question.query
    scope = question.scope_of_request(query.requested_definition())
    count = count_subject(scope, find_subject(scope, question.subject), query.by)
    return Reply(count_document(count))


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A list of derivatives, and where a page of it begins."""

    scope: Scope
    subject: ResolvedSubject
    derivatives: Derivatives
    start: int
    mark: str
    """What a cursor of this list bears."""


def find_derivatives_page(question: Question, query: PageQuery) -> ListedPage:
    """Find the list that a page is cut from, once for all its pages."""
    scope = question.scope_of_request(query.requested_definition())
    subject = find_subject(scope, question.subject)
    of_list = (subject.id, subject.key, msgspec.json.encode(query.requested_definition()))
    derivatives: Derivatives = question.opened.lists_of(
        of_list, lambda: find_derivatives(scope, subject)
    )
    mark = hashlib.sha256(repr((of_list, question.opened.version)).encode()).hexdigest()[:12]
    start = 0 if query.cursor is None else read_page_cursor(query.cursor, mark)
    return ListedPage(scope, subject, derivatives, start, mark)


def make_paged_response(question: Question, query: PageQuery, page: ListedPage) -> Document:
    """Return a page of a list as its document."""
    end = min(page.start + query.limit, len(page.derivatives))
    rows = read_derivatives(page.scope, page.derivatives, range(page.start, end))
    items = [served_derivative_document(row) for row in rows]
    snapshot, has_more = question.opened.snapshot.id, end < len(page.derivatives)
    cursor = make_cursor(snapshot, end, page.mark) if has_more else None
    return {"snapshot": snapshot, "items": items, "next": cursor}


def answer_derivatives(question: Question) -> Reply:
    """Answer with a page of the models that are counted."""
    query: PageQuery = question.query
    document = make_paged_response(question, query, find_derivatives_page(question, query))
    return Reply(document, document["next"])


def served_derivative_document(it: Any) -> Document:
    """Return one item of a list; by hand, as a page has a thousand of them."""
    created = None if it.created_at is None else f"{it.created_at:%Y-%m-%dT%H:%M:%SZ}"
    return {
        "id": it.id,
        "key": it.key,
        "direct": it.direct,
        "relation": it.relation.value,
        "strength": it.strength.value,
        "created_at": created,
        "downloads": it.downloads,
        "deleted": it.deleted,
    }


def make_cursor(snapshot: str, place: int, mark: str) -> str:
    """Return where a page begins, as a word that means nothing to the client."""
    text = f"{snapshot}.{place}.{mark}".encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def snapshot_of_page_cursor(cursor: str) -> str:
    """Return the snapshot whose list a cursor goes on with; SettingsError where it is none."""
    return _split_page_cursor(cursor)[0]


def read_page_cursor(cursor: str, mark: str) -> int:
    """Return the place of a cursor; SettingsError where it is none, or another list's."""
    _, place, of_list = _split_page_cursor(cursor)
    if of_list != mark:
        raise SettingsError(
            "the cursor belongs to another list", "leave it out: the list begins anew"
        )
    return place


def _split_page_cursor(cursor: str) -> tuple[str, int, str]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        snapshot, place, mark = base64.urlsafe_b64decode(padded).decode("ascii").split(".")
        return snapshot, int(place), mark
    except ValueError:
        raise SettingsError(
            "cursor: not one that this server gave", "take it from `next`, or leave it out"
        ) from None


def answer_lineage(question: Question) -> Reply:
    """Answer with a model's paths up, as `trace` does."""
    query: FamilyQuery = question.query
    scope = question.scope_of_request(Definition(as_of=query.as_of))
    asked = find_family(query.family.removeprefix("family:"), scope.families)
    (trace,) = trace_models(scope, [_model_name_of_question(question.subject)], asked)
    if isinstance(trace, UnknownModel):
        raise trace
    return Reply(trace_document(trace))


def _model_name_of_question(text: str) -> str:
    try:
        return parse_subject(text).name
    except ValueError as error:
        raise SettingsError(str(error), "a model is spelled owner/name") from error


def answer_bom(question: Question) -> Reply:
    """Answer with a bill of materials, as `export cyclonedx` does."""
    from lineage.export.bill_of_materials import bill_of

    try:
        from lineage.export.cyclonedx import write_cyclonedx
    except ImportError as error:
        raise MissingExtra("bills of materials", "sbom") from error
    query: BomQuery = question.query
    scope = question.scope_of_request()
    family = find_family("llama", scope.families)
    bill = bill_of(scope, _model_name_of_question(question.subject), family, query.min_strength)
    text = write_cyclonedx(bill, scope.snapshot.manifest)
    return Reply(None, text=text, media_type=CYCLONEDX)


def answer_package_address(question: Question) -> Reply:
    """Send a package address to its model."""
    if not question.subject.lower().startswith("pkg:huggingface/"):
        raise SettingsError(
            f"{question.subject!r} is no package address of the Hub",
            "pkg:huggingface/owner/name@revision",
        )
    subject = require_requested_model(
        question.scope_of_request(), _model_name_of_question(question.subject)
    )
    return Reply(None, location=f"/api/models/{quote(subject.id)}")


# Families


def family_subject_of_route(scope: Scope, text: str) -> ResolvedSubject:
    """Return the family, or the release as `family/release`, that an address names."""
    name, _, release = text.partition("/")
    family = find_family(name.removeprefix("family:"), scope.families)
    if not release:
        return ResolvedSubject(f"family:{family.id}", family=family)
    wanted = release.removeprefix("release:").lower()
    for each in family.releases:
        if wanted in (each.id, each.name.lower()):
            return ResolvedSubject(f"release:{each.id}", family=family, release=each)
    raise UnknownModel(
        f"no release of {family.id} is called {release!r}",
        f"there are: {', '.join(each.id for each in family.releases)}",
        [f"release:{each.id}" for each in family.releases],
    )


def answer_families(question: Question) -> Reply:
    """Answer with the registry, as `families list` does."""
    return Reply(
        [summarize_counted_family(family) for family in question.scope_of_request().families]
    )


def answer_family(question: Question) -> Reply:
    """Answer with one family or release, as `families show` does."""
    subject = family_subject_of_route(question.scope_of_request(), question.subject)
    assert subject.family is not None
    release = subject.release
    return Reply(
        family_document(subject.family) if release is None else convert_to_document(release)
    )


def answer_family_counts(question: Question) -> Reply:
    """Answer with the count of a family or a release."""
    query: CountsQuery = question.query
    scope = question.scope_of_request(query.requested_definition())
    subject = family_subject_of_route(scope, question.subject)
    return Reply(count_document(count_subject(scope, subject, query.by)))


def answer_trend(question: Question) -> Reply:
    """Answer with the curve of a family, as `snapshots trend` does."""
    query: TrendQuery = question.query
    refuse_request_fields(query, "snapshot")
    scope = question.scope_of_request()
    subject = family_subject_of_route(scope, question.subject)
    if subject.release is not None:
        raise SettingsError(
            "a curve is of a family, or of one of its models", "ask the family with by=release"
        )
    assert subject.family is not None
    family, store, by = (
        subject.family,
        question.snapshots.store,
        read_requested_trend_grouping(query.by),
    )
    # What takes longer than a request may is there for the next one.
    curve = question.opened.lists_of(
        ("curve", subject.id, by), lambda: curve_of_family(store, family, scope.families, by)
    )
    return Reply(convert_to_document(curve))


def answer_model_trend(question: Question) -> Reply:
    """Reply with the curve of a model over all snapshots."""
    query: TrendQuery = question.query
    refuse_request_fields(query, "snapshot")
    scope = question.scope_of_request()
    subject = require_requested_model(scope, question.subject)
    grouping = read_requested_trend_grouping(query.by)
    if grouping is Grouping.RELEASE:
        raise SettingsError("a model has no releases", "leave out by, or ask its family")
    store = question.snapshots.store
    curve = question.opened.lists_of(
        ("curve", subject.id, grouping),
        lambda: curve_of_base(store, subject.id, scope.families, grouping),
    )
    return Reply(convert_to_document(curve))


def read_requested_trend_grouping(by: Grouping | None) -> Grouping | None:
    """Return what a curve is divided by; SettingsError for what no snapshot stores."""
    if by not in (None, Grouping.RELEASE, Grouping.MONTH):
        raise SettingsError(f"by: no curve is divided by {by}", "by is one of release, month")
    return by


def answer_tree(question: Question) -> Reply:
    """Answer with a tree, as `tree` does."""
    query: TreeQuery = question.query
    scope = question.scope_of_request(query.requested_definition())
    subject = family_subject_of_route(scope, question.subject)
    tree = build_tree(scope, subject, depth=query.depth, min_size=query.min_size)
    return Reply(tree_document(tree))


def refuse_request_fields(query: SnapshotQuery, *names: str) -> None:
    """Raise SettingsError for parameters that would promise something else than the answer."""
    for name in names:
        if getattr(query, name) is not None:
            raise SettingsError(f"{name} has no meaning here", "the answer is of all snapshots")


# Many at once


def answer_batch(question: Question) -> Reply:
    """Answer many subjects; one that is unknown says so in its own item."""
    query: BatchBody = question.query
    scope = question.scope_of_request(query.requested_definition())
    lineage = _answer_batch_traces(scope.under(Definition(as_of=query.as_of)), query)
    items: list[Document] = []
    for text in query.subjects:
        item: Document = {"subject": text, **dict.fromkeys(query.want)}
        # Of what is wanted the one may be known and the other not: a family has no lineage.
        for want in dict.fromkeys(query.want):
            try:
                if want == "counts":
                    count = count_subject(scope, find_subject(scope, text), query.by)
                    item["counts"] = count_document(count)
                    continue
                trace = lineage[text]
                if isinstance(trace, LineageError):
                    raise trace
                item["lineage"] = trace_document(trace)
            except (UnknownModel, SettingsError) as error:
                item |= {"error": error.message, "hint": error.hint}
        items.append(item)
    return Reply({"snapshot": question.opened.snapshot.id, "items": items})


def _answer_batch_traces(scope: Scope, query: BatchBody) -> dict[str, Trace | LineageError]:
    """Return the trace of each subject of a batch, or why it has none; all by one look."""
    if "lineage" not in query.want:
        return {}
    names: dict[str, str] = {}
    answers: dict[str, Trace | LineageError] = {}
    for text in query.subjects:
        try:
            names[text] = _model_name_of_question(text)
        except SettingsError as error:
            answers[text] = error
    family = find_family(query.family.removeprefix("family:"), scope.families)
    traces = trace_models(scope, list(names.values()), family)
    return answers | dict(zip(names, traces, strict=True))


def answer_check(question: Question) -> Reply:
    """Answer with the outcome of a check, as `check` does."""
    query: CheckBody = question.query
    table = {name: list(getattr(query, name)) for name in ("deny", "allow", "deny_license")}
    flags = {"pinned": query.pinned, "strict": query.strict, "unknown": query.unknown}
    try:
        rules = read_check_rules(table | flags)
    except ValueError as error:
        hint = "a pattern is owner/name with *, family:NAME or release:NAME"
        raise SettingsError(str(error), hint) from error
    listed = [ListedModel.spelled(model) for model in query.models]
    outcome = check_models(question.scope_of_request(), listed, rules)
    if rules.strict and outcome.unmatched:
        raise SettingsError(
            f"matches nothing: {', '.join(outcome.unmatched)}", "mend it, or leave out strict"
        )
    return Reply(convert_to_document(outcome))
