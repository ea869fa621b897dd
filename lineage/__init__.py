"""Which model descends from which on the Hugging Face Hub, counted with definition and evidence.

Everything heavy is imported when it is used: `import lineage` costs next to nothing.
"""

from typing import TYPE_CHECKING

from lineage.domain.claims import Relation, Strength
from lineage.domain.definitions import Closure, Definition, Grouping
from lineage.version import __version__

if TYPE_CHECKING:
    from datetime import date

    from lineage.analysis.diff.diffs import Diff
    from lineage.analysis.results import Comparison, Count
    from lineage.analysis.verdicts import Trace
    from lineage.domain.anomalies import Anomalies, AnomalyKind, Bounds
    from lineage.domain.families import Family
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
    "count_derivatives",
    "diff_snapshots",
    "explain_count",
    "find_anomalies",
    "load_family",
    "open_store",
    "take_snapshot",
    "trace_model",
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
    from lineage.settings import load_settings
    from lineage.store.store import ParquetStore

    chosen = settings or load_settings({})
    mode = CrawlMode.UPDATE if update else CrawlMode.FULL
    report = crawl(chosen, base=below, mode=mode, cards=cards)
    store = ParquetStore(chosen.store, OptOuts.parse(chosen.opt_outs))
    return store.snapshot(report.manifest.id)


def open_store(location: str = "snapshots") -> "ParquetStore":
    """Return the history in a folder or at a URL; `.snapshot()` is its latest.

    Models that the settings leave out (`opt_outs`) are in no snapshot that it gives.
    """
    from lineage.domain.opt_outs import OptOuts
    from lineage.settings import load_settings
    from lineage.store.store import ParquetStore

    settings = load_settings({}, with_token=False)
    return ParquetStore(location, OptOuts.parse(settings.opt_outs))


def count_derivatives(
    name: str,
    *,
    snapshot: "Snapshot | None" = None,
    definition: Definition | None = None,
    by: Grouping | None = None,
) -> "Count":
    """Count what descends from a model, or from `family:llama`; the answer carries its definition.

    Raises UnknownModel, with close spellings in its hint, for a name the snapshot does not know.
    """
    from lineage.analysis.counts import count_base, count_family
    from lineage.families.registry import family

    families = _families()
    where, how = _asked(snapshot), definition or Definition()
    kind, _, id = name.partition(":")
    if kind == "family" and id:
        return count_family(where, family(id, families), how, families, by)
    return count_base(where, name, how, families, by)


def explain_count(
    name: str, *, snapshot: "Snapshot | None" = None, as_of: "date | None" = None
) -> "Comparison":
    """Count a model, or `family:llama`, by one definition after the other.

    Each rung has its number, its distinct authors and its definition; a family's also the number
    of each release. With a day, each as it stood at its end; the witness is the snapshot of that
    day where none is given. Raises UnknownModel as `count_derivatives` does.
    """
    from lineage.analysis.comparison import compare_base, compare_family
    from lineage.families.registry import family

    families, where = _families(), _asked(snapshot, as_of)
    kind, _, id = name.partition(":")
    if kind == "family" and id:
        return compare_family(where, family(id, families), families, as_of=as_of)
    return compare_base(where, name, families, as_of=as_of)


def trace_model(name: str, *, family: str = "llama", snapshot: "Snapshot | None" = None) -> "Trace":
    """Say whether a model descends from a family, by which ways, and on whose word.

    `descends` is True on stated edges alone, False on a statement, else None: not known. Raises
    UnknownModel where neither snapshot nor registry knows the name.
    """
    from lineage.analysis.traces import trace
    from lineage.families.registry import family as family_called

    families = _families()
    where = _asked(snapshot)
    return trace(where, name, family_called(family, families), families)


def diff_snapshots(before: "Snapshot", after: "Snapshot") -> "Diff":
    """Say what changed between two snapshots: models by key, edges, families, bases."""
    from lineage.analysis.diff import diffs
    from lineage.families.registry import all_families

    return diffs.diff_snapshots(_asked(before), _asked(after), all_families())


def load_family(
    name: str, *, snapshot: "Snapshot | None" = None, definition: Definition | None = None
) -> "FamilyGraph":
    """Return a family (`llama`), a release (`llama-3.1`) or a base with its descendants.

    A `networkx.DiGraph` with an edge from each parent to each child; edges carry relation,
    strength and the child's creation date, nodes what the snapshot knows of the model. A release
    holds merges with other releases too, which `by=Grouping.RELEASE` counts as mixed.
    """
    from lineage.analysis.family_graph import family_graph

    where = _asked(snapshot)
    return family_graph(where, name, _families(), definition or Definition())


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
    from lineage.analysis.anomalies import find_anomalies
    from lineage.domain.anomalies import AnomalyKind
    from lineage.families.registry import family as family_called

    families = _families()
    return find_anomalies(
        _asked(snapshot),
        family=None if family is None else family_called(family, families),
        families=families,
        kind=None if kind is None else AnomalyKind(kind),
        examples=examples,
        bounds=bounds,
    )


def _asked(snapshot: "Snapshot | None", day: "date | None" = None) -> "Snapshot":
    """Return the snapshot, by default the latest or that of a day."""
    if snapshot is not None:
        return snapshot
    return open_store().snapshot() if day is None else open_store().snapshot_at(day)


def _families() -> "tuple[Family, ...]":
    """Return the bundled families and those that the settings name."""
    from lineage.families.registry import load_families
    from lineage.settings import load_settings

    return load_families(load_settings({}, with_token=False).families)
