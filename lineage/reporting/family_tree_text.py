"""A family tree in words: what every form of it says, and the document of its largest branches."""

from collections.abc import Iterator, Sequence
from datetime import date

from lineage.analysis.tree.prune import PrunedRest, TreeNode, prune_tree_to_largest_branches
from lineage.analysis.tree.rows import RowKind
from lineage.domain.claims import Relation
from lineage.domain.definitions import Definition
from lineage.domain.subjects import SubjectKind
from lineage.reporting.document import (
    NOTHING,
    Block,
    Cell,
    Document,
    Facts,
    Inline,
    Link,
    Notice,
    Outline,
    ReportName,
    Section,
    Table,
    Word,
    report_table_columns,
)
from lineage.reporting.family_tree import FamilyTreeReport, NameVerdict
from lineage.reporting.language import Texts, load_texts
from lineage.reporting.trend_text import report_data_notices
from lineage.store.manifest import SnapshotKind
from lineage.version import __version__

# As long as a reader scrolls through, and as deep as indents stay readable.
_LINES, _DEEPEST = 160, 7
_MANY = 20
"""Of fewer models nothing is said but their number."""
_ANSWERS = {True: "yes", False: "no", None: "unknown"}


def report_title(report: FamilyTreeReport, texts: Texts) -> str:
    """Return what the report is called."""
    key = "title" if report.kind is SubjectKind.FAMILY else "title_base"
    return texts.say(f"page.{key}", family=report.family.name)


def headline(report: FamilyTreeReport, texts: Texts) -> str:
    """Return the one sentence that people quote: what more than half of the models share.

    That is a release or two, of a single model or release how they were made; else it is neutral.
    """
    count, family = report.count, report.family.name
    places = {"n": count.total, "family": family}
    if count.at_most > count.total:
        return texts.say("page.count_range", most=count.at_most, **places)
    if not count.total:
        return texts.say("page.count_none", family=family)
    named = [line for line in report.releases if line.name in report.release_names]
    first, second = (
        sorted(named, key=lambda line: -line.total)[:2] if len(named) > 1 else 2 * [None]
    )
    if report.kind is SubjectKind.FAMILY and first is not None and second is not None:
        if 2 * first.total > count.total:
            return texts.say("page.finding_release", release=first.name, **places)
        if len(named) > 3 and 2 * (first.total + second.total) > count.total:
            return texts.say(
                "page.finding_releases", first=first.name, second=second.name, **places
            )
    elif count.total >= _MANY and set(report.definition.relations) == set(Relation):
        for relation, models in count.by_relation.items():
            if 2 * models > count.total and relation is not Relation.UNSPECIFIED:
                return texts.say(f"page.finding_{relation.value}", **places)
    return texts.say_number("page.count", count.total, family=family)


def notices(report: FamilyTreeReport, texts: Texts) -> Iterator[str]:
    """Yield what must not be overlooked."""
    manifest = report.manifest
    if report.is_sample:
        yield texts.say("page.sample", n=manifest.models)
    if manifest.origin.kind is SnapshotKind.BELOW:
        yield texts.say("page.below", base=manifest.origin.below)
    count = report.count
    yield from report_data_notices(
        manifest,
        count.definition,
        texts.language,
        total=count.total,
        at_most=count.at_most,
        opted_out=count.opted_out,
    )


def method_lines_of_report(report: FamilyTreeReport, texts: Texts) -> Iterator[tuple[str, str]]:
    """Yield label and text of each line that says how the numbers came to be."""
    say, manifest, definition = texts.say, report.manifest, report.definition
    taken = manifest.origin.taken_at
    lines = {
        "counted": say("page.counted_text"),
        "roots": _roots_in_report_text(report, texts),
        "edges": say(f"page.edges_{definition.min_strength.name.lower()}"),
        "filters": _filters_text(definition, texts),
        "dates": texts.say_number("page.dates_text", report.count.undated),
        "deleted": _deleted_text_of_report(report, texts),
        "snapshot": say(
            "page.snapshot_text",
            id=manifest.id,
            date=taken.date(),
            time=f"{taken:%H:%M}",
            endpoint=manifest.origin.endpoint,
        ),
    }
    for name, text in lines.items():
        yield say(f"page.{name}"), text


def report_definition_line(report: FamilyTreeReport, texts: Texts) -> str:
    """Say in one line what is counted; filters too, where there are any."""
    definition = report.definition
    words = texts.say("page.counted_text")
    is_whole = set(definition.relations) == set(Relation) and not definition.deleted
    if is_whole and not definition.min_downloads and definition.as_of is None:
        return words
    return f"{words} {texts.say('page.filters')}: {_filters_text(definition, texts)}."


