"""Which model descends from which on the Hugging Face Hub, counted with definition and evidence.

Everything heavy is imported when it is used: `import lineage` costs next to nothing.
"""

from collections.abc import Iterable
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from lineage.domain.claims import Relation, Strength
from lineage.domain.definitions import Closure, Definition, Grouping, read_definition_word
from lineage.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from pathlib import Path

    import pyarrow as pa

    from lineage.analysis.check import CheckOutcome
    from lineage.analysis.diffs import Diff
    from lineage.analysis.results import Comparison, Count
    from lineage.analysis.scope import Scope
    from lineage.analysis.verdicts import Trace
    from lineage.domain.anomalies import Anomalies, AnomalyKind, Bounds
    from lineage.graph.lineage_graph import FamilyGraph
    from lineage.settings import Settings
    from lineage.store.reader import Snapshot
    from lineage.store.store import ParquetStore

__all__ = [
    "Closure",
    "Definition",
    "Grouping",
    "Relation",
    "Strength",
    "__version__",
    "check_models",
    "count_derivatives",
    "count_many",
    "diff_snapshots",
    "explain_count",
    "find_anomalies",
    "load_family",
    "open_store",
    "take_snapshot",
    "trace_model",
    "trace_models",
]


def take_snapshot(
    settings: "Settings | None" = None,
    *,
    below: str | None = None,
    update: bool = False,
    cards: bool = False,
) -> "Snapshot":
    """Crawl the Hub and publish a snapshot; return it.

    Settings come from environment and files where none are given. `below` takes one base and its
    descendants only, `update` only what changed since the last snapshot; `cards` reads the texts
    of cards where they can help. Raises SourceError (run again: it goes on) or StoreError (look
    at it).
    """
    from lineage.crawl.plan import CrawlMode
    from lineage.crawl.runs import crawl
    from lineage.domain.opt_outs import OptOuts
    from lineage.settings import Settings, load_settings
    from lineage.store.store import ParquetStore

    for value, kind, name in ((settings, Settings, "settings"), (below, str, "below")):
        if value is not None:
            _check_argument(value, kind, name)
    chosen = settings or load_settings({})
    mode = CrawlMode.UPDATE if update else CrawlMode.FULL
    report = crawl(chosen, base=below, mode=mode, cards=cards)
    store = ParquetStore(chosen.store, OptOuts.parse(chosen.opt_outs), chosen.cache)
    return store.snapshot(report.manifest.id)


def open_store(location: "str | Path" = "snapshots") -> "ParquetStore":
    """Return the history in a folder or at a URL; `.snapshot()` is its latest, iterating gives all.

    Models that the settings leave out (`opt_outs`) are in no snapshot that it gives.
    """
    from lineage.domain.opt_outs import OptOuts
    from lineage.settings import load_settings
    from lineage.store.store import ParquetStore

    _check_argument(location, str | PathLike, "location")
    settings = load_settings({}, with_token=False)
    return ParquetStore(fspath(location), OptOuts.parse(settings.opt_outs), settings.cache)


def count_derivatives(
    subject: str,
    *,
    snapshot: "Snapshot | None" = None,
    definition: Definition | None = None,
    by: Grouping | str | None = None,
) -> "Count":
    """Count what descends from a model, a release or a family; the answer carries its definition.

    `subject` is spelled as for the command: `meta-llama/Llama-3.1-8B`, any address of it, `llama`,
    `release:llama-3.1`. Raises UnknownModel, with the best candidates in its hint, for a name that
    nothing has.
    """
    from lineage.analysis.counts import count_subject
    from lineage.analysis.subjects import find_subject

    scope = _scope(snapshot, definition, subject)
    grouping = None if by is None else read_definition_word(Grouping, by, "by")
    return count_subject(scope, find_subject(scope, subject), grouping)


