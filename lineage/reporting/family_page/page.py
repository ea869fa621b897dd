"""A family tree as one HTML file: text first, then the tree itself, explorable offline."""

import base64
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib import resources
from itertools import pairwise
from string import Template

import numpy as np
import numpy.typing as npt

from lineage.analysis.tree.row_facts import RowEvidence
from lineage.domain.arrays import Floats, Indices, Int64s
from lineage.domain.claims import RELATIONS, STRENGTHS
from lineage.domain.clock import end_of_data
from lineage.domain.definitions import Grouping
from lineage.domain.escape import escape_invisible, markup
from lineage.reporting import family_tree_text as words
from lineage.reporting.family_tree import FamilyTreeReport, NameVerdict
from lineage.reporting.html import block_hash
from lineage.reporting.language import Texts
from lineage.version import __version__

_ALIGNED = 8
_TYPES = {"u1", "u2", "u4", "i1", "i4", "f8"}

Columns = Mapping[str, npt.NDArray[np.number]]


def pack_page_report(report: FamilyTreeReport, texts: Texts) -> str:
    """Return everything that the page's script reads, ready to be embedded."""
    claim_set, claim_sets = _page_claim_sets(report.evidence)
    head = {
        "language": texts.language.value,
        "texts": dict(texts.sections["explorer"]),
        "words": dict(texts.sections["words"]),
        "family": report.family.id,
        "snapshot": report.manifest.id,
        "sample": report.is_sample,
        "running": _running_month(report),
        "least": report.definition.min_strength.code,
        "deleted": "counted" if report.definition.deleted else "hidden",
        "relations": [relation.value for relation in RELATIONS],
        "strengths": [strength.value for strength in STRENGTHS],
        "names": list(report.forest.names),
        "outside": list(report.evidence.outside),
        "coded": {name: list(coded.words) for name, coded in report.facts.words.items()},
        "dates": list(report.facts.dates),
        "numbers": list(report.facts.numbers),
        "claims": [
            [claim.rule, claim.before, claim.after, claim.source, claim.url]
            for claim in report.evidence.texts
        ],
        "claimSets": claim_sets,
    }
    return pack_page_block(head, _page_columns_of(report, claim_set))


def _running_month(report: FamilyTreeReport) -> int:
    """Return the first month that is not over in the data, in months since January 1970."""
    end = end_of_data(report.manifest.origin.taken_at, report.definition.as_of)
    return 12 * (end.year - 1970) + end.month - 1


def pack_page_block(head: Mapping[str, object], columns: Columns) -> str:
    """Return base64 of a deflated block: length of the head, the head as JSON, the columns.

    The head gets `columns`: by name the type (`u1` `u2` `u4` `i1` `i4` `f8`, little-endian), where
    it begins after the head, counted in bytes, and how many numbers it has. Equal input gives
    equal text.
    """
    table: dict[str, list[object]] = {}
    parts: list[bytes] = []
    at = 0
    for name, column in columns.items():
        kind = column.dtype.str[1:]
        if kind not in _TYPES:
            raise ValueError(f"column {name}: a page cannot read {column.dtype}")
        content = column.astype(column.dtype.newbyteorder("<")).tobytes()
        # A typed array of JavaScript may begin at a multiple of its own width alone.
        content += bytes(-len(content) % _ALIGNED)
        table[name] = [kind, at, len(column)]
        parts.append(content)
        at += len(content)
    text = json.dumps({**head, "columns": table}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNED)
    length = len(text).to_bytes(_ALIGNED, "little")
    # Raw deflate: what browsers unpack by themselves, without a library in the page.
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    blocks = [deflate.compress(part) for part in (length, text, *parts)]
    return base64.b64encode(b"".join((*blocks, deflate.flush()))).decode("ascii")


