"""The finding of a license report: its headline, and the matrix of terms against tags."""

from collections import Counter

from lineage.analysis.licenses.statements import LicenseFindings
from lineage.domain.licenses import Drift, DriftSeverity
from lineage.reporting.charts.chart import Axis, Chart, ChartKind, Position, Series
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


def license_matrix(
    findings: LicenseFindings, texts: Texts, frame: tuple[str, str, str]
) -> Chart | None:
    """Return derivatives by the terms of their release and their own tag; None if none is known.

    `frame` is what stands around the picture: headline, definition and source.
    """
    named, untagged, several = "named", "untagged", "several"
    cells: Counter[tuple[tuple[str, str], str]] = Counter()
    for row in findings.rows:
        if row.is_mirror or row.severity is DriftSeverity.UNKNOWN:
            continue
        is_named = row.drift is Drift.OTHER_WITH_LINK
        tag = f"={named}" if is_named else row.tag.strip().lower() if row.tag else f"={untagged}"
        is_single = row.release in {release.name for release in findings.family.releases}
        line = (row.release, " + ".join(row.terms)) if is_single else (several, "")
        cells[line, tag] += 1
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
    own_tags = {terms.id: terms.tag or f"={named}" for terms in findings.terms.terms}
    frames = {(line, own_tags[line[1]]) for line in lines if line[1] in own_tags}
    frames = {(line, tag) for line, tag in frames if sizes[tag] or tag[0] != "="}
    own = dict.fromkeys(tag for tag in own_tags.values() if tag in {it for _, it in frames})
    tags = [*own, *sorted(sizes.keys() - own.keys(), key=lambda tag: (-sizes[tag], tag))]
    releases_named = Counter(release for release, _ in lines)
    names = {
        line: texts.say("page.several")
        if line[0] == several
        else line[0]
        if releases_named[line[0]] == 1
        else f"{line[0]}: {line[1]}"
        for line in lines
    }
    words = {f"={key}": texts.say(f"page.{key}") for key in (named, untagged)}
    headline, definition, source = frame
    (top, top_tag), models = max(cells.items(), key=lambda cell: cell[1])
    return Chart(
        name="tags",
        kind=ChartKind.MATRIX,
        headline=headline,
        definition=definition,
        source=source,
        text=texts.say(
            "page.matrix_text",
            rows=len(lines),
            models=models,
            row=names[top],
            column=words.get(top_tag, top_tag),
        ),
        axis=Axis.NAMES,
        positions=[Position(tag, words.get(tag, tag)) for tag in tags],
        series=[
            Series(names[line], names[line], [cells[line, tag] or None for tag in tags])
            for line in lines
        ],
        frames={(names[line], tag) for line, tag in frames},
    )
