"""What the numbers of a report cannot say, in its language: it stands at the top of each report."""

from collections.abc import Iterator

from lineage.analysis.definition_text import is_count_after_data, is_count_before_data
from lineage.domain.definitions import Definition
from lineage.domain.opt_outs import count_opt_out_marks
from lineage.reporting.language import Language, load_texts
from lineage.store.manifest import Manifest


def data_notices(
    manifest: Manifest,
    definition: Definition,
    language: Language,
    *,
    total: int = 0,
    at_most: int = 0,
    opted_out: int | None = None,
) -> Iterator[str]:
    """Yield a sentence for each bound: of the day, the dates, the opt-outs, the parents.

    Without `opted_out` it is said of the whole snapshot how many models are left out.
    """
    texts, day, taken = load_texts(language, "notices"), definition.as_of, manifest.origin.taken_at
    if is_count_before_data(definition, manifest):
        yield texts.say("day.before", day=day, id=manifest.id, date=taken.date())
    elif is_count_after_data(definition, manifest):
        yield texts.say("day.after", day=day, date=taken.date())
    if at_most > total:
        yield texts.say_number("dates.range", at_most - total, total=total, at_most=at_most)
    left_out = count_opt_out_marks(manifest.left_out) if opted_out is None else opted_out
    if left_out:
        where = "snapshot" if opted_out is None else "number"
        yield texts.say_number(f"opted_out.{where}", left_out)
    if not manifest.origin.parents_known:
        yield texts.say("parents.unknown")
