"""What derivatives declare as their license, compared with the terms of the nearest root above."""

from lineage.analysis.licenses.statements import CONFLICTS, Judged, Knowledge, LicenseFindings

__all__ = ["CONFLICTS", "Judged", "Knowledge", "LicenseFindings"]