def _roots_in_report_text(report: FamilyTreeReport, texts: Texts) -> str:
    family, ids = report.family, report.definition.roots
    if len(ids) == 1:
        return ids[0]
    if report.kind is SubjectKind.MODEL:
        return texts.say_number("page.roots_base", len(ids) - 1, base=ids[0])
    try:
        version: date | str = date.fromisoformat(family.version)
    except ValueError:  # A family file of the user's own names its version as it likes.
        version = family.version
    return texts.say(
        "page.roots_text",
        n=len(ids),
        organization=family.organization or family.name,
        registry=version,
        first=ids[0] if ids else "",
    )


def _filters_text(definition: Definition, texts: Texts) -> str:
    say, least, day = texts.say, definition.min_downloads, definition.as_of
    words = ", ".join(word(texts, relation.value) for relation in definition.relations)
    is_every = set(definition.relations) == set(Relation)
    return say(
        "page.filters_text",
        relations=say("page.every_relation")
        if is_every
        else say("page.relations_alone", relations=words),
        downloads=say("page.at_least", n=least) if least else say("page.any_number"),
        as_of=say("page.end_of_day", date=day) if day else say("page.the_snapshot"),
        deleted=say("page.counted_too" if definition.deleted else "page.not_counted"),
    )


def _deleted_text_of_report(report: FamilyTreeReport, texts: Texts) -> str:
    if not report.deleted_models:
        return texts.say("page.deleted_none")
    key = "counted" if report.definition.deleted else "text"
    return texts.say_number(f"page.deleted_{key}", report.deleted_models)


def word(texts: Texts, name: str) -> str:
    """Return the language's word for a relation, a strength or a group; a name as it is."""
    return texts.sections["words"].get(name, name)


def credit_line_of_report(report: FamilyTreeReport, texts: Texts) -> str:
    """Return what travels with a file that may travel alone."""
    manifest = report.manifest
    words = texts.say(
        "poster.made_by",
        version=__version__,
        id=manifest.id,
        date=manifest.origin.taken_at.date(),
    )
    return f"{words} {texts.say('poster.sample')}" if report.is_sample else words


def report_text_of_verdict(verdict: NameVerdict, texts: Texts) -> str:
    """Say whether a familiar name descends, and from which releases."""
    answer = texts.say(f"page.{_ANSWERS[verdict.descends]}")
    if verdict.descends and verdict.releases:
        answer += f": {', '.join(verdict.releases)}"
    return answer


def report_text_of_verdict_reason(verdict: NameVerdict, texts: Texts) -> str | None:
    """Say in the report's language what a verdict rests on, where no claim's words do."""
    # A claim's own words say it best; a reason of ours would only repeat them.
    if verdict.reason is not None:
        return texts.say(f"page.because_{verdict.reason}")
    return verdict.parent and texts.say("page.because_registry", parent=verdict.parent)


def top_role_text(node: TreeNode, texts: Texts) -> str:
    """Return in a word what a branch's top is; nothing for a release and for the whole."""
    if node.relation is not None:
        return word(texts, node.relation.value)
    if not node.depth:
        return ""
    roles = {RowKind.OFFICIAL: "official", RowKind.MIRROR: "mirror", RowKind.UNLISTED: "unlisted"}
    return word(texts, roles[node.kind]) if node.kind in roles else ""


def top_note_texts(node: TreeNode, texts: Texts) -> Iterator[str]:
    """Yield what else must be said of a branch's top: other parents, and that it is deleted."""
    if node.deleted:
        yield word(texts, "deleted")
    elif node.kind in (RowKind.UNLISTED, RowKind.PASSED):
        yield texts.say("poster.not_counted")
    if node.other_parents:
        yield texts.say_number("explorer.merge_of", node.other_parents)


def report_text_of_node_number(node: TreeNode, texts: Texts, key: str = "page.drawn_of") -> str:
    """Say how many models descend from a node, and how many are drawn below it."""
    total, drawn_models = texts.number(node.total), texts.number(node.drawn_below)
    if node.drawn_below == node.total:
        return total if node.total else ""
    return texts.say(key, total=total, drawn=drawn_models)


