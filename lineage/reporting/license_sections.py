"""The parts of a license report that count: classes, releases, conflicts, names and notes."""

from collections import Counter
from collections.abc import Sequence

from lineage.analysis.licenses import Judged, LicenseFindings
from lineage.domain.licenses import DriftSeverity, LicenseNote, NameLevel
from lineage.reporting import license_numbers as numbers
from lineage.reporting.document import (
    NOTHING,
    Block,
    Cell,
    Column,
    Link,
    Part,
    Section,
    Table,
    Word,
)
from lineage.reporting.language import Texts

MOST_USED = 100
"""Conflicts that are shown one by one; the CSV file holds all."""
MOST_KINDS = 40
MOST_MIXTURES = 12
HUB = "https://huggingface.co/"


def severities(found: LicenseFindings) -> Counter[DriftSeverity]:
    """Count models by the weight of their class."""
    return Counter(row.severity for row in found.rows)


def classes(found: LicenseFindings, says: Texts) -> Section:
    """Say how many models fall into each class, the weightiest first."""
    count, known = numbers.by_drift(found.rows), numbers.known(found.rows)
    rows = [
        (
            says.say(f"class.{rule.drift}"),
            says.say(f"weight.{rule.severity}"),
            says.number(count[rule.drift]),
            _share(count[rule.drift], known, rule.severity, says),
            says.say(f"class_means.{rule.drift}"),
        )
        for rule in found.terms.drifts
        if count[rule.drift]
    ]
    columns = columns_of(says, "class", "weight", "#models", "#share", "means")
    return _section(says, "classes", Table(columns, rows))


def by_release(found: LicenseFindings, says: Texts) -> Section:
    """Say how each release's models are divided by weight."""
    shown = [one for one in DriftSeverity if any(row.severity is one for row in found.rows)]
    shown = [one for one in shown if one is not DriftSeverity.UNKNOWN]
    columns = [
        *columns_of(says, "release", "#models", "#known"),
        *(Column(says.say(f"weight.{one}"), is_number=True) for one in shown),
    ]
    rows = [
        (
            row.release,
            says.number(row.models),
            says.number(row.models - row.by_severity[DriftSeverity.UNKNOWN]),
            *(says.number(row.by_severity[one]) for one in shown),
        )
        for row in _release_rows(found, says)
    ]
    return _section(says, "by_release", Table(columns, rows))


def kinds(found: LicenseFindings, says: Texts) -> Section | None:
    """Say which conflicts are most frequent."""
    rows = [
        (
            says.say(f"class.{one.drift}"),
            Word(one.tag or ""),
            _terms(one.terms),
            says.number(one.models),
            _number(one.downloads, says),
        )
        for one in numbers.conflict_kinds(found.rows)[:MOST_KINDS]
    ]
    columns = columns_of(says, "class", "tag", "terms", "#models", "#downloads_known")
    return _section(says, "kinds", Table(columns, rows)) if rows else None


def used(found: LicenseFindings, says: Texts, csv_name: str) -> Section:
    """Show the most used conflicts one by one."""
    shown = numbers.most_used(found.rows, MOST_USED)
    blocks: list[Block] = [says.say("page.used_none")]
    if shown:
        everything = sum(map(numbers.is_conflict, found.rows))
        text = says.say("page.used_text", shown=len(shown), all=everything)
        keys = ("model", "tag", "class", "terms", "clauses", "#downloads", "#below", "path")
        columns = columns_of(says, *keys, "notes")
        blocks = [text, Table(columns, [_conflict(row, says) for row in shown])]
    blocks.append(says.say("page.csv", file=csv_name))
    return Section(says.say("page.used"), blocks)


def names(found: LicenseFindings, says: Texts) -> Section | None:
    """Say how many names begin as the terms ask."""
    levels = list(NameLevel)
    rows: list[Sequence[Cell]] = [
        (Word(prefix), says.number(count.total()), *(says.number(count[one]) for one in levels))
        for prefix, count in numbers.by_name_level(found.rows).items()
    ]
    columns = [
        *columns_of(says, "prefix", "#models"),
        *(Column(says.say(f"level.{level}"), is_number=True) for level in levels),
    ]
    return _section(says, "names", Table(columns, rows)) if rows else None


def notes(found: LicenseFindings, says: Texts) -> Section | None:
    """Say what else there is to look at."""
    count = numbers.by_note(found.rows)
    rows = [
        (says.say(f"note.{note}"), says.number(count[note]), says.say(f"note_means.{note}"))
        for note in LicenseNote
        if count[note]
    ]
    columns = columns_of(says, "note", "#models", "means")
    return _section(says, "duties", Table(columns, rows)) if rows else None


def columns_of(says: Texts, *keys: str) -> list[Column]:
    """Return columns by their keys; one with `#` in front holds numbers."""
    return [Column(says.say(f"column.{key.lstrip('#')}"), key.startswith("#")) for key in keys]


def _release_rows(found: LicenseFindings, says: Texts) -> list[numbers.ReleaseRow]:
    single, mixed = numbers.by_release(found)
    shown, rest = mixed[:MOST_MIXTURES], mixed[MOST_MIXTURES:]
    if rest:
        shown.append(numbers.together(rest, says.say("page.other_mixtures", n=len(rest))))
    return single + shown


def _section(says: Texts, key: str, table: Table) -> Section:
    return Section(says.say(f"page.{key}"), [says.say(f"page.{key}_text"), table])


def _share(part: int, whole: int, severity: DriftSeverity, says: Texts) -> str:
    return NOTHING if severity is DriftSeverity.UNKNOWN else says.percent(part, whole)


def _number(number: int | None, says: Texts) -> str:
    return NOTHING if number is None else says.number(number)


def _conflict(row: Judged, says: Texts) -> Sequence[Cell]:
    return (
        _model(row),
        Word(row.tag or ""),
        says.say(f"class.{row.drift}"),
        _terms(row.terms),
        ", ".join(row.clauses),
        _number(row.downloads, says),
        says.number(row.below),
        _path(row.path),
        "; ".join(says.say(f"note.{note}") for note in row.notes),
    )


def _model(row: Judged) -> Link:
    return Link(row.model, HUB + row.model)


def _terms(ids: Sequence[str]) -> str:
    return " + ".join(ids)


def _path(path: Sequence[str]) -> list[Part]:
    return [part for at, id in enumerate(path[1:]) for part in ((" → " if at else "→ "), Word(id))]
