"""What stands around a family tree, in words: its headline, its definition, its warnings."""

from collections.abc import Iterator
from datetime import date

from lineage.domain.claims import Relation
from lineage.domain.definitions import Definition
from lineage.reporting.family_tree import BranchLine, FamilyTreeReport
from lineage.reporting.language import Texts
from lineage.store.manifest import SnapshotKind
from lineage.version import __version__


def title(report: FamilyTreeReport, texts: Texts) -> str:
    """Return what the report is called."""
    key = "title_base" if report.is_base else "title"
    return texts.say(f"page.{key}", family=report.family.name)


def headline(report: FamilyTreeReport, texts: Texts) -> str:
    """Return the one sentence that people quote."""
    return texts.say_number("page.headline", report.count.total, family=report.family.name)


def dated(report: FamilyTreeReport, texts: Texts) -> str:
    """Return the day that the numbers are of."""
    day = report.definition.as_of or report.manifest.origin.taken_at.date()
    return texts.say("page.as_of", date=day)


def notes(report: FamilyTreeReport, texts: Texts) -> Iterator[str]:
    """Yield what must not be overlooked."""
    manifest = report.manifest
    if report.is_sample:
        yield texts.say("page.sample", n=manifest.models)
    if manifest.origin.kind is SnapshotKind.BELOW:
        yield texts.say("page.below", base=manifest.origin.below)


def method(report: FamilyTreeReport, texts: Texts) -> Iterator[tuple[str, str]]:
    """Yield label and text of each line that says how the numbers came to be."""
    say, manifest, definition = texts.say, report.manifest, report.definition
    taken = manifest.origin.taken_at
    said = {
        "counted": say("page.counted_text"),
        "roots": roots(report, texts),
        "edges": say(f"page.edges_{definition.min_strength.value}"),
        "filters": filters(definition, texts),
        "dates": texts.say_number("page.dates_text", report.count.undated),
        "deleted": deleted(report, texts),
        "snapshot": say(
            "page.snapshot_text",
            id=manifest.id,
            date=taken.date(),
            time=f"{taken:%H:%M}",
            endpoint=manifest.origin.endpoint,
        ),
        "cite": say(
            "page.cite_text", version=__version__, family=report.family.name, id=manifest.id
        ),
    }
    for name, text in said.items():
        yield say(f"page.{name}"), text


def roots(report: FamilyTreeReport, texts: Texts) -> str:
    """Say below whom is counted."""
    family, ids = report.family, report.definition.roots
    if len(ids) == 1:
        return ids[0]
    if report.is_base:
        return texts.say_number("page.roots_base", len(ids) - 1, base=ids[0])
    return texts.say(
        "page.roots_text",
        n=len(ids),
        organization=family.organization or family.name,
        registry=_day(family.version),
        first=ids[0] if ids else "",
    )


def filters(definition: Definition, texts: Texts) -> str:
    """Say what else chose the models."""
    say, least, day = texts.say, definition.min_downloads, definition.as_of
    words = ", ".join(say(f"words.{relation.value}") for relation in definition.relations)
    is_every = set(definition.relations) == set(Relation)
    return say(
        "page.filters_text",
        relations=say("page.every_relation")
        if is_every
        else say("page.relations_alone", relations=words),
        downloads=say("page.at_least", n=least) if least else say("page.any_number"),
        as_of=say("page.end_of_day", date=day) if day else say("page.the_snapshot"),
        deleted=say("page.counted_too" if definition.deleted else "page.not_counted"),
    )


def deleted(report: FamilyTreeReport, texts: Texts) -> str:
    """Say how many are known to be gone, and whether they count."""
    if not report.gone:
        return texts.say("page.deleted_none")
    key = "counted" if report.definition.deleted else "text"
    return texts.say_number(f"page.deleted_{key}", report.gone)


def word(texts: Texts, one: str) -> str:
    """Return the language's word for a relation, a strength or a group; a name as it is."""
    return texts.sections["words"].get(one, one)


def made_as(line: BranchLine, texts: Texts) -> str:
    """Say how a branch's top was made, and whether it is gone."""
    made = word(texts, line.relation.value)
    return f"{made}, {word(texts, 'gone')}" if line.is_gone else made


def made_by(report: FamilyTreeReport, texts: Texts) -> str:
    """Return what travels with a file that may travel alone."""
    manifest = report.manifest
    words = texts.say(
        "poster.made_by",
        version=__version__,
        id=manifest.id,
        date=manifest.origin.taken_at.date(),
    )
    return f"{words} {texts.say('poster.sample')}" if report.is_sample else words


def _day(version: str) -> date | str:
    """Return the day that a registry's version names; a version of another kind as it is."""
    try:
        return date.fromisoformat(version)
    except ValueError:
        return version
