"""The registry: the families, one of them with every source, and what is odd about it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType
from rich.console import Group as Stack
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lineage.analysis.definition_text import Line, describe_counted_snapshot
from lineage.analysis.documents import summarize_counted_family
from lineage.analysis.evaluate.accuracy import ALL, Accuracy, Share
from lineage.analysis.evaluate.evaluation import Evaluation
from lineage.analysis.registry.contradictions import FindingSeverity, RegistryFinding
from lineage.cli.tables.layout import (
    indent_terminal_lines,
    new_table,
    quote_for_terminal,
    terminal_heading,
    terminal_table_of_facts,
)
from lineage.domain.anomalies import Anomalies, AnomaliesOfKind, AnomalySeverity
from lineage.domain.families import CuratedSource, Family, Release, Reupload
from lineage.domain.licenses import LicenseTerms
from lineage.store.manifest import Manifest

_FINDING_STYLES = {
    FindingSeverity.ERROR: "bold red",
    FindingSeverity.WARNING: "yellow",
    FindingSeverity.NOTE: "dim",
}
_NUMBERS = ("releases", "roots", "mirrors", "quantized", "changed", "edges", "outsiders")
# So many columns hold a name, an organization, a version and the numbers.
_WIDE = 104


@dataclass(frozen=True, slots=True)
class _FamilyRows:
    """A row a family; organization and version are shown where the terminal has room for them."""

    families: Sequence[Family]

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        wide = options.max_width >= _WIDE
        table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="dim")
        table.add_column("family", overflow="fold")
        if wide:
            table.add_column("organization", overflow="fold", min_width=len("organization"))
        for name in _NUMBERS:
            table.add_column(name, justify="right", no_wrap=True)
        if wide:
            table.add_column("version", no_wrap=True)
        for row in map(summarize_counted_family, self.families):
            numbers = [f"{row[name]:,}" for name in _NUMBERS]
            organization = [quote_for_terminal(row["organization"] or "")] if wide else []
            version = [quote_for_terminal(row["version"])] if wide else []
            table.add_row(quote_for_terminal(row["family"]), *organization, *numbers, *version)
        yield table
        if not wide:
            yield Text("organization and version: in a wider terminal, or --format csv", "dim")


def terminal_table_of_families(families: Sequence[Family]) -> RenderableType:
    """Return a row for each family."""
    return indent_terminal_lines(_FamilyRows(families))


def family_table(family: Family, terms: LicenseTerms | None) -> RenderableType:
    """Return all of a family: releases, license terms, edges, outsiders and former names."""
    by = f", by {family.organization}" if family.organization else ""
    head = Text.assemble(
        quote_for_terminal(family.name, "bold"),
        quote_for_terminal(f"{by}; version {family.version}", "dim"),
    )
    parts: list[RenderableType] = [indent_terminal_lines(head)]
    parts += [_release_table_lines(release) for release in family.releases]
    if terms is not None:
        parts.append(terminal_heading("License terms"))
    for each in terms.terms if terms is not None else ():
        of = ", ".join((*each.releases, *each.models))
        source = each.source._replace(
            text=f"{each.source.text}; {each.models_source or 'releases'}"
        )
        parts.append(_terminal_lines_of_entry(each.id, f"{each.name}: {of}", source))
    if family.edges:
        parts.append(terminal_heading("Curated edges"))
    for edge in family.edges:
        text = f"{edge.relation} of {edge.parent}, {edge.proof.replace('_', ' ')}"
        parts.append(_terminal_lines_of_entry(edge.child, text, edge.source))
    if family.outsiders:
        parts.append(terminal_heading("Not of this family"))
    for outsider in family.outsiders:
        root = f"; its root is {outsider.root}" if outsider.root else ""
        text = f"{outsider.reason.replace('_', ' ')}{root}. {outsider.sentence}"
        parts.append(_terminal_lines_of_entry(outsider.id, text, outsider.source))
    if family.renamed:
        names: list[Line] = [(old.name, f"is now {old.now}") for old in family.renamed]
        parts += [terminal_heading("Former names"), terminal_table_of_facts(names)]
    return Stack(*parts)


def registry_check_table(
    findings: Sequence[RegistryFinding], families: Sequence[Family], snapshot: str | None
) -> RenderableType:
    """Return what is odd, worst first, and what was looked at."""
    number = {word: sum(it.severity is word for it in findings) for word in FindingSeverity}
    sums = ", ".join(f"{n:,} {word}{'' if n == 1 else 's'}" for word, n in number.items())
    facts: list[Line] = [
        ("families", f"{len(families)}: {', '.join(family.id for family in families)}"),
        ("snapshot", snapshot or "none: the registry was not compared with any"),
        ("findings", sums),
    ]
    grid = Table.grid(padding=(0, 2))
    for _ in range(2):
        grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for finding in findings:
        text = Text.assemble(
            quote_for_terminal(finding.entry, "bold"), " ", quote_for_terminal(finding.says)
        )
        if finding.hint:
            text = Text.assemble(text, "\n", quote_for_terminal(finding.hint, "dim"))
        severity = Text(finding.severity.value, _FINDING_STYLES[finding.severity])
        grid.add_row(severity, quote_for_terminal(finding.family), text)
    return Stack(Text(), indent_terminal_lines(grid), Text(), terminal_table_of_facts(facts))


def _release_table_lines(release: Release) -> RenderableType:
    license = release.license or "no license tag"
    gate = "" if release.gated is None else f", gated: {release.gated}"
    facts: list[Line] = [
        ("release", f"{release.id}, {release.released}, {license}{gate}"),
        ("sizes", ", ".join(release.sizes)),
        ("source", release.source),
        *_label_terminal_lines("official", release.official),
        *_terminal_lines_of_copies("mirror", release.mirrors, release.deleted),
        *_terminal_lines_of_copies("quantized", release.quantized),
        *_terminal_lines_of_copies("changed", release.changed),
        *(("former name", f"{old.name} is now {old.now}") for old in release.former_names),
    ]
    return Stack(
        terminal_heading(release.name), terminal_table_of_facts([fact for fact in facts if fact[1]])
    )


def _label_terminal_lines(label: str, texts: Iterable[str]) -> Iterator[Line]:
    """Yield lines of which the first alone has the label."""
    for number, text in enumerate(texts):
        yield ("" if number else label), text


def _terminal_lines_of_copies(
    label: str, copies: Iterable[Reupload], deleted: Sequence[str] = ()
) -> Iterator[Line]:
    """Yield copies with what they stand for; the source stands below those that share it."""
    # One audit often vouches for dozens of mirrors: its source is printed once.
    by_source: dict[str, list[str]] = defaultdict(list)
    for copy in copies:
        mark = " (deleted)" if copy.id in deleted else ""
        of = f" of {copy.of}" if copy.of else ""
        by_source[copy.source or "none"].append(f"{copy.id}{mark}{of}")
    for source, texts in by_source.items():
        yield from _label_terminal_lines(label, texts)
        yield "  source", source


def _terminal_lines_of_entry(id: str, text: str, source: CuratedSource) -> RenderableType:
    facts = [quote_for_terminal(text)]
    if source.quote:
        facts.append(quote_for_terminal(f"“{source.quote}”", "italic"))
    facts.append(quote_for_terminal(source.text + (f"  {source.url}" if source.url else ""), "dim"))
    body = Padding(Stack(*facts), (0, 0, 0, 4), expand=False)
    return indent_terminal_lines(Stack(quote_for_terminal(id, "bold"), body))


_ANOMALY_STYLES = {AnomalySeverity.ODD: "yellow", AnomalySeverity.NOTE: "dim"}
_ACCURACY = ("fired", "exact", "release", "family", "held out", "by author", "recall")


def anomaly_table(anomalies: Anomalies, manifest: Manifest) -> RenderableType:
    """Return every kind with its number and rule, then the examples in words."""
    table = new_table(fixed=["kind", ""], numbers=["number"], tail="rule")
    for kind in anomalies.anomalies:
        severity = Text(kind.severity.value, _ANOMALY_STYLES[kind.severity])
        number = Text(f"{kind.count:,}", "bold" if kind.count else "dim")
        table.add_row(kind.kind.value, severity, number, kind.meaning)
    examples = [_terminal_lines_of_examples(kind) for kind in anomalies.anomalies if kind.examples]
    models = (
        "all" if anomalies.family is None else f"roots and members of family {anomalies.family}"
    )
    facts = [
        ("models", models),
        ("links", "declared by the Hub or an author; inferred and curated ones excluded"),
        *describe_counted_snapshot(manifest),
    ]
    return Stack(
        Text(), indent_terminal_lines(table), *examples, Text(), terminal_table_of_facts(facts)
    )


def _terminal_lines_of_examples(kind: AnomaliesOfKind) -> RenderableType:
    listed = len(kind.examples)
    number = f"{listed:,} of {kind.count:,}" if listed < kind.count else f"{listed:,}"
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for example in kind.examples:
        grid.add_row("-", quote_for_terminal(example.detail))
    head = Text.assemble((kind.kind.value, "bold"), (f"  {number}", "dim"))
    return indent_terminal_lines(Stack(Text(), head, grid))


def evaluation_table(evaluation: Evaluation) -> RenderableType:
    """Return how often rules are right, the worst mistakes, and what the numbers mean."""
    parts: list[RenderableType] = []
    for title, rows in (
        ("by rule", (*evaluation.rules[1:], *evaluation.rules[:1])),
        ("by rule and pattern", evaluation.patterns),
        ("by family, all rules", evaluation.by_family),
        ("by year, all rules", evaluation.by_year),
    ):
        if rows:
            parts += [terminal_heading(title), Text(), _draw_accuracy_table(rows)]
    if evaluation.mistakes:
        table = new_table("model", "inferred", "declared")
        for mistake in evaluation.mistakes:
            names = (mistake.child, mistake.inferred, " ".join(mistake.declared))
            table.add_row(*map(quote_for_terminal, names))
        parts += [terminal_heading("the worst mistakes"), Text(), indent_terminal_lines(table)]
    return Stack(*parts, Text(), terminal_table_of_facts(_evaluation_table_lines(evaluation)))


def _draw_accuracy_table(rows: Sequence[Accuracy]) -> RenderableType:
    table = new_table(fixed=[""], numbers=_ACCURACY)
    # The sum stands last, as in every other table.
    for row in rows:
        release = Share(row.release, row.release_named)
        right = Share(row.family, row.judged)
        cells = [f"{row.fired:,}", *(_plain_percent_cell(it) for it in (row.exact_share, release))]
        cells += [_percent_cell(right), _plain_percent_cell(row.held_out)]
        cells += [_plain_percent_cell(row.by_author)]
        cells += ["-" if row.recall is None else f"{100 * row.recall:.1f}"]
        table.add_row(quote_for_terminal(row.name), *cells, style="bold" if row.name == ALL else "")
    return indent_terminal_lines(table)


def _plain_percent_cell(share: Share) -> str:
    return "-" if share.value is None else f"{100 * share.value:.1f}"


def _percent_cell(share: Share) -> str:
    if share.value is None or share.interval is None:
        return "-"
    low, high = share.interval
    # A hundred without its zeros leaves the interval whole in a narrow terminal.
    value = "100" if share.value == 1 else f"{100 * share.value:.1f}"
    return f"{value} ({100 * low:.0f}-{100 * high:.0f})"


def _evaluation_table_lines(evaluation: Evaluation) -> list[Line]:
    declared = evaluation.hidden_by == "declared"
    hidden = "declared parents" if declared else "parents of the labels"
    facts: list[Line] = [
        ("asked", f"models with {hidden}, those hidden; snapshot {evaluation.snapshot}"),
        ("numbers", "percent; in brackets Wilson's interval of 95 %"),
        ("exact", "the inferred parent is a hidden one, or carries the same weights"),
        ("release", "of those that name one: it is among the releases of the hidden parents"),
        ("family", "precision: both lead to one family; outside of all, to one parent"),
        ("held out", "precision on the half of the authors that no rule was tuned on"),
        ("by author", "precision, each author's share counted once"),
        ("recall", "models with a claim that is right, among all that were asked about"),
        (
            "wrong yes",
            f"{evaluation.crossings:,} inferred links lead into {evaluation.family} from outside",
        ),
    ]
    facts += [("note", note) for note in evaluation.notes]
    if evaluation.unmeasured:
        silent = ", ".join(evaluation.unmeasured)
        facts.append(("unmeasured", f"{silent}: no link inferred for these models"))
    if evaluation.labels_unknown or evaluation.labels_bad:
        unknown = f"{evaluation.labels_unknown:,} models are not in the snapshot"
        facts.append(("labels", f"{unknown}, {evaluation.labels_bad:,} lines are not id pairs"))
    return facts
