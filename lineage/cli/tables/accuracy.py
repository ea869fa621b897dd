"""How good guesses are, as tables for a terminal, with what `right` means in words below."""

from rich.console import Group as Stack
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lineage.analysis.definition_text import Line
from lineage.analysis.evaluate.accuracy import ALL, Evaluation, Mistake, Score, Share
from lineage.cli.tables.terminal import INDENT, heading, lines, quoted

_COLUMNS = ("inferred", "coverage", "parent", "line", "release", "held out", "by author")


def evaluation(found: Evaluation) -> RenderableType:
    """Return the scores of each family, the worst mistakes, and what the numbers mean."""
    families = list(dict.fromkeys(score.family for score in found.scores))
    parts: list[RenderableType] = []
    for family in families:
        scores = [score for score in found.scores if score.family == family]
        title = f"{family}: {scores[0].hidden:,} models, their parents hidden"
        parts += [heading(title), Text(), _table(scores)]
    if found.mistakes:
        parts += [heading("the worst mistakes"), Text(), _mistakes(found.mistakes)]
    return Stack(*parts, Text(), lines(_words(found)))


def _table(scores: list[Score]) -> RenderableType:
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    table.add_column("rule", no_wrap=True)
    for name in _COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for score in sorted(scores, key=lambda one: one.rule == ALL):
        same = score.rule in (score.pattern, ALL)
        name = score.rule if same else f"{score.rule}, {score.pattern}"
        shares = (score.parent, score.line, score.release, score.checked, score.authors)
        cells = [f"{score.inferred:,}", _percent(score.coverage.value), *map(_share, shares)]
        table.add_row(quoted(name), *cells, style="bold" if score.rule == ALL else "")
    return Padding(table, INDENT, expand=False)


def _share(share: Share) -> str:
    if share.value is None or share.interval is None:
        return "-"
    low, high = share.interval
    return f"{100 * share.value:.1f} ({100 * low:.0f}-{100 * high:.0f})"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def _mistakes(mistakes: tuple[Mistake, ...]) -> RenderableType:
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
    for name in ("model", "inferred", "declared"):
        table.add_column(name, overflow="fold")
    for one in mistakes:
        table.add_row(quoted(one.child), quoted(one.inferred), quoted(" ".join(one.declared)))
    return Padding(table, INDENT, expand=False)


def _words(found: Evaluation) -> list[Line]:
    said = "declared parents" if found.hidden_by == "declared" else "parents of the labels"
    unmeasured = ", ".join(found.unmeasured)
    words: list[Line] = [
        ("asked", f"models with {said}, those hidden; snapshot {found.snapshot}"),
        ("numbers", "percent; in brackets Wilson's interval of 95 %"),
        ("parent", "the guess is a hidden parent, or carries the same weights"),
        ("line", "or it declares a hidden parent itself: the card skips a generation"),
        ("release", "both lead to the same releases, where they lead to any"),
        ("held out", "line, of the half of the authors that no rule was tuned on"),
        ("by author", "line, each author's share counted once"),
        ("wrong yes", f"{found.crossings:,} guesses lead into {found.family} from outside"),
    ]
    if unmeasured:
        words.append(("unmeasured", f"{unmeasured}: said nothing about these models"))
    if found.labels_unknown or found.labels_bad:
        unknown = f"{found.labels_unknown:,} models are not in the snapshot"
        words.append(("labels", f"{unknown}, {found.labels_bad:,} lines are no pair of ids"))
    return words