def count_many(
    subjects: "Iterable[str]",
    *,
    snapshot: "Snapshot | None" = None,
    definition: Definition | None = None,
    by: Grouping | str | None = None,
) -> "pa.Table":
    """Count many subjects by one look at the snapshot: a table with the rows of `count`'s CSV.

    One row a subject, or one a subject and group; a column for each relation. Raises UnknownModel
    for the first name that nothing has, ValueError where `subjects` is one text or empty.
    """
    from lineage.analysis.counts import count_subject, derivative_counts_as_table
    from lineage.analysis.subjects import find_subject

    names = [] if isinstance(subjects, str) else list(subjects)
    if not names or not all(isinstance(name, str) for name in names):
        raise ValueError(f"subjects is a list of texts; got {subjects!r}")
    scope = _scope(snapshot, definition, names[0])
    grouping = None if by is None else read_definition_word(Grouping, by, "by")
    return derivative_counts_as_table(
        count_subject(scope, find_subject(scope, name), grouping) for name in names
    )


def explain_count(
    subject: str, *, snapshot: "Snapshot | None" = None, as_of: "date | None" = None
) -> "Comparison":
    """Count a model, a release or a family by one definition after the other.

    Each row has its number, its distinct authors and its definition, a family's also the number of
    each release; one is marked as the default. With a day, each as it stood at its end, by the
    snapshot of that day where none is given. Raises UnknownModel as `count_derivatives` does.
    """
    from lineage.analysis.comparison import compare_definitions
    from lineage.analysis.subjects import find_subject

    scope = _scope(snapshot, Definition(as_of=as_of), subject)
    return compare_definitions(scope, find_subject(scope, subject))


def trace_model(name: str, *, family: str = "llama", snapshot: "Snapshot | None" = None) -> "Trace":
    """Say whether a model descends from a family, by which paths, and on whose evidence.

    `descends` is True on declared edges alone, False on a statement, else None: not known. Raises
    UnknownModel where neither snapshot nor registry knows the name.
    """
    from lineage.analysis.traces import trace_model
    from lineage.families.registry import family as find_family

    scope = _scope(snapshot, subject=name)
    _check_argument(family, str, "family")
    return trace_model(scope, name, find_family(family.removeprefix("family:"), scope.families))


def trace_models(
    names: "Sequence[str]", *, family: str = "llama", snapshot: "Snapshot | None" = None
) -> "list[Trace]":
    """Trace many models by one look at the snapshot; see `trace_model`.

    Raises UnknownModel for the first name that neither snapshot nor registry knows.
    """
    from lineage.analysis.traces import trace_models
    from lineage.errors import UnknownModel
    from lineage.families.registry import family as find_family

    # A name alone would be taken for a list of letters.
    _check_argument(names, Iterable, "names")
    names = [names] if isinstance(names, str) else list(names)
    for name in (*names, family):
        _check_argument(name, str, "a name")
    scope = _scope(snapshot, subject=next(iter(names), ""))
    asked_family = find_family(family.removeprefix("family:"), scope.families)
    traces: list[Trace] = []
    for answer in trace_models(scope, names, asked_family):
        if isinstance(answer, UnknownModel):
            raise answer
        traces.append(answer)
    return traces


def diff_snapshots(before: "Snapshot", after: "Snapshot") -> "Diff":
    """Say what changed between two snapshots: models by key, edges, families, bases."""
    from lineage.analysis import diffs
    from lineage.families.registry import all_families
    from lineage.store.reader import Snapshot

    for snapshot in (before, after):
        _check_argument(snapshot, Snapshot, "a snapshot")
    return diffs.diff_snapshots(before, after, all_families())


def check_models(
    models: "Sequence[str]",
    *,
    deny: "Sequence[str]" = (),
    allow: "Sequence[str]" = (),
    deny_license: "Sequence[str]" = (),
    pinned: bool = False,
    unknown: str = "fail",
    snapshot: "Snapshot | None" = None,
) -> "CheckOutcome":
    """Hold models against rules on their ancestors, roots and licenses; see docs/check.md.

    With `pinned` a model is named with its revision, `owner/name@sha`. ValueError for a pattern or
    a policy that is none; SettingsError without any rule, and for a license that nothing knows.
    """
    from lineage.analysis.check import check_models
    from lineage.domain.check_rules import ListedModel, read_check_rules

    rule_lists = {"deny": deny, "allow": allow, "deny_license": deny_license, "models": models}
    for name, value in rule_lists.items():
        is_list = isinstance(value, (list, tuple, set, frozenset))
        if not is_list or not all(isinstance(it, str) for it in value):
            raise ValueError(f"{name} is a list of texts; got {value!r}")
    table = {"deny": list(deny), "allow": list(allow), "deny_license": list(deny_license)}
    rules = read_check_rules(table | {"pinned": pinned, "unknown": unknown})
    listed = [ListedModel.spelled(model) for model in models]
    return check_models(_scope(snapshot), listed, rules)


