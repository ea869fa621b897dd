"""Pages to explore: what the API says, for people; they are read without a script."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from lineage.analysis.counts import count_subject, rank_bases_by_count
from lineage.analysis.scope import Scope
from lineage.analysis.search import search_names
from lineage.analysis.subjects import ResolvedSubject
from lineage.analysis.tree.prune import build_tree
from lineage.domain.definitions import Grouping
from lineage.errors import LineageError, UnknownModel
from lineage.reporting.document import (
    NOTHING,
    Column,
    FileLink,
    Inline,
    Link,
    Outline,
    Section,
    Table,
)
from lineage.reporting.html import (
    fill_page_template,
    policy_of_report_page,
    read_report_template_file,
)
from lineage.reporting.language import Language, Texts, load_texts
from lineage.serve.app import (
    Server,
    answer_not_modified,
    answer_status_of_error,
    etag_of_served_answer,
    hide_store_from_client,
    is_etag_of_request,
)
from lineage.serve.model_page import ModelPageQuery, make_model_page
from lineage.serve.operations import Question, family_subject_of_route
from lineage.serve.page_view import (
    PageContent,
    View,
    count_families_for_page,
    read_curve_for_page,
    served_section_of_definition,
    served_sections_of_growth,
    words_of_group_on_page,
)
from lineage.serve.parameters import SnapshotQuery, read_request_query

_LARGEST = 15


class HomeQuery(SnapshotQuery, frozen=True, kw_only=True):
    """The page that everybody begins at."""

    lang: Language | None = None
    q: Annotated[str, Meta(max_length=200)] = ""


class FamilyPageQuery(SnapshotQuery, frozen=True, kw_only=True):
    """A family's page."""

    lang: Language | None = None


# Routes


def page_routes(server: Server) -> list[BaseRoute]:
    """Return the routes of all pages."""
    pages: Sequence[tuple[str, str, type[SnapshotQuery], Callable[[View], PageContent]]] = (
        ("home_page", "/", HomeQuery, _make_home_page),
        ("model_page", "/models/{subject:path}", ModelPageQuery, make_model_page),
        ("family_page", "/families/{subject:path}", FamilyPageQuery, make_family_page),
    )
    return [
        Route(path, partial(_serve_page, server, kind, make), name=name)
        for name, path, kind, make in pages
    ]


async def _serve_page(
    server: Server,
    kind: type[SnapshotQuery],
    make: Callable[[View], PageContent],
    request: Request,
) -> Response:
    language, is_chosen = choose_page_language(request)
    words = load_texts(language, "served")
    subject = request.path_params.get("subject", "")
    headers = {"Vary": "Accept-Language", "X-Frame-Options": "DENY"}
    try:
        query = read_request_query(kind, request.query_params.multi_items())
        opened = await server.open_snapshot(query, subject or None)
        tag = etag_of_served_answer(opened, request.url.path, language, query)
        caching = {"ETag": tag, "Cache-Control": "public, max-age=60"}
        if is_etag_of_request(request, tag):
            return Response(status_code=304, headers=headers | caching)
        question = Question(server.snapshots, opened, query, subject)
        tree_words = load_texts(language, "family_tree")
        view = View(question, words, tree_words, request.url.path, is_chosen)
        page, text = await server.closures.run_in_worker(partial(_respond_with_page, view, make))
    except LineageError as error:
        return _make_error_page(words, request, error, headers, is_chosen=is_chosen)
    if page.location is not None:
        return Response(status_code=302, headers=headers | {"Location": page.location})
    headers |= caching | {
        "Content-Security-Policy": policy_of_report_page(text) + "; frame-ancestors 'none'"
    }
    return answer_not_modified(request, Response(text, page.status, headers, "text/html"), headers)


def choose_page_language(request: Request) -> tuple[Language, bool]:
    """Return the language of ?lang=, else the first that the browser asks for and there is."""
    asked = request.query_params.get("lang")
    if asked in set(Language):
        return Language(asked), True
    for part in request.headers.get("accept-language", "")[:200].split(","):
        word = part.partition(";")[0].strip().lower().partition("-")[0]
        if word in set(Language):
            return Language(word), False
    return Language.ENGLISH, False


