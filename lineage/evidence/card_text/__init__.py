"""The card's text: what its sentences, links and recipes say of where the model comes from."""

from lineage.evidence.card_text.extract import MOST_BYTES, RULE, infer_card_claims

__all__ = ["MOST_BYTES", "RULE", "infer_card_claims"]