def pruned_text(rest: PrunedRest, texts: Texts) -> str:
    """Say how many models are not drawn, and how many more are below them."""
    below = rest.models - rest.counted
    key = "rest_below" if below else "rest"
    if not rest.counted:
        key = "rest_roots" if rest.are_roots else "rest_uncounted"
    return texts.say_number(f"explorer.{key}", rest.counted or rest.branches, below=below)


def family_tree_report_document(report: FamilyTreeReport, name: ReportName) -> Document:
    """Put a family tree into words: its first section is the tree itself, for who cannot see it."""
    texts = load_texts(name.language)
    nodes = prune_tree_to_largest_branches(report.forest, lines=_LINES, deepest=_DEEPEST)
    sections = [
        _titled_section(texts, "poster.tree", Outline(list(_tree_outline_lines(nodes, texts))))
    ]
    sections += [_verdict_section(report, texts)] if report.verdicts else []
    method = Facts(list(method_lines_of_report(report, texts)))
    is_family = report.kind is SubjectKind.FAMILY
    return Document(
        language=texts.language,
        title=report_title(report, texts),
        headline=headline(report, texts),
        definition=report_definition_line(report, texts),
        source=credit_line_of_report(report, texts),
        picture=None,
        lead=[Notice(note) for note in notices(report, texts)],
        sections=sections,
        more=[_release_section(report, texts), Section(texts.say("page.how"), [method])],
        # Releases and models have a tree alone.
        reports=name.other_reports() if is_family else (),
        citation=texts.say(
            "page.cite_text",
            version=__version__,
            family=report.family.name,
            id=report.manifest.id,
        ),
        footer=credit_line_of_report(report, texts),
    )


def _titled_section(texts: Texts, key: str, block: Block) -> Section:
    return Section(texts.say(key), [texts.say(f"{key}_text"), block])


def _release_section(report: FamilyTreeReport, texts: Texts) -> Section:
    count, number = report.count, texts.number
    rows: list[Sequence[Cell]] = [
        (
            word(texts, line.name),
            texts.date(line.released) if line.released else NOTHING,
            number(line.total),
            texts.percent(line.total, count.total),
            number(line.direct),
        )
        for line in report.releases
    ]
    rows.append((texts.say("page.all"), NOTHING, number(count.total), "", number(count.direct)))
    columns = report_table_columns(
        texts, "page", "release", "released", "#models", "#share", "#direct"
    )
    return _titled_section(texts, "page.releases", Table(columns, rows))


def _verdict_section(report: FamilyTreeReport, texts: Texts) -> Section:
    rows = []
    for verdict in report.verdicts:
        words = [
            text
            for text in (report_text_of_verdict_reason(verdict, texts), verdict.sentence)
            if text
        ]
        reason: list[Inline] = [Word(verdict.quote)] if verdict.quote else []
        reason += [" ".join(words)] if words else []
        source: Cell = verdict.source or NOTHING
        # A registry file of the user's own may hold any address.
        if verdict.url is not None and verdict.url.startswith("https://"):
            source = Link(verdict.source or "", verdict.url)
        row = (verdict.name, Word(verdict.id), report_text_of_verdict(verdict, texts))
        rows.append((*row, reason or NOTHING, source))
    names = ("asked_name", "repository", "verdict", "because", "source")
    return _titled_section(
        texts, "page.asked", Table(report_table_columns(texts, "page", *names), rows)
    )


def _tree_outline_lines(nodes: Sequence[TreeNode], texts: Texts) -> Iterator[tuple[int, Cell]]:
    ending: list[TreeNode] = []
    for node in nodes:
        yield from _report_lines_of_remainders(ending, node.depth, texts)
        ending.append(node)
        notes = [
            note for note in (top_role_text(node, texts), *top_note_texts(node, texts)) if note
        ]
        # A model's name is a stranger's word; releases and groups are named in ours.
        name = Word(node.name) if node.kind >= RowKind.OFFICIAL else word(texts, node.name)
        number = report_text_of_node_number(node, texts)
        remark = [f" ({', '.join(notes)})"] if notes else []
        yield node.depth, [name, *([f": {number}"] if number else []), *remark]
    yield from _report_lines_of_remainders(ending, 0, texts)


def _report_lines_of_remainders(
    ending: list[TreeNode], depth: int, texts: Texts
) -> Iterator[tuple[int, Cell]]:
    """Yield what is not drawn below the nodes that end where one of a depth begins."""
    while len(ending) > depth:
        node = ending.pop()
        if node.remainder is not None:
            yield node.depth + 1, pruned_text(node.remainder, texts)
