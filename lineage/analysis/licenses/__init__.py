"""What derivatives declare as their license, held against the terms of the nearest root above."""

from lineage.analysis.licenses.declared import knowledge_of
from lineage.analysis.licenses.findings import Judged, Knowledge, LicenseFindings
from lineage.analysis.licenses.judging import judge_licenses

__all__ = ["Judged", "Knowledge", "LicenseFindings", "judge_licenses", "knowledge_of"]
