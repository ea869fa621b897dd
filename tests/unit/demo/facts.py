"""Facts as the corpus tells them."""

from datetime import datetime

from lineage.demo.catalog import Fact


def a_fact(
    id: str,
    *parents: str,
    created_at: datetime | None = None,
    deleted_at: datetime | None = None,
    relation: str | None = "finetune",
) -> Fact:
    unknown = dict.fromkeys(("license", "library", "downloads", "likes"))
    dates = {"created_at": created_at, "deleted_at": deleted_at}
    named = {"base_models": list(parents), "card_base_models": list(parents)}
    return {"id": id, "relation": relation if parents else None, **dates, **named, **unknown}
