"""Results as one JSON document."""

import json

from lineage.domain.documents import Document


def document(result: Document | list[Document]) -> str:
    """Spell a document; ASCII alone, so that nothing in it acts on a terminal."""
    return json.dumps(result, indent=2, ensure_ascii=True, allow_nan=False)
