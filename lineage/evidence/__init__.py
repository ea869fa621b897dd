"""From a record to witnesses: small pure rules, one file each, in no particular order."""

from lineage.evidence.rules import RULES, Rule, testify

__all__ = ["RULES", "Rule", "testify"]
