"""The finding of a license report: its headline, and the matrix of terms against tags."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lineage.analysis.licenses.statements import CONFLICTS, Judged, LicenseFindings
from lineage.domain.licenses import Drift, DriftSeverity, NameLevel, Terms
from lineage.reporting.charts.chart import Axis, Chart, ChartKind, Position, Series
from lineage.reporting.document import shorten_word_for_report
from lineage.reporting.language import Texts


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """The models of one release, or of several releases together."""

    release: str
    models: int
    by_severity: Counter[DriftSeverity]


@dataclass(frozen=True, slots=True)
class ConflictKind:
    """Models in conflict that are alike: the same class, tag and terms."""

    drift: Drift
    tag: str | None
    terms: tuple[str, ...]
    models: int
    downloads: int | None
    """Of those whose downloads are known; None where none are known."""


def is_reported_conflict(row: Judged) -> bool:
    """Say whether a tag and the terms above it say different things."""
    return row.severity in CONFLICTS


def report_number_of_known_licenses(rows: Iterable[Judged]) -> int:
    """Count the models whose license is known."""
    return sum(row.severity is not DriftSeverity.UNKNOWN for row in rows)


def count_reported_drifts(rows: Iterable[Judged]) -> Counter[Drift]:
    """Count models by class."""
    return Counter(row.drift for row in rows)


def report_rows_of_releases(findings: LicenseFindings) -> tuple[list[ReleaseRow], list[ReleaseRow]]:
    """Count by release: single ones in time's order, and apart from them mixtures by size."""
    parts: dict[str, Counter[DriftSeverity]] = {}
    for row in findings.rows:
        parts.setdefault(row.release, Counter())[row.severity] += 1
    rows = {name: ReleaseRow(name, part.total(), part) for name, part in parts.items()}
    single = [
        rows.pop(release.name) for release in findings.family.releases if release.name in rows
    ]
    return single, sorted(rows.values(), key=lambda row: (-row.models, row.release))


def add_up_report_rows(rows: Sequence[ReleaseRow], name: str) -> ReleaseRow:
    """Add rows up into one of that name."""
    by_severity = sum((row.by_severity for row in rows), Counter[DriftSeverity]())
    return ReleaseRow(name, by_severity.total(), by_severity)


def group_reported_conflicts(rows: Iterable[Judged]) -> list[ConflictKind]:
    """Group conflicts by class, tag and terms; the most frequent first."""
    models: Counter[tuple[Drift, str | None, tuple[str, ...]]] = Counter()
    downloads: Counter[tuple[Drift, str | None, tuple[str, ...]]] = Counter()
    for row in filter(is_reported_conflict, rows):
        kind = row.drift, row.tag, row.terms
        models[kind] += 1
        if row.downloads is not None:
            downloads[kind] += row.downloads
    kinds = [ConflictKind(*kind, number, downloads.get(kind)) for kind, number in models.items()]
    return sorted(kinds, key=lambda kind: (-kind.models, kind.drift, kind.tag or "", kind.terms))


def count_reported_name_levels(rows: Iterable[Judged]) -> dict[str, Counter[NameLevel]]:
    """Count how near names come to each prefix that is asked for."""
    levels: dict[str, Counter[NameLevel]] = {}
    for row in rows:
        if row.name_prefix is not None and row.license_name_level is not None:
            levels.setdefault(row.name_prefix, Counter())[row.license_name_level] += 1
    return dict(sorted(levels.items()))


def list_reported_terms(findings: LicenseFindings) -> list[tuple[Terms, int]]:
    """Return the terms with the number of models that owe them, as far as there are any."""
    models = Counter(id for row in findings.rows for id in row.terms)
    return [(terms, models[terms.id]) for terms in findings.terms.terms if models[terms.id]]


def most_used_in_report(rows: Sequence[Judged], most: int) -> list[Judged]:
    """Return the first conflicts: the rows come with the most used ones in front."""
    return [row for row in rows[:most] if is_reported_conflict(row)]


def report_numbers_of_severities(findings: LicenseFindings) -> Counter[DriftSeverity]:
    """Count models by the weight of their class."""
    return Counter(row.severity for row in findings.rows)


