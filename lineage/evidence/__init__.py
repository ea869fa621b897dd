"""From a record to witnesses: small pure rules, one file each, in no particular order."""

from lineage.evidence.rules import RULES, Rule, extract_claims

__all__ = ["RULES", "Rule", "extract_claims"]
