"""A family tree as one HTML file: text first, then the tree itself, explorable offline."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources
from string import Template

from lineage.domain.definitions import Grouping
from lineage.domain.escape import markup, visible
from lineage.reporting import family_tree_text as words
from lineage.reporting.family_page.page_data import pack_report
from lineage.reporting.family_tree import FamilyTreeReport, NameVerdict
from lineage.reporting.html import block_hash
from lineage.reporting.language import Texts
from lineage.version import __version__

SCRIPTS = (
    *("text.js", "data.js", "filters.js", "state.js", "icicle.js", "outline.js"),
    *("search.js", "details.js", "controls.js", "main.js"),
)
_POLICY = (
    "default-src 'none'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
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

ClassedText = tuple[str, str]
"""A class, and text as it came."""


def family_page(report: FamilyTreeReport, texts: Texts) -> str:
    """Return the page; the same report in the same language is the same text."""
    style, script = read_asset("family_tree.css"), join_scripts(SCRIPTS)
    places = {name: texts.sections["page"][name] for name in _PAGE_TEXTS}
    places |= {name: texts.sections["explorer"][name] for name in _EXPLORER_TEXTS}
    number = texts.number(report.count.total)
    places |= {
        "title": words.report_title(report, texts),
        "number": number,
        "headline": words.headline(report, texts).removeprefix(number).strip(),
        "dated": words.date_line(report, texts),
        "made_by": texts.say("page.made_by", version=__version__),
        "language": texts.language.value,
        "version": __version__,
    }
    notices = [f'<p class="sample">{markup(note)}</p>' for note in words.notices(report, texts)]
    return Template(read_asset("family_tree.html")).substitute(
        {name: markup(text) for name, text in places.items()},
        policy=page_policy(style, script),
        style=style,
        script=script,
        notes="".join(notices),
        definition="".join(
            f"<dt>{markup(label)}</dt><dd>{markup(text)}</dd>"
            for label, text in words.method_lines(report, texts)
        ),
        release_table=_release_table(report, texts),
        branches=_branch_table(report, texts),
        asked=_verdict_table(report, texts),
        data=pack_report(report, texts),
    )


def read_asset(name: str) -> str:
    """Return a file of this package's assets."""
    return (resources.files("lineage.reporting.family_page") / "assets" / name).read_text("utf-8")


def join_scripts(names: Sequence[str]) -> str:
    """Return some files as one script that leaves no name behind."""
    body = "\n".join(read_asset(name) for name in names)
    return f'(() => {{\n"use strict";\n{body}}})();\n'


def page_policy(style: str, script: str) -> str:
    """Return a content-security policy: nothing but these two blocks runs, nothing is loaded."""
    # Model names come from strangers; trusted types forbid that any text becomes HTML, whichever
    # script tries it.
    allowed = (f"style-src {block_hash(style)}", f"script-src {block_hash(script)}")
    return "; ".join((*_POLICY, *allowed))


def html_table(
    head: Sequence[ClassedText],
    rows: Iterable[Sequence[ClassedText]],
    last: Sequence[ClassedText] = (),
    kind: str = "",
) -> str:
    """Return a table; `last` is a row that sums up, `kind` a class of the table."""
    body = [_table_row("td", row) for row in rows]
    body += [_table_row("td", last).replace("<tr>", '<tr class="whole">', 1)] if last else []
    classes = f' class="{kind}"' if kind else ""
    heads = _table_row("th", head, ' scope="col"')
    return f"<table{classes}><thead>{heads}</thead><tbody>{''.join(body)}</tbody></table>"


def html_link(address: str | None, text: str) -> str:
    """Return a link where the address is one of the web, else its text alone."""
    if address is None or not address.startswith("https://") or visible(address) != address:
        return markup(text)
    return f'<a href="{escape(address)}" rel="noreferrer noopener">{markup(text)}</a>'


def _table_row(tag: str, cells: Sequence[ClassedText], attributes: str = "") -> str:
    row = ""
    for kind, text in cells:
        classes = f' class="{kind}"' if kind else ""
        row += f"<{tag}{classes}{attributes}>{markup(text)}</{tag}>"
    return f"<tr>{row}</tr>"


def _column_heads(texts: Texts, *columns: ClassedText) -> list[ClassedText]:
    return [(kind, texts.say(f"page.{name}")) for kind, name in columns]


def _release_table(report: FamilyTreeReport, texts: Texts) -> str:
    count, number = report.count, texts.number
    columns = (("", "release"), ("day", "released"), ("n", "models"), ("n spare", "share"))
    head = _column_heads(texts, *columns, ("n", "direct"))
    assert count.grouping is Grouping.RELEASE
    rows = [
        [
            ("", words.word(texts, line.name)),
            ("day", texts.date(line.released) if line.released else ""),
            ("n", number(line.total)),
            ("n spare", texts.percent(line.total, count.total)),
            ("n", number(line.direct)),
        ]
        for line in report.releases
    ]
    whole = [("", texts.say("page.all")), ("", ""), ("n", number(count.total)), ("n spare", "")]
    return html_table(head, rows, [*whole, ("n", number(count.direct))])


def _branch_table(report: FamilyTreeReport, texts: Texts) -> str:
    if not report.branches:
        return ""
    columns = (("", "model"), ("", "release"), ("", "relation"), ("n", "below_it"))
    rows = [
        [
            ("id", line.id),
            ("", words.word(texts, line.release)),
            ("", words.branch_relation(line, texts)),
            ("n", words.branch_size(line, texts)),
        ]
        for line in report.branches
    ]
    head = _column_heads(texts, *columns)
    return _titled_part("branches", html_table(head, rows, kind="packed"), texts)


def _verdict_table(report: FamilyTreeReport, texts: Texts) -> str:
    if not report.verdicts:
        return ""
    names = ("asked_name", "verdict", "because")
    head = "".join(f'<th scope="col">{markup(texts.say(f"page.{name}"))}</th>' for name in names)
    rows = "".join(_verdict_row(verdict, texts) for verdict in report.verdicts)
    table = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return _titled_part("asked", f'<table class="stacked">{table}</table>', texts)


def _titled_part(name: str, content: str, texts: Texts) -> str:
    title, text = (markup(texts.say(f"page.{key}")) for key in (name, f"{name}_text"))
    return f'<div><h2>{title}</h2><p class="faint">{text}</p>{content}</div>'


def _verdict_row(verdict: NameVerdict, texts: Texts) -> str:
    # Our registry's sentences and the claims' words are English in every report, and a screen
    # reader must know it.
    reason = f'<q lang="en">{markup(verdict.quote)}</q>' if verdict.quote else ""
    if explanation := words.verdict_reason(verdict, texts):
        reason += f"{markup(explanation)} "
    reason += f'<q lang="en">{markup(verdict.sentence)}</q>' if verdict.sentence else ""
    source = ""
    if verdict.source:
        source = f"{markup(texts.say('page.source'))}: {markup(verdict.source)}"
    if verdict.url:
        source += f", {html_link(verdict.url, verdict.url)}"
    answer = markup(words.verdict_answer(verdict, texts))
    return (
        f'<tr><td><strong>{markup(verdict.name)}</strong><br><span class="faint id">'
        f'{markup(verdict.id)}</span></td><td><span class="verdict">{answer}</span></td>'
        f'<td>{reason} <span class="source">{source}</span></td></tr>'
    )