def smallest_page_type(column: Indices) -> Indices:
    """Return a column without negative numbers in the smallest type that holds it."""
    top = int(column.max(initial=0))
    return column.astype(np.uint8 if top < 1 << 8 else np.uint16 if top < 1 << 16 else np.uint32)


def _page_columns_of(report: FamilyTreeReport, claim_set: Int64s) -> Columns:
    forest, facts, evidence = report.forest, report.facts, report.evidence
    # An edge's parent: a row, 0 for the row it is drawn below, below zero an outsider. Most edges
    # are drawn, and a column of zeros takes hardly any room.
    is_drawn = evidence.parent == forest.parent[evidence.child]
    columns: dict[str, npt.NDArray[np.number]] = {
        "depth": smallest_page_type(forest.depth),
        "kind": forest.kind,
        "relation": forest.relation,
        "strength": forest.strength,
        "total": smallest_page_type(forest.total),
        "edges": smallest_page_type(np.bincount(evidence.child, minlength=len(forest))),
        "edgeParent": np.where(is_drawn, 0, evidence.parent).astype(np.int32),
        "edgeStrength": evidence.strength,
        "edgeClaims": smallest_page_type(claim_set),
    }
    columns |= {name: smallest_page_type(days) for name, days in facts.dates.items()}
    columns |= {name: smallest_page_type(coded.code) for name, coded in facts.words.items()}
    columns |= {name: _smallest_page_numbers(numbers) for name, numbers in facts.numbers.items()}
    return columns


def _page_claim_sets(evidence: RowEvidence) -> tuple[Int64s, Sequence[Sequence[int]]]:
    """Return for each edge its set of claims, and the sets: few, since most edges share theirs."""
    sets: dict[tuple[int, ...], int] = {(): 0}
    bounds = np.searchsorted(evidence.claim_edge, np.arange(len(evidence.child) + 1)).tolist()
    claims = evidence.claim_text.tolist()
    chosen = [
        sets.setdefault(tuple(claims[first:last]), len(sets)) for first, last in pairwise(bounds)
    ]
    return np.array(chosen, np.int64), [list(claim_set) for claim_set in sets]


def _smallest_page_numbers(numbers: Floats) -> npt.NDArray[np.number]:
    """Return counters as whole numbers where they fit, else as they are."""
    if numbers.max(initial=0) < 1 << 32:
        return smallest_page_type(numbers.astype(np.int64))
    return numbers


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
    style, script = read_page_asset("family_tree.css"), join_page_scripts(SCRIPTS)
    places = {name: texts.sections["page"][name] for name in _PAGE_TEXTS}
    places |= {name: texts.sections["explorer"][name] for name in _EXPLORER_TEXTS}
    number = texts.number(report.count.total)
    places |= {
        "title": words.report_title(report, texts),
        "number": number,
        "headline": words.headline(report, texts).removeprefix(number).strip(),
        "dated": words.date_line_of_report(report, texts),
        "made_by": texts.say("page.made_by", version=__version__),
        "language": texts.language.value,
        "version": __version__,
    }
    notices = [f'<p class="sample">{markup(note)}</p>' for note in words.notices(report, texts)]
    return Template(read_page_asset("family_tree.html")).substitute(
        {name: markup(text) for name, text in places.items()},
        policy=page_policy(style, script),
        style=style,
        script=script,
        notes="".join(notices),
        definition="".join(
            f"<dt>{markup(label)}</dt><dd>{markup(text)}</dd>"
            for label, text in words.method_lines_of_report(report, texts)
        ),
        release_table=_release_page_table(report, texts),
        branches=_branch_page_table(report, texts),
        asked=_verdict_page_table(report, texts),
        data=pack_page_report(report, texts),
    )


def read_page_asset(name: str) -> str:
    """Return a file of this package's assets."""
    return (resources.files("lineage.reporting.family_page") / "assets" / name).read_text("utf-8")