def _respond_with_page(view: View, make: Callable[[View], PageContent]) -> tuple[PageContent, str]:
    page = make(view)
    if page.location is not None:
        return page, ""
    other = {Language.ENGLISH: "de", Language.GERMAN: "en"}[view.words.language]
    chosen = {
        name: value
        for name, value in msgspec.to_builtins(view.question.query).items()
        if value not in (None, "") and name != "lang"
    }
    values = {
        "words": view.words,
        "letters": getattr(view.question.query, "q", ""),
        "language_query": f"?lang={view.words.language.value}" if view.is_language_chosen else "",
        "other_language": quote(view.path) + "?" + urlencode(chosen | {"lang": other}),
        "source": view.words.say("model.source", day=view.day),
    }
    return page, _fill_served_page(view.words.language, page.headline, values | dict(page.values))


def _fill_served_page(language: Language, headline: str, values: Mapping[str, Any]) -> str:
    nothing_more = dict.fromkeys(("lead", "glance", "paths", "sections", "folded"), ())
    empty = {"children": None, "more_paths": "", "paths_title": "", **nothing_more}
    return fill_page_template(
        "served.html",
        language,
        title=headline,
        style=read_report_template_file("served.css"),
        script=read_report_template_file("served.js"),
        is_served=True,
        **{**empty, "headline": headline, "picture_files": {"growth": ()}, **values},
    )


def _make_error_page(
    words: Texts,
    request: Request,
    error: LineageError,
    headers: Mapping[str, str],
    *,
    is_chosen: bool,
) -> Response:
    """Return an error as a page: what is wrong, what to do, and what may be meant."""
    is_named = bool(request.query_params.get("snapshot"))
    status = answer_status_of_error(error, is_named=is_named)
    title = words.say(f"error.title_{status if status in (400, 404, 503) else 500}")
    candidates = error.candidates if isinstance(error, UnknownModel) else ()
    language = {"lang": words.language.value} if is_chosen else {}
    query = f"?{urlencode(language)}" if language else ""
    lead = [error.message, *([] if candidates else [error.hint])]
    lines = [(0, FileLink(f"/models/{name}", name)) for name in candidates]
    blocks = [Outline(lines)] if lines else []
    other = {Language.ENGLISH: "de", Language.GERMAN: "en"}[words.language]
    values = {
        "words": words,
        "letters": "",
        "language_query": query,
        "other_language": quote(request.url.path) + f"?lang={other}",
        "source": "",
        "lead": [hide_store_from_client(request, it) for it in lead],
        "sections": [Section(words.say("error.candidates"), blocks)] if blocks else (),
    }
    text = _fill_served_page(words.language, title, values)
    more = {
        "Cache-Control": "no-store",
        "X-Error-Code": type(error).__name__,
        "Content-Security-Policy": policy_of_report_page(text) + "; frame-ancestors 'none'",
    }
    if status == 503:
        more["Retry-After"] = "30"
    return Response(text, status, {**headers, **more}, "text/html")


# Home


def _make_home_page(view: View) -> PageContent:
    say, scope, manifest = (
        view.words.say,
        view.question.scope_of_request(),
        view.opened.snapshot.manifest,
    )
    query: HomeQuery = view.question.query
    if query.q:
        return _make_search_page(view, scope, query.q)
    families = view.opened.lists_of("families", lambda: count_families_for_page(scope))
    rows = [
        (
            FileLink(f"/families/{family.id}", family.name),
            family.organization,
            view.words.number(count.total),
            view.words.number(count.direct),
        )
        for family, count in families
        if count.total
    ]
    columns = [
        Column(say("home.family")),
        Column(say("home.organization")),
        Column(say("home.below"), is_number=True),
        Column(say("home.direct"), is_number=True),
    ]
    largest = [
        (view.link(it.id), view.words.number(it.total), view.words.number(it.direct))
        for it in rank_bases_by_count(scope, _LARGEST)
    ]
    models = [Column(say("home.model")), *columns[2:]]
    lead = say("home.lead", models=manifest.models, edges=manifest.edges, day=view.day)
    sections = [Section(say("home.families"), [Table(columns, rows)])]
    if largest:
        sections.append(Section(say("home.largest"), [Table(models, largest)]))
    return PageContent(say("home.title"), {"lead": [lead], "sections": sections})


