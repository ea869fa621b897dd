"""A family tree as a document: the number, the releases, the largest branches, the method."""

from collections.abc import Iterator, Sequence

from lineage.analysis.tree.forest import Kind
from lineage.analysis.tree.largest import Grown, Rest, Twig, largest_branches
from lineage.reporting import family_tree_words as said
from lineage.reporting.context import Asked, explained
from lineage.reporting.document import (
    NOTHING,
    Block,
    Cell,
    Column,
    Document,
    Facts,
    Link,
    Outline,
    Part,
    Section,
    Table,
    Warned,
    Word,
)
from lineage.reporting.family_tree import FamilyTreeReport
from lineage.reporting.language import Texts

_LINES, _DEEPEST = 160, 7


def family_tree_document(report: FamilyTreeReport, texts: Texts, stem: str) -> Document:
    """Put a family tree into words; `stem` is what its files are called, but for their endings."""
    sections = [_releases(report, texts), _tree(report, texts)]
    sections += [_branches(report, texts)] if report.branches else []
    sections += [_asked(report, texts)] if report.asked else []
    files = {ending: f"{stem}.{ending}" for ending in ("svg", "png", "html")}
    return Document(
        language=texts.language,
        title=said.title(report, texts),
        lead=[
            f"{said.headline(report, texts)}, {said.dated(report, texts)}.",
            *(Warned(note) for note in said.notes(report, texts)),
            texts.say("poster.files", **files),
        ],
        sections=[
            *sections,
            Section(texts.say("page.how"), [Facts(list(said.method(report, texts)))], is_box=True),
        ],
        footer=said.made_by(report, texts),
    )


def _section(texts: Texts, key: str, text: str, block: Block) -> Section:
    return Section(texts.say(key), [texts.say(text), block])


def _columns(texts: Texts, *names: str) -> list[Column]:
    """Return columns called by keys of [page]; `#` before a key makes one of numbers."""
    return [Column(texts.say(f"page.{one.strip('#')}"), one.startswith("#")) for one in names]


def _releases(report: FamilyTreeReport, texts: Texts) -> Section:
    count, number = report.count, texts.number
    rows: list[Sequence[Cell]] = [
        (
            said.word(texts, line.name),
            texts.date(line.released) if line.released else NOTHING,
            number(line.total),
            texts.percent(line.total, count.total),
            number(line.direct),
        )
        for line in report.releases
    ]
    rows.append((texts.say("page.all"), NOTHING, number(count.total), "", number(count.direct)))
    columns = _columns(texts, "release", "released", "#models", "#share", "#direct")
    return _section(texts, "page.releases", "page.releases_text", Table(columns, rows))


def _branches(report: FamilyTreeReport, texts: Texts) -> Section:
    rows = [
        (
            Word(line.id),
            said.word(texts, line.release),
            said.made_as(line, texts),
            texts.number(line.below),
        )
        for line in report.branches
    ]
    columns = _columns(texts, "model", "release", "relation", "#below_it")
    return _section(texts, "page.branches", "page.branches_text", Table(columns, rows))


def _asked(report: FamilyTreeReport, texts: Texts) -> Section:
    columns = _columns(texts, "asked_name", "repository", "verdict", "because", "source")
    rows = [_answer(one, texts) for one in report.asked]
    return _section(texts, "page.asked", "page.asked_text", Table(columns, rows))


def _answer(asked: Asked, texts: Texts) -> Sequence[Cell]:
    verdict = {True: "yes", False: "no", None: "unknown"}[asked.descends]
    answer = texts.say(f"page.{verdict}")
    if asked.descends and asked.releases:
        answer += f": {', '.join(asked.releases)}"
    reason: list[Part] = [Word(asked.quote)] if asked.quote else []
    told = [one for one in (explained(asked, texts), asked.sentence) if one]
    reason += [" ".join(told)] if told else []
    is_web = asked.url is not None and asked.url.startswith("https://")
    source: Cell = Link(asked.source or "", asked.url or "") if is_web else asked.source or NOTHING
    return asked.name, Word(asked.id), answer, reason or NOTHING, source


def _tree(report: FamilyTreeReport, texts: Texts) -> Section:
    grown = Grown.of(report.forest, report.facts, report.evidence, report.definition)
    twig = largest_branches(grown, lines=_LINES, deepest=_DEEPEST)
    lines = list(_lines(twig, texts, 0))
    return _section(texts, "poster.tree", "poster.tree_text", Outline(lines))


def _lines(twig: Twig, texts: Texts, depth: int) -> Iterator[tuple[int, Cell]]:
    yield depth, _line(twig, texts)
    for one in twig.twigs:
        yield from _lines(one, texts, depth + 1)
    if twig.rest is not None:
        yield depth + 1, rest_words(twig.rest, texts)


def _line(twig: Twig, texts: Texts) -> Cell:
    notes = [one for one in (role(twig, texts), *beside(twig, texts)) if one]
    name = Word(twig.name) if twig.kind >= Kind.OFFICIAL else said.word(texts, twig.name)
    return [name, f": {texts.number(twig.models)}", *([f" ({', '.join(notes)})"] if notes else [])]


def role(twig: Twig, texts: Texts) -> str:
    """Return in a word what a branch's top is; nothing for a release."""
    if twig.relation is not None:
        return said.word(texts, twig.relation.value)
    roles = {Kind.OFFICIAL: "official", Kind.MIRROR: "mirror", Kind.UNLISTED: "unlisted"}
    return said.word(texts, roles[twig.kind]) if twig.kind in roles else ""


def beside(twig: Twig, texts: Texts) -> Iterator[str]:
    """Yield what else must be said of a branch's top: other parents, and that it is gone."""
    if twig.missed is not None:
        yield said.word(texts, "gone")
    elif twig.kind in (Kind.UNLISTED, Kind.PASSED):
        yield texts.say("poster.not_counted")
    if twig.other_parents:
        yield texts.say_number("explorer.merge_of", twig.other_parents)


def rest_words(rest: Rest, texts: Texts) -> str:
    """Say how much is not drawn."""
    parts = []
    if rest.models and rest.models == rest.branches:
        parts.append(texts.say_number("poster.single", rest.models))
    elif rest.models:
        parts.append(texts.say_number("poster.rest", rest.branches, models=rest.models))
    if rest.gone:
        parts.append(("" if parts else "+ ") + texts.say_number("poster.gone", rest.gone))
    return ", ".join(parts)
