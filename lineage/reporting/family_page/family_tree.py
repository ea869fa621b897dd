"""A family tree as one HTML file: text first, then the tree itself, explorable offline."""

from string import Template

from lineage.domain.definitions import Grouping
from lineage.reporting import family_tree_words as said
from lineage.reporting.context import Asked, explained
from lineage.reporting.family_page import inline
from lineage.reporting.family_page.tables import Cell, definitions, link, shown, table
from lineage.reporting.family_page.tree_data import packed
from lineage.reporting.family_tree import FamilyTreeReport
from lineage.reporting.language import Texts
from lineage.version import __version__

SCRIPTS = (
    *("text.js", "data.js", "filters.js", "state.js", "icicle.js", "outline.js"),
    *("search.js", "details.js", "controls.js", "main.js"),
)
_PAGE_TEXTS = (
    *("how", "releases", "releases_text", "explore", "no_script"),
    *("colors", "colors_auto", "colors_light", "colors_dark"),
)
_EXPLORER_TEXTS = (
    *("loading", "failed", "old_browser", "search", "search_hint", "suggestions", "filters"),
    *("picture", "picture_text", "path", "outline", "outline_label", "outline_keys", "fold_all"),
    *("link", "column_model", "column_relation", "column_below"),
)


def page(report: FamilyTreeReport, texts: Texts) -> str:
    """Return the page; the same report in the same language is the same text."""
    style, script = inline.asset("family_tree.css"), inline.script(SCRIPTS)
    words = {name: texts.sections["page"][name] for name in _PAGE_TEXTS}
    words |= {name: texts.sections["explorer"][name] for name in _EXPLORER_TEXTS}
    number = texts.number(report.count.total)
    words |= {
        "title": said.title(report, texts),
        "number": number,
        "headline": said.headline(report, texts).removeprefix(number).strip(),
        "dated": said.dated(report, texts),
        "made_by": texts.say("page.made_by", version=__version__),
        "language": texts.language.value,
        "version": __version__,
    }
    return Template(inline.asset("family_tree.html")).substitute(
        {name: shown(text) for name, text in words.items()},
        policy=inline.policy(style, script),
        style=style,
        script=script,
        notes="".join(f'<p class="sample">{shown(note)}</p>' for note in said.notes(report, texts)),
        definition=definitions(said.method(report, texts)),
        release_table=_releases(report, texts),
        branches=_branches(report, texts),
        asked=_asked(report, texts),
        data=packed(report, texts),
    )


def _heads(texts: Texts, *columns: Cell) -> list[Cell]:
    return [(kind, texts.say(f"page.{name}")) for kind, name in columns]


def _releases(report: FamilyTreeReport, texts: Texts) -> str:
    count, number = report.count, texts.number
    columns = (("", "release"), ("day", "released"), ("n", "models"), ("n spare", "share"))
    head = _heads(texts, *columns, ("n", "direct"))
    assert count.grouping is Grouping.RELEASE
    rows = [
        [
            ("", said.word(texts, line.name)),
            ("day", texts.date(line.released) if line.released else ""),
            ("n", number(line.total)),
            ("n spare", texts.percent(line.total, count.total)),
            ("n", number(line.direct)),
        ]
        for line in report.releases
    ]
    whole = [("", texts.say("page.all")), ("", ""), ("n", number(count.total)), ("n spare", "")]
    return table(head, rows, [*whole, ("n", number(count.direct))])


def _branches(report: FamilyTreeReport, texts: Texts) -> str:
    if not report.branches:
        return ""
    columns = (("", "model"), ("", "release"), ("", "relation"), ("n", "below_it"))
    rows = [
        [
            ("id", line.id),
            ("", said.word(texts, line.release)),
            ("", said.made_as(line, texts)),
            ("n", texts.number(line.below)),
        ]
        for line in report.branches
    ]
    return _titled("branches", table(_heads(texts, *columns), rows, kind="packed"), texts)


def _asked(report: FamilyTreeReport, texts: Texts) -> str:
    if not report.asked:
        return ""
    heads = ("asked_name", "verdict", "because")
    head = "".join(f'<th scope="col">{shown(texts.say(f"page.{name}"))}</th>' for name in heads)
    rows = "".join(_asked_row(asked, texts) for asked in report.asked)
    whole = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return _titled("asked", f'<table class="stacked">{whole}</table>', texts)


def _titled(name: str, content: str, texts: Texts) -> str:
    title, told = (shown(texts.say(f"page.{key}")) for key in (name, f"{name}_text"))
    return f'<div><h2>{title}</h2><p class="faint">{told}</p>{content}</div>'


def _asked_row(asked: Asked, texts: Texts) -> str:
    verdict = {True: "yes", False: "no", None: "unknown"}[asked.descends]
    answer = texts.say(f"page.{verdict}")
    if asked.descends and asked.releases:
        answer += f": {', '.join(asked.releases)}"
    # Our registry's sentences and the witnesses' words are English in every report.
    words = f'<q lang="en">{shown(asked.quote)}</q>' if asked.quote else ""
    words += f"{shown(told)} " if (told := explained(asked, texts)) else ""
    words += f'<q lang="en">{shown(asked.sentence)}</q>' if asked.sentence else ""
    source = f"{shown(texts.say('page.source'))}: {shown(asked.source)}" if asked.source else ""
    if asked.url:
        source += f", {link(asked.url, asked.url)}"
    return (
        f'<tr><td><strong>{shown(asked.name)}</strong><br><span class="faint id">'
        f'{shown(asked.id)}</span></td><td><span class="verdict">{shown(answer)}</span></td>'
        f'<td>{words} <span class="source">{source}</span></td></tr>'
    )