def license_report_subject_name(findings: LicenseFindings) -> str:
    """Return what the subject is called: a name of the registry, or a model's as it is now."""
    subject = findings.subject
    if subject.model is not None:
        return subject.model.id
    return findings.family.name if subject.release is None else subject.release.name


def license_headline(findings: LicenseFindings, texts: Texts) -> str:
    """Say of how many derivatives the license is known, and what is true of those alone."""
    # Of a sample's unknown licenses nothing follows: no sentence is about all derivatives.
    rows = [row for row in findings.rows if not row.is_mirror]
    differ = sum(map(is_reported_conflict, rows))
    known, total = report_number_of_known_licenses(rows), findings.count.total
    if not total:
        key = "none"
    elif not known:
        key = "unknown"
    elif differ:
        key = "differ"
    else:
        is_clear = all(row.severity is not DriftSeverity.UNRANKABLE for row in rows)
        key = "agree" if is_clear else "known"
    places = {"known": known, "total": total, "differ": differ}
    return texts.say(
        f"page.headline_{key}", subject=license_report_subject_name(findings), **places
    )


_NAMED, _UNTAGGED, _SEVERAL = "=named", "=untagged", "several"
"""Columns and a row that are no tag and no release; no tag of the Hub begins with `=`."""

Line = tuple[str, str]
"""A row of the matrix: a release and the terms above the model, or several releases."""


def license_matrix(
    findings: LicenseFindings, texts: Texts, frame: tuple[str, str, str]
) -> Chart | None:
    """Return derivatives by the terms of their release and their own tag; None if none is known.

    `frame` is what stands around the picture: headline, definition and source.
    """
    cells = _count_license_report_cells(findings)
    if not cells:
        return None
    # Rows in time's order, and of one release by its terms; the mixtures last.
    places = [release.name for release in findings.family.releases]
    lines = sorted(
        {line for line, _ in cells},
        key=lambda line: (places.index(line[0]) if line[0] in places else len(places), line),
    )
    sizes = Counter[str]()
    for (_, tag), models in cells.items():
        sizes[tag] += models
    # Terms without a tag of their own are met by `other` and their name.
    own_tags = {terms.id: terms.tag or _NAMED for terms in findings.terms.terms}
    frames = {(line, own_tags[line[1]]) for line in lines if line[1] in own_tags}
    frames = {(line, tag) for line, tag in frames if sizes[tag] or tag != _NAMED}
    own = dict.fromkeys(tag for tag in own_tags.values() if tag in {it for _, it in frames})
    tags = [*own, *sorted(sizes.keys() - own.keys(), key=lambda tag: (-sizes[tag], tag))]

    releases = Counter(release for release, _ in lines)
    names = {line: line[0] if releases[line[0]] == 1 else ": ".join(line) for line in lines}
    names |= {(_SEVERAL, ""): texts.say("page.several")}
    words = {key: texts.say(f"page.{key[1:]}") for key in (_NAMED, _UNTAGGED)}
    (top, top_tag), models = max(cells.items(), key=lambda cell: cell[1])
    column = words.get(top_tag, shorten_word_for_report(top_tag))
    largest = {"models": models, "row": names[top], "column": column}
    headline, definition, source = frame
    return Chart(
        name="tags",
        kind=ChartKind.MATRIX,
        headline=headline,
        definition=definition,
        source=source,
        text=texts.say("page.matrix_text", rows=len(lines), **largest),
        axis=Axis.NAMES,
        positions=[Position(tag, words.get(tag, shorten_word_for_report(tag))) for tag in tags],
        series=[
            Series(names[line], names[line], [cells[line, tag] or None for tag in tags])
            for line in lines
        ],
        frames={(names[line], tag) for line, tag in frames},
    )


def _count_license_report_cells(findings: LicenseFindings) -> Counter[tuple[Line, str]]:
    """Count derivatives with a known license by row and tag."""
    single = {release.name for release in findings.family.releases}
    cells: Counter[tuple[Line, str]] = Counter()
    for row in findings.rows:
        if row.is_mirror or row.severity is DriftSeverity.UNKNOWN:
            continue
        tag = row.tag.strip().lower() if row.tag else _UNTAGGED
        tag = _NAMED if row.drift is Drift.OTHER_WITH_LINK else tag
        line = (row.release, " + ".join(row.terms)) if row.release in single else (_SEVERAL, "")
        cells[line, tag] += 1
    return cells
