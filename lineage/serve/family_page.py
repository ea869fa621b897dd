"""The page of a family or a release: its growth, releases, branches and rivals."""

from typing import Any

from lineage.analysis.counts import count_subject
from lineage.analysis.scope import Scope
from lineage.analysis.subjects import ResolvedSubject
from lineage.analysis.tree.prune import build_tree
from lineage.domain.definitions import Grouping
from lineage.reporting.document import (
    Column,
    FileLink,
    Outline,
    Section,
    Table,
)
from lineage.serve.operations import find_family_subject
from lineage.serve.page_view import (
    PageContent,
    View,
    count_families,
    definition_section,
    growth_sections,
    read_curve,
    words_of_group,
)

_TREE_DEPTH = 3


def make_family_page(view: View) -> PageContent:
    """Return the page of a family or a release."""
    say, words, scope = view.words.say, view.words, view.question.scope()
    subject = find_family_subject(scope, view.question.subject)
    family, release = subject.family, subject.release
    assert family is not None
    count = count_subject(scope, subject, None if release else Grouping.RELEASE)
    name = family.name if release is None else release.name
    sections: list[Section] = []
    if release is None:
        curve = read_curve(view, subject, Grouping.RELEASE)
        sections += growth_sections(view, curve, name)
        ids = {it.name: it.id for it in family.releases}
        rows = [
            (
                FileLink(f"/families/{family.id}/{ids[group.value]}", group.value)
                if group.value in ids
                else words_of_group(view, group.value),
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
        Section(say("family.tree"), [say("family.tree_note"), _draw_tree(view, scope, subject)])
    )
    if release is None:
        rivals = view.opened.lists_of("families", lambda: count_families(scope))
        others = [
            (FileLink(f"/families/{it.id}", it.name), words.number(each.total))
            for it, each in rivals
            if it.id != family.id and each.total
        ]
        columns = [Column(say("home.family")), Column(say("home.below"), is_number=True)]
        if others:
            sections.append(Section(say("family.rivals"), [Table(columns, others)]))
    roots = (family if release is None else release).roots()
    listed = Section(say("family.roots"), [Outline([(0, view.link(id)) for id in roots])])
    folded = [listed, definition_section(view, count)]
    headline = words.say_number("family.title", count.total, name=name)
    return PageContent(
        headline, {"sections": sections, "lead": list(count.notes), "folded": folded}
    )


def _draw_tree(view: View, scope: Scope, subject: ResolvedSubject) -> Outline:
    tree = build_tree(scope, subject, depth=_TREE_DEPTH)
    lines: list[tuple[int, Any]] = []
    for node in tree.nodes:
        number = f" {view.words.number(node.total)}"
        is_model = "/" in node.name
        lines.append(
            (
                node.depth,
                [view.link(node.name) if is_model else words_of_group(view, node.name), number],
            )
        )
    return Outline(lines)
