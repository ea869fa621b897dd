"""Which model descends from which on the Hugging Face Hub, counted with definition and evidence.

Everything heavy is imported when it is used: `import lineage` costs next to nothing.
"""

from typing import TYPE_CHECKING

from lineage.domain.definitions import Closure, Definition, Grouping
from lineage.domain.evidence import Relation, Strength
from lineage.version import __version__

if TYPE_CHECKING:
    from lineage.analysis.results import Count
    from lineage.domain.anomalies import Anomalies, AnomalyKind, Bounds
    from lineage.graph.lineage_graph import FamilyGraph
    from lineage.settings import Settings
    from lineage.store.snapshot import Snapshot
    from lineage.store.store import ParquetStore

__all__ = [
    "Closure",
    "Definition",
    "Grouping",
    "Relation",
    "Strength",
    "__version__",
    "count_derivatives",
    "find_anomalies",
    "load_family",
    "open_store",
    "take_snapshot",
]


def take_snapshot(
    settings: "Settings | None" = None, *, below: str | None = None, cards: bool = False
) -> "Snapshot":
    """Crawl the Hub and publish a snapshot; return it.

    Settings come from environment and files where none are given. `below` takes one base and its
    descendants only; `cards` reads the texts of cards where they can help. Raises SourceError
    (run again: it goes on) or StoreError (look at it).
    """
    from lineage.settings import load_settings
    from lineage.store.store import ParquetStore
    from lineage.wiring import crawl

    chosen = settings or load_settings({})
    report = crawl(chosen, base=below, cards=cards)
    return ParquetStore(chosen.store).snapshot(report.manifest.id)


def open_store(location: str = "snapshots") -> "ParquetStore":
    """Return the history in a folder or at a URL; `.snapshot()` is its latest."""
    from lineage.store.store import ParquetStore

    return ParquetStore(location)


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
    from lineage.families.registry import all_families, family

    families = all_families()
    where, how = snapshot or open_store().snapshot(), definition or Definition()
    kind, _, id = name.partition(":")
    if kind == "family" and id:
        return count_family(where, family(id), how, families, by)
    return count_base(where, name, how, families, by)


def load_family(
    name: str, *, snapshot: "Snapshot | None" = None, definition: Definition | None = None
) -> "FamilyGraph":
    """Return a family (`llama`), a release (`llama-3.1`) or a base with its descendants.

    A `networkx.DiGraph` with an edge from each parent to each child; edges carry relation,
    strength and the child's creation date, nodes what the snapshot knows of the model.
    """
    from lineage.analysis.family_graph import family_graph
    from lineage.families.registry import all_families

    families = all_families()
    where = snapshot or open_store().snapshot()
    return family_graph(where, name, families, definition or Definition())


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
    from lineage.families.registry import all_families
    from lineage.families.registry import family as family_called

    return find_anomalies(
        snapshot or open_store().snapshot(),
        family=None if family is None else family_called(family),
        families=all_families(),
        kind=None if kind is None else AnomalyKind(kind),
        examples=examples,
        bounds=bounds,
    )
