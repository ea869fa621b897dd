"""The rule behind a number in plain words, to stand below it."""

from collections.abc import Sequence

from lineage.domain.addresses import is_loopback_address
from lineage.domain.claims import Relation, Strength
from lineage.domain.clock import end_of_day_utc
from lineage.domain.definitions import Closure, Definition
from lineage.domain.opt_outs import count_opt_out_marks
from lineage.store.manifest import Manifest, SnapshotKind

Line = tuple[str, str]
"""A label, and what it says."""

_ROOTS_NAMED = 3

_REACH = {
    Closure.ALL: "distinct models at any depth below the roots, each once; no root is counted",
    Closure.DIRECT: "distinct models one link below a root, each once; no root is counted",
}

_STRENGTH = {
    Strength.INFERRED: "declared by the Hub or an author, inferred ones included",
    Strength.DECLARED: "declared by the Hub or an author, inferred ones excluded",
    Strength.CONFIRMED: "only those that the Hub itself confirms",
}


def describe_definition(
    definition: Definition, manifest: Manifest, source_note: str = "", roots: str = ""
) -> list[Line]:
    """Return the lines that say what was counted, where, and when it was so.

    `source_note` tells of a sample what it was drawn from; `roots` stands in where several
    numbers with different roots share one rule.
    """
    # What bounds one number alone is said beside it: several may share these lines.
    notes = [*count_notes_of_day(definition, manifest), *count_notes_of_parents(manifest)]
    lines = describe_definition_rules(definition, roots) + _name_counted_source(
        manifest, source_note
    )
    return lines + [("note", note) for note in notes]


def list_count_notes(
    definition: Definition, manifest: Manifest, *, total: int = 0, at_most: int = 0, opted_out: int
) -> tuple[str, ...]:
    """Return what an answer cannot say, a sentence each; none where nothing bounds it."""
    notes = [*count_notes_of_day(definition, manifest), *count_notes_of_parents(manifest)]
    return (*notes, *notes_of_count(total, at_most, opted_out))


def notes_of_count(total: int, at_most: int, opted_out: int) -> list[str]:
    """Return what one number cannot say, beside what is said of its day and its snapshot."""
    notes = [describe_count_range(total, at_most)] if at_most > total else []
    if opted_out:
        verb = "is" if opted_out == 1 else "are"
        notes.append(f"{opted_out:,} {verb} left out: they, or what they come from, asked for it")
    return notes


def describe_count_range(total: int, at_most: int) -> str:
    """Return a range in words, `between 9 and 7,486: 7,477 have no known date`."""
    undated = at_most - total
    verb = "has" if undated == 1 else "have"
    return f"between {total:,} and {at_most:,}: {undated:,} {verb} no known date"


def count_notes_of_day(definition: Definition, manifest: Manifest) -> list[str]:
    """Return what is not known of the day asked, as it lies outside the data."""
    day, taken = definition.as_of, manifest.origin.taken_at
    if is_counted_day_before_data(definition, manifest):
        # What was pruned, or another snapshot that was asked for by name, may be older.
        which = f"snapshot {manifest.id}" if manifest.previous else "the first snapshot"
        return [
            f"{day} is before {which}, taken {taken:%Y-%m-%d %H:%M} UTC: "
            "models deleted before the first snapshot are not known"
        ]
    # The snapshot's own day is not said: that today is not over yet needs no words.
    if is_counted_day_after_data(definition, manifest):
        return [f"the data end {taken:%Y-%m-%d %H:%M} UTC, before {day} is over"]
    return []


def is_counted_day_before_data(definition: Definition, manifest: Manifest) -> bool:
    """Whether a day is asked for that was over before the snapshot was taken."""
    return definition.as_of is not None and manifest.origin.taken_at >= end_of_day_utc(
        definition.as_of
    )


def is_counted_day_after_data(definition: Definition, manifest: Manifest) -> bool:
    """Whether a day is asked for that was not reached when the snapshot was taken."""
    return definition.as_of is not None and definition.as_of > manifest.origin.taken_at.date()


def count_notes_of_parents(manifest: Manifest) -> list[str]:
    """Return that a snapshot cannot know parents, where that is so."""
    # Without this sentence a 0 of such a snapshot looks like an answer.
    if manifest.origin.parents_known:
        return []
    return ["parents are not known: the dump has no column that names them, and 0 says nothing"]


def describe_definition_rules(definition: Definition, roots: str = "") -> list[Line]:
    """Return the lines that say what was counted, of whatever snapshot."""
    parts = {
        "mirrors among the roots": definition.mirrors,
        "curated links": definition.curated,
        "deleted models": definition.deleted,
    }
    joined = ", ".join(name for name, is_in in parts.items() if is_in)
    excluded = ", ".join(name for name, is_in in parts.items() if not is_in)
    day = "the snapshot" if definition.as_of is None else f"the end of {definition.as_of}, UTC"
    least = definition.min_downloads
    downloads = f"with at least {least:,} downloads" if least else "with any number of downloads"
    return [
        ("roots", roots or _name_definition_roots(definition.roots)),
        ("counted", _REACH[definition.closure]),
        (
            "links",
            f"{_name_counted_relations(definition.relations)};"
            f" {_STRENGTH[definition.min_strength]}",
        ),
        *[line for line in (("includes", joined), ("excludes", excluded)) if line[1]],
        ("filters", f"as of {day}; models {downloads}"),
    ]


def describe_counted_snapshot(manifest: Manifest, source_note: str = "") -> list[Line]:
    """Return the lines that say which snapshot was asked, and what is not the Hub itself."""
    return [
        *_name_counted_source(manifest, source_note),
        *(("note", note) for note in count_notes_of_snapshot(manifest)),
    ]


def _name_counted_source(manifest: Manifest, source_note: str) -> list[Line]:
    text = f"{manifest.id}, {describe_counted_origin(manifest)}"
    if manifest.origin.kind is SnapshotKind.BELOW:
        text += f"; it holds only what lies below {manifest.origin.below}"
    return [
        ("snapshot", text),
        *describe_counted_source(manifest.origin.endpoint, source_note),
    ]


def count_notes_of_snapshot(manifest: Manifest) -> list[str]:
    """Return what no answer about a whole snapshot can say."""
    left_out = count_opt_out_marks(manifest.left_out)
    verb = "model is" if left_out == 1 else "models are"
    return [
        *count_notes_of_parents(manifest),
        *([f"{left_out:,} {verb} left out: they asked for it"] if left_out else []),
    ]


def describe_counted_source(endpoint: str, note: str = "") -> list[Line]:
    """Return the line that says what is not the Hub itself, if it is not."""
    if not note and is_loopback_address(endpoint):
        note = "Counted in a Hub in a box on this machine, not on the Hub"
    return [("source", note)] if note else []


def describe_counted_origin(manifest: Manifest) -> str:
    """Return when and from where a snapshot was taken."""
    origin = manifest.origin
    dump = (
        f", by the dump {origin.dump.get('file', '')}" if origin.kind is SnapshotKind.DUMP else ""
    )
    return f"taken {origin.taken_at:%Y-%m-%d %H:%M} UTC from {origin.endpoint}{dump}"


def _name_definition_roots(roots: Sequence[str]) -> str:
    if len(roots) <= _ROOTS_NAMED:
        return ", ".join(roots)
    first = ", ".join(roots[:_ROOTS_NAMED])
    return f"{len(roots)} repositories: {first} and {len(roots) - _ROOTS_NAMED} more"


def _name_counted_relations(relations: Sequence[Relation]) -> str:
    if set(relations) == set(Relation):
        return "all types"
    return f"only {', '.join(relations)}"
