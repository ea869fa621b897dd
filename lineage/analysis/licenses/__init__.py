"""What derivatives declare as their license, compared with the terms of the nearest root above."""

from lineage.analysis.licenses.findings import Judged, Knowledge, LicenseFindings
from lineage.analysis.licenses.judging import judge_licenses
from lineage.analysis.licenses.statements import knowledge_of

__all__ = ["Judged", "Knowledge", "LicenseFindings", "judge_licenses", "knowledge_of"]
