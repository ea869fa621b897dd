"""What a license report counts: models by class, release, conflict and name."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lineage.analysis.licenses.statements import CONFLICTS, Judged, LicenseFindings
from lineage.domain.licenses import Drift, DriftSeverity, NameLevel, Terms


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


def count_reported_licenses(rows: Iterable[Judged]) -> int:
    """Count the models whose license is known."""
    return sum(row.severity is not DriftSeverity.UNKNOWN for row in rows)


def count_reported_drifts(rows: Iterable[Judged]) -> Counter[Drift]:
    """Count models by class."""
    return Counter(row.drift for row in rows)


def count_reported_releases(findings: LicenseFindings) -> tuple[list[ReleaseRow], list[ReleaseRow]]:
    """Count by release: single ones in time's order, and apart from them mixtures by size."""
    parts: dict[str, Counter[DriftSeverity]] = {}
    for row in findings.rows:
        parts.setdefault(row.release, Counter())[row.severity] += 1
    rows = {name: ReleaseRow(name, part.total(), part) for name, part in parts.items()}
    single = [
        rows.pop(release.name) for release in findings.family.releases if release.name in rows
    ]
    return single, sorted(rows.values(), key=lambda row: (-row.models, row.release))


def add_up(rows: Sequence[ReleaseRow], name: str) -> ReleaseRow:
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


def applicable_terms(findings: LicenseFindings) -> list[tuple[Terms, int]]:
    """Return the terms with the number of models that owe them, as far as there are any."""
    models = Counter(id for row in findings.rows for id in row.terms)
    return [(terms, models[terms.id]) for terms in findings.terms.terms if models[terms.id]]


def most_used_in_report(rows: Sequence[Judged], most: int) -> list[Judged]:
    """Return the first conflicts: the rows come with the most used ones in front."""
    return [row for row in rows[:most] if is_reported_conflict(row)]


def count_reported_severities(findings: LicenseFindings) -> Counter[DriftSeverity]:
    """Count models by the weight of their class."""
    return Counter(row.severity for row in findings.rows)
