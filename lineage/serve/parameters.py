"""What a client may ask for: each parameter once, for reading requests and for the schemas."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from lineage.domain.check_rules import UnknownPolicy
from lineage.domain.claims import RELATIONS, Relation, Strength
from lineage.domain.definitions import Closure, Definition, Grouping
from lineage.errors import SettingsError

MOST_SUBJECTS = 1_000
"""Of a batch or a check."""
MOST_ITEMS = 1_000
"""Of a page."""
_LONGEST = 4_096

Word = Annotated[str, Meta(max_length=_LONGEST)]
Names = Annotated[list[Word], Meta(max_length=MOST_SUBJECTS)]
Query = TypeVar("Query", bound="SnapshotQuery")


class SnapshotQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which snapshot is asked."""

    snapshot: Annotated[
        Word | None, Meta(description="An ID, `latest`, or a date: the newest one up to that day.")
    ] = None

    @property
    def requested_day(self) -> date | None:
        """The day that is asked about, where there is one."""
        return None


class DatedQuery(SnapshotQuery, frozen=True, kw_only=True):
    """Which snapshot, or which day."""

    as_of: Annotated[
        date | None, Meta(description="Answer for the end of that day, UTC: YYYY-MM-DD.")
    ] = None

    @property
    def requested_day(self) -> date | None:
        return self.as_of


class DefinitionQuery(DatedQuery, frozen=True, kw_only=True):
    """What is counted; named as the flags of `lineage count`."""

    direct: Annotated[bool, Meta(description="Count only models one link below.")] = False
    relations: Annotated[
        Annotated[list[Relation], Meta(min_length=1)] | None,
        Meta(description="Follow links of these relations only, divided by commas."),
    ] = None
    min_strength: Annotated[
        Strength, Meta(description="Follow links of at least this strength.")
    ] = Strength.DECLARED
    mirrors: Annotated[bool, Meta(description="Let mirrors join the roots.")] = False
    curated: Annotated[bool, Meta(description="Add the curated links of the family registry.")] = (
        False
    )
    deleted: Annotated[bool, Meta(description="Count deleted models too.")] = False
    min_downloads: Annotated[
        Annotated[int, Meta(ge=0, le=10**12)],
        Meta(description="Count only models with so many downloads in 30 days."),
    ] = 0

    def requested_definition(self) -> Definition:
        """Return the rule that is asked for."""
        chosen = set(self.relations or RELATIONS)
        return Definition(
            relations=tuple(it for it in RELATIONS if it in chosen),
            closure=Closure.DIRECT if self.direct else Closure.ALL,
            min_strength=self.min_strength,
            mirrors=self.mirrors,
            curated=self.curated,
            deleted=self.deleted,
            as_of=self.as_of,
            min_downloads=self.min_downloads,
        )


class CountsQuery(DefinitionQuery, frozen=True, kw_only=True):
    """A count, perhaps divided."""

    by: Annotated[Grouping | None, Meta(description="Divide the total by this.")] = None


class PageQuery(DefinitionQuery, frozen=True, kw_only=True):
    """A list, page by page."""

    limit: Annotated[
        Annotated[int, Meta(ge=1, le=MOST_ITEMS)], Meta(description="Items on a page.")
    ] = MOST_ITEMS
    cursor: Annotated[
        Word | None, Meta(description="Where the page begins: `next` of the one before.")
    ] = None


class FamilyQuery(DatedQuery, frozen=True, kw_only=True):
    """A question about a model and a family."""

    family: Annotated[Word, Meta(description="The family it may descend from.")] = "llama"


class BomQuery(SnapshotQuery, frozen=True, kw_only=True):
    """A bill of materials."""

    min_strength: Annotated[
        Strength, Meta(description="Ancestors by links of at least this strength.")
    ] = Strength.DECLARED


class SearchQuery(SnapshotQuery, frozen=True, kw_only=True):
    """A search by letters of a name."""

    q: Annotated[
        Annotated[str, Meta(min_length=1, max_length=200)],
        Meta(description="Letters of the name of a model, an author or a family."),
    ]
    limit: Annotated[Annotated[int, Meta(ge=1, le=100)], Meta(description="Names at most.")] = 20


class TrendQuery(SnapshotQuery, frozen=True, kw_only=True):
    """A curve over all snapshots."""

    by: Annotated[
        Grouping | None, Meta(description="Divide the totals by `release` or `month`.")
    ] = None


class TreeQuery(DefinitionQuery, frozen=True, kw_only=True):
    """A tree."""

    depth: Annotated[
        Annotated[int, Meta(ge=1, le=99)], Meta(description="Generations to draw.")
    ] = 3
    min_size: Annotated[
        Annotated[int, Meta(ge=0, le=10**12)] | None,
        Meta(description="Draw models with so many below them; by default a 40th of all."),
    ] = None


