"""The finding of a license report: its headline, and the matrix of terms against tags."""

from collections import Counter

from lineage.analysis.licenses.statements import LicenseFindings
from lineage.domain.licenses import Drift, DriftSeverity
from lineage.reporting.charts.chart import Axis, Chart, ChartKind, Position, Series
from lineage.reporting.document import shorten_word
from lineage.reporting.language import Texts
from lineage.reporting.license_numbers import count_reported_licenses, is_reported_conflict


def license_subject_name(findings: LicenseFindings) -> str:
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
    known, total = count_reported_licenses(rows), findings.count.total
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
    return texts.say(f"page.headline_{key}", subject=license_subject_name(findings), **places)


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
    cells = _count_cells(findings)
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
    column = words.get(top_tag, shorten_word(top_tag))
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
        positions=[Position(tag, words.get(tag, shorten_word(tag))) for tag in tags],
        series=[
            Series(names[line], names[line], [cells[line, tag] or None for tag in tags])
            for line in lines
        ],
        frames={(names[line], tag) for line, tag in frames},
    )


def _count_cells(findings: LicenseFindings) -> Counter[tuple[Line, str]]:
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
