"""Who looks at a page, and what all pages show: links in the reader's language, growth."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from lineage.analysis.counts import count_subject
from lineage.analysis.growth.curves import curve_of_base, curve_of_family
from lineage.analysis.growth.results import Curve
from lineage.analysis.results import Count
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import ResolvedSubject
from lineage.domain.addresses import is_loopback_address
from lineage.domain.claims import Relation
from lineage.domain.definitions import Grouping
from lineage.reporting.charts.chart import Axis, Chart, ChartKind, Position, Series
from lineage.reporting.document import Facts, Link, Picture, Section
from lineage.reporting.language import Texts
from lineage.serve.open_snapshots import OpenSnapshot
from lineage.serve.operations import Question
from lineage.serve.server import TimeLimitReached

_CURVE_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class View:
    """Who looks: the question, the language, and how addresses go on in it."""

    question: Question
    words: Texts
    """Of the server's pages."""
    tree_words: Texts
    """Of relations, strengths and rules."""
    path: str
    is_language_chosen: bool

    @property
    def opened(self) -> OpenSnapshot:
        """The snapshot that is looked at."""
        return self.question.opened

    @property
    def day(self) -> Any:
        """The day it was taken."""
        return self.opened.snapshot.manifest.origin.taken_at.date()

    def address(self, path: str, **more: object) -> str:
        """Return an address of this server in the reader's language and snapshot."""
        language = {"lang": self.words.language.value} if self.is_language_chosen else {}
        snapshot = self.question.query.snapshot
        chosen = language | ({"snapshot": snapshot} if snapshot else {}) | more
        return quote(path) + (f"?{urlencode(chosen)}" if chosen else "")

    def relation(self, relation: Relation) -> str:
        """Return a relation in words."""
        return self.tree_words.say(f"words.{relation.value}")

    def link(self, subject: str, text: str | None = None) -> Link:
        """Return a link to the page of a model; its name is a stranger's."""
        return Link(text or subject, self.address(f"/models/{subject}"))


@dataclass(frozen=True, slots=True)
class PageContent:
    """What a page shows, before the template writes it."""

    headline: str
    values: Mapping[str, Any]
    status: int = 200
    location: str | None = None


def count_families_for_page(scope: Scope) -> list[tuple[Any, Count]]:
    """Count every family, the largest first."""
    counts = [
        (family, count_subject(scope, ResolvedSubject(family.id, family=family)))
        for family in scope.families
    ]
    return sorted(counts, key=lambda it: (-it[1].total, it[0].id))


def served_section_of_definition(view: View, count: Count) -> Section:
    """Return what a number counts, where, and when, in the reader's language."""
    say, manifest = view.tree_words.say, view.opened.snapshot.manifest
    roots = count.definition.roots
    named = ", ".join(roots[:3]) + (f" (+ {len(roots) - 3})" if len(roots) > 3 else "")
    lines = [
        (say("page.counted"), say("page.counted_text")),
        (say("page.roots"), named),
        (say("page.edges"), say(f"page.edges_{count.definition.min_strength.value}")),
        (view.words.say("model.snapshot"), f"{manifest.id}, {view.words.date(view.day)}"),
    ]
    if is_loopback_address(manifest.origin.endpoint):
        lines.append((view.words.say("model.sample"), say("page.sample", n=manifest.models)))
    return Section(view.words.say("model.definition"), [Facts(lines)])


def read_curve_for_page(view: View, subject: ResolvedSubject, by: Grouping | None = None) -> Curve:
    """Return a subject's numbers in every snapshot, once for all pages."""
    store, families = view.question.snapshots.store, view.opened.scope.families
    deadline = time.monotonic() + _CURVE_SECONDS

    def stop_page_after_deadline(_: str) -> None:
        if time.monotonic() > deadline:
            raise TimeLimitReached(_CURVE_SECONDS)

    def count() -> Curve:
        if subject.family is None:
            return curve_of_base(store, subject.id, families, by)
        try:
            return curve_of_family(
                store, subject.family, families, by, say=stop_page_after_deadline
            )
        except TimeLimitReached:
            # Years that another registry counted are shown as they were counted then.
            return curve_of_family(store, subject.family, families, by, as_stored=True)

    curve: Curve = view.opened.lists_of(("page curve", subject.id, by), count)
    return curve


def words_of_group_on_page(view: View, value: str) -> str:
    """Return what models of several releases, or of none that is known, are called."""
    return view.tree_words.sections["words"].get(value, value)


def served_sections_of_growth(view: View, curve: Curve, name: str) -> list[Section]:
    """Return the curve over all snapshots as a picture; nothing of a single snapshot."""
    words, moments = view.words, curve.moments
    if len(moments) < 2:
        return []
    totals = [point.total for point in curve.whole.values]
    days = (moments[-1].taken_at - moments[0].taken_at).days
    headline = words.say("model.growth", id=name)
    if totals[-1] > totals[0] and days > 0:
        headline = words.say(
            "model.growth_rose", first=totals[0], last=totals[-1], id=name, days=days
        )
    series = [Series("total", name, totals)]
    if curve.parts:
        series = [
            Series(
                part.key,
                words_of_group_on_page(view, part.key),
                [point.total for point in part.values],
            )
            for part in curve.parts
            if any(point.total for point in part.values)
        ]
    chart = Chart(
        name="growth",
        kind=ChartKind.AREA,
        headline=headline,
        definition="",
        source=words.say("model.source", day=view.day),
        text=words.say("model.growth_text", id=name),
        axis=Axis.DAYS,
        positions=[
            Position(it.taken_at.date().isoformat(), words.date(it.taken_at.date()))
            for it in moments
        ],
        series=series,
    )
    return [Section(words.say("model.growth_short"), [Picture(chart)])]