class BatchBody(CountsQuery, frozen=True, kw_only=True):
    """Many subjects by one request."""

    subjects: Annotated[Names, Meta(description="Models, families or releases.")]
    want: Annotated[
        list[Literal["counts", "lineage"]],
        Meta(min_length=1, max_length=2, description="`counts`, `lineage` or both."),
    ] = msgspec.field(default_factory=lambda: ["counts"])
    family: Annotated[Word, Meta(description="The family that `lineage` is about.")] = "llama"


class CheckBody(SnapshotQuery, frozen=True, kw_only=True):
    """Models and the rules they are held against, as in docs/check.md."""

    models: Annotated[
        Annotated[list[Word], Meta(min_length=1, max_length=MOST_SUBJECTS)],
        Meta(description="Models, `owner/name` or `owner/name@sha`."),
    ]
    deny: Annotated[Names, Meta(description="Neither a model nor an ancestor may match.")] = (
        msgspec.field(default_factory=list)
    )
    allow: Annotated[Names, Meta(description="Each root must match one of them.")] = msgspec.field(
        default_factory=list
    )
    deny_license: Annotated[
        Names, Meta(description="Terms, clauses or license tags that may not apply.")
    ] = msgspec.field(default_factory=list)
    pinned: Annotated[
        bool, Meta(description="Each model must be given with the snapshot's revision.")
    ] = False
    strict: Annotated[bool, Meta(description="A pattern that matches nothing is an error.")] = False
    unknown: Annotated[
        UnknownPolicy, Meta(description="What a model of unknown origin does to the outcome.")
    ] = UnknownPolicy.FAIL


def read_request_query(kind: type[Query], pairs: Sequence[tuple[str, str]]) -> Query:
    """Return the parameters of a request.

    Raises:
        SettingsError: one is unknown, given twice or no value; the hint says what is allowed.
    """
    values: dict[str, Any] = {}
    for name, text in pairs:
        if name in values and name != "relations":
            raise SettingsError(f"the parameter {name!r} is given twice", "give it once")
        if name == "relations":
            words = [word.strip().lower() for word in text.split(",") if word.strip()]
            values[name] = values.get(name, []) + words
        else:
            values[name] = text
    # A form sends its empty fields: they ask for nothing.
    given = {name: value for name, value in values.items() if value not in ("", [])}
    for name, value in given.items():
        if name in kind.__struct_fields__ and value in ("true", "false"):
            given[name] = value == "true"
    return convert_request_parameters(kind, given, strict=False)


def convert_request_parameters(
    kind: type[Query], values: Mapping[str, Any], *, strict: bool
) -> Query:
    """Return checked parameters; SettingsError names the one that is wrong, and what is allowed."""
    known = kind.__struct_fields__
    if unknown := [name for name in values if name not in known]:
        raise SettingsError(
            f"unknown parameter {unknown[0]!r}", f"there are: {', '.join(sorted(known))}"
        )
    try:
        return msgspec.convert(values, kind, strict=strict)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        name = place.strip("`.").partition("[")[0].partition(".")[0]
        where = f"{place.strip('`.')}: " if place else ""
        raise SettingsError(f"{where}{message}", describe_parameter(kind, name)) from error


def describe_parameter(kind: type[msgspec.Struct], name: str) -> str:
    """Return what a parameter may be, in words; nothing for one that is none."""
    schema = parameter_schemas(kind).get(name)
    if schema is None:
        return ""
    parts = [schema, *schema.get("anyOf", ()), schema.get("items", {})]
    parts += [it.get("items", {}) for it in schema.get("anyOf", ())]
    if words := [str(word) for part in parts for word in part.get("enum", ())]:
        return f"{name} is one of {', '.join(words)}"
    return f"{name}: {schema.get('description', '')}"


def parameter_schemas(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the JSON schema of each parameter, by name; nothing in it refers to elsewhere."""
    _, components = msgspec.json.schema_components([kind])
    whole: dict[str, Any] = _inline_schema_references(components[kind.__name__], components)
    properties: dict[str, Any] = whole["properties"]
    return properties


def _inline_schema_references(schema: Any, components: Mapping[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inline_schema_references(it, components) for it in schema]
    if not isinstance(schema, dict):
        return schema
    if reference := schema.get("$ref"):
        target = components[reference.rpartition("/")[2]]
        schema = {**target, **{name: it for name, it in schema.items() if name != "$ref"}}
        schema.pop("title", None)
    return {name: _inline_schema_references(it, components) for name, it in schema.items()}
