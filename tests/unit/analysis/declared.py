"""Models with a license as their cards tell it, and a family's findings on them."""

from collections.abc import Sequence

from lineage.analysis.licenses.statements import LicenseFindings
from lineage.domain.definitions import Definition
from lineage.families.license_terms import license_terms
from lineage.families.registry import all_families, family
from lineage.store.reader import Snapshot
from tests.builders import Row, row
from tests.questions import judge_licenses


def declaring(
    id: str,
    parents: str | Sequence[str] = (),
    tag: str | None = None,
    relation: str = "finetune",
    *,
    name: str | None = None,
    link: str | None = None,
    **fields: object,
) -> Row:
    """A model with license tag, name and link; what is None is not in its card."""
    above = [parents] if isinstance(parents, str) else list(parents)
    told = {"license": tag, "license_name": name, "license_link": link, "base_model": above or None}
    card = {key: value for key, value in told.items() if value is not None}
    return row(id, above, relation, cardData=card, **fields)


def judged(snapshot: Snapshot, definition: Definition | None = None) -> LicenseFindings:
    """The Llama family's licenses, by the bundled terms."""
    llama, terms = family("llama"), license_terms("llama")
    return judge_licenses(snapshot, llama, terms, definition or Definition(), all_families())