def join_page_scripts(names: Sequence[str]) -> str:
    """Return some files as one script that leaves no name behind."""
    body = "\n".join(read_page_asset(name) for name in names)
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
    body = [_html_table_row("td", row) for row in rows]
    body += [_html_table_row("td", last).replace("<tr>", '<tr class="whole">', 1)] if last else []
    classes = f' class="{kind}"' if kind else ""
    heads = _html_table_row("th", head, ' scope="col"')
    return f"<table{classes}><thead>{heads}</thead><tbody>{''.join(body)}</tbody></table>"


def html_link(address: str | None, text: str) -> str:
    """Return a link where the address is one of the web, else its text alone."""
    if (
        address is None
        or not address.startswith("https://")
        or escape_invisible(address) != address
    ):
        return markup(text)
    return f'<a href="{escape(address)}" rel="noreferrer noopener">{markup(text)}</a>'


def _html_table_row(tag: str, cells: Sequence[ClassedText], attributes: str = "") -> str:
    row = ""
    for kind, text in cells:
        classes = f' class="{kind}"' if kind else ""
        row += f"<{tag}{classes}{attributes}>{markup(text)}</{tag}>"
    return f"<tr>{row}</tr>"


def _page_column_heads(texts: Texts, *columns: ClassedText) -> list[ClassedText]:
    return [(kind, texts.say(f"page.{name}")) for kind, name in columns]


def _release_page_table(report: FamilyTreeReport, texts: Texts) -> str:
    count, number = report.count, texts.number
    columns = (("", "release"), ("day", "released"), ("n", "models"), ("n spare", "share"))
    head = _page_column_heads(texts, *columns, ("n", "direct"))
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


def _branch_page_table(report: FamilyTreeReport, texts: Texts) -> str:
    if not report.branches:
        return ""
    columns = (("", "model"), ("", "release"), ("", "relation"), ("n", "below_it"))
    rows = [
        [
            ("id", line.id),
            ("", words.word(texts, line.release)),
            ("", words.branch_relation_text(line, texts)),
            ("n", words.branch_size_text(line, texts)),
        ]
        for line in report.branches
    ]
    head = _page_column_heads(texts, *columns)
    return _titled_page_part("branches", html_table(head, rows, kind="packed"), texts)


def _verdict_page_table(report: FamilyTreeReport, texts: Texts) -> str:
    if not report.verdicts:
        return ""
    names = ("asked_name", "verdict", "because")
    head = "".join(f'<th scope="col">{markup(texts.say(f"page.{name}"))}</th>' for name in names)
    rows = "".join(_verdict_page_row(verdict, texts) for verdict in report.verdicts)
    table = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return _titled_page_part("asked", f'<table class="stacked">{table}</table>', texts)


def _titled_page_part(name: str, content: str, texts: Texts) -> str:
    title, text = (markup(texts.say(f"page.{key}")) for key in (name, f"{name}_text"))
    return f'<div><h2>{title}</h2><p class="faint">{text}</p>{content}</div>'


def _verdict_page_row(verdict: NameVerdict, texts: Texts) -> str:
    # Our registry's sentences and the claims' words are English in every report, and a screen
    # reader must know it.
    reason = f'<q lang="en">{markup(verdict.quote)}</q>' if verdict.quote else ""
    if explanation := words.verdict_reason_text(verdict, texts):
        reason += f"{markup(explanation)} "
    reason += f'<q lang="en">{markup(verdict.sentence)}</q>' if verdict.sentence else ""
    source = ""
    if verdict.source:
        source = f"{markup(texts.say('page.source'))}: {markup(verdict.source)}"
    if verdict.url:
        source += f", {html_link(verdict.url, verdict.url)}"
    answer = markup(words.verdict_answer_text(verdict, texts))
    return (
        f'<tr><td><strong>{markup(verdict.name)}</strong><br><span class="faint id">'
        f'{markup(verdict.id)}</span></td><td><span class="verdict">{answer}</span></td>'
        f'<td>{reason} <span class="source">{source}</span></td></tr>'
    )