def load_family(
    subject: str, *, snapshot: "Snapshot | None" = None, definition: Definition | None = None
) -> "FamilyGraph":
    """Return a family (`llama`), a release (`llama-3.1`) or a model with its descendants.

    A `networkx.DiGraph` with an edge from each parent to each child; edges carry relation,
    strength and the child's creation date, nodes what the snapshot knows of the model and its
    release; all of it plain values that every writer of networkx takes. Besides the
    roots it holds the models that `count_derivatives` counts.
    """
    from lineage.domain.progress import garbage_collector_paused

    # Imports, the registry and the graph are objects that all stay.
    with garbage_collector_paused():
        from lineage.analysis.family_graph import family_graph
        from lineage.analysis.subjects import find_subject

        scope = _scope(snapshot, definition, subject)
        return family_graph(scope, find_subject(scope, subject))


def find_anomalies(
    family: str | None = None,
    *,
    snapshot: "Snapshot | None" = None,
    kind: "AnomalyKind | str | None" = None,
    examples: int | None = 3,
    bounds: "Bounds | None" = None,
) -> "Anomalies":
    """Find what is odd in a snapshot, or among the roots and members of a family (`llama`).

    Every kind is counted, with up to `examples` of each in words; None gives all. ValueError for a
    kind that there is none of.
    """
    from lineage.analysis.anomalies.rules import find_anomalies
    from lineage.domain.anomalies import AnomalyKind, Bounds
    from lineage.families.registry import family as family_called

    scope = _scope(snapshot)
    if family is not None:
        _check_argument(family, str, "family")
    if bounds is not None:
        _check_argument(bounds, Bounds, "bounds")
    if examples is not None and (not isinstance(examples, int) or not 0 <= examples <= 10**12):
        raise ValueError(f"examples is a whole number from 0, or None; got {examples!r}")
    return find_anomalies(
        scope,
        family=None if family is None else family_called(family, scope.families),
        kind=None if kind is None else read_definition_word(AnomalyKind, kind, "kind"),
        examples=examples,
        bounds=bounds,
    )


def _scope(
    snapshot: "Snapshot | None", definition: Definition | None = None, subject: str = ""
) -> "Scope":
    """Return what a question stands on: by default the latest snapshot, or that of a day.

    In a store of single families alone it is the latest that holds the subject.
    """
    from lineage.analysis.scope import Scope
    from lineage.analysis.subjects import lists_subject
    from lineage.families.registry import lazy_families
    from lineage.settings import load_settings
    from lineage.store.reader import Snapshot

    definition = Definition() if definition is None else definition
    _check_argument(definition, Definition, "definition")
    _check_argument(subject, str, "a subject")
    families = lazy_families(load_settings({}, with_token=False).families)

    def holds(candidate: "Snapshot") -> bool:
        return bool(subject) and lists_subject(Scope(candidate, families), subject)

    if snapshot is None:
        store, day = open_store(), definition.as_of
        snapshot = store.snapshot(None, holds) if day is None else store.snapshot_at(day, holds)
    _check_argument(snapshot, Snapshot, "snapshot")
    return Scope(snapshot.with_columns_held(), families, definition)


def _check_argument(value: object, kind: Any, name: str) -> None:
    """Raise ValueError where an argument is of another kind; an unset variable is said as such."""
    if not isinstance(value, kind):
        allowed = getattr(kind, "__name__", str(kind))
        raise ValueError(f"{name} is a value of {allowed}; got {value!r}")  # noqa: TRY004
