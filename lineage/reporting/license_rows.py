"""Every model of a license report as a flat document, for CSV; words for machines, no language."""

from collections.abc import Iterator

from lineage.analysis.licenses import Judged, LicenseFindings
from lineage.domain.documents import Document


def license_rows(found: LicenseFindings) -> Iterator[Document]:
    """Yield a document for each model, in the order of the findings."""
    for row in found.rows:
        yield _row(found.snapshot, row)


def _row(snapshot: str, row: Judged) -> Document:
    return {
        "snapshot": snapshot,
        "model": row.model,
        "class": row.drift.value,
        "severity": row.severity.value,
        "license": row.tag,
        "license_name": row.license_name,
        "license_link": row.license_link,
        "terms": list(row.terms),
        "clauses": "; ".join(row.clauses),
        "release": row.release,
        "form": row.form.value,
        "is_mirror": row.is_mirror,
        "path": list(row.path),
        "name_prefix": row.name_prefix,
        "name_level": None if row.name_level is None else row.name_level.value,
        "notes": [note.value for note in row.notes],
        "downloads": row.downloads,
        "below": row.below,
    }