def _make_search_page(view: View, scope: Scope, letters: str) -> PageContent:
    say = view.words.say
    items = search_names(scope, letters, 50)
    rows: list[Sequence[Inline]] = []
    for it in items:
        if it.kind is None:
            address = view.address("/", q=f"{it.id}/")
            number = say("home.models_of_author", n=it.models)
            rows.append((Link(it.id, address), say("kind.author"), number))
        else:
            number = view.words.number(it.total) if it.total else NOTHING
            rows.append((view.link(it.id), say(f"kind.{it.kind.value}"), number))
    columns = [
        Column(say("home.model")),
        Column(say("home.kind"), is_short=True),
        Column(say("home.below"), is_number=True),
    ]
    lead = (
        view.words.say_number("home.result", len(items)) if items else say("home.nothing_matches")
    )
    sections = (
        [Section(say("home.results", letters=letters), [Table(columns, rows)])] if rows else []
    )
    return PageContent(say("home.results", letters=letters), {"lead": [lead], "sections": sections})


_TREE_DEPTH = 3


def make_family_page(view: View) -> PageContent:
    """Return the page of a family or a release."""
    say, words, scope = view.words.say, view.words, view.question.scope_of_request()
    subject = family_subject_of_route(scope, view.question.subject)
    family, release = subject.family, subject.release
    assert family is not None
    count = count_subject(scope, subject, None if release else Grouping.RELEASE)
    name = family.name if release is None else release.name
    sections: list[Section] = []
    if release is None:
        curve = read_curve_for_page(view, subject, Grouping.RELEASE)
        sections += served_sections_of_growth(view, curve, name)
        ids = {it.name: it.id for it in family.releases}
        rows = [
            (
                FileLink(f"/families/{family.id}/{ids[group.value]}", group.value)
                if group.value in ids
                else words_of_group_on_page(view, group.value),
                words.number(group.total),
                words.number(group.direct),
            )
            for group in count.groups
        ]
        columns = [
            Column(say("family.release")),
            Column(say("home.below"), is_number=True),
            Column(say("home.direct"), is_number=True),
        ]
        if rows:
            sections.append(Section(say("family.releases"), [Table(columns, rows)]))
    sections.append(
        Section(
            say("family.tree"), [say("family.tree_note"), _make_tree_page(view, scope, subject)]
        )
    )
    if release is None:
        rivals = view.opened.lists_of("families", lambda: count_families_for_page(scope))
        others = [
            (FileLink(f"/families/{it.id}", it.name), words.number(each.total))
            for it, each in rivals
            if it.id != family.id and each.total
        ]
        columns = [Column(say("home.family")), Column(say("home.below"), is_number=True)]
        if others:
            sections.append(Section(say("family.rivals"), [Table(columns, others)]))
    roots = (family if release is None else release).root_repo_ids()
    listed = Section(say("family.roots"), [Outline([(0, view.link(id)) for id in roots])])
    folded = [listed, served_section_of_definition(view, count)]
    headline = words.say_number("family.title", count.total, name=name)
    return PageContent(
        headline, {"sections": sections, "lead": list(count.notes), "folded": folded}
    )


def _make_tree_page(view: View, scope: Scope, subject: ResolvedSubject) -> Outline:
    tree = build_tree(scope, subject, depth=_TREE_DEPTH)
    lines: list[tuple[int, Any]] = []
    for node in tree.nodes:
        number = f" {view.words.number(node.total)}"
        is_model = "/" in node.name
        lines.append(
            (
                node.depth,
                [
                    view.link(node.name) if is_model else words_of_group_on_page(view, node.name),
                    number,
                ],
            )
        )
    return Outline(lines)
