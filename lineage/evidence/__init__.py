"""From a record to claims: extracted where they are declared, inferred from names and cards."""

from lineage.evidence.rules import RULES, Rule, extract_claims, infer_claims_by_rules

__all__ = ["RULES", "Rule", "extract_claims", "infer_claims_by_rules"]
