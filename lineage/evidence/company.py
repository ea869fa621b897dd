"""Claims inferred from the company that a model keeps: its license tag, its partners, its children.

None of these names a release: they say a family and no more.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.domain.arrays import Mask
from lineage.domain.claims import Claim
from lineage.domain.families import Family
from lineage.evidence.infer import InferenceInput, InferredClaim, find_parents
from lineage.evidence.names import list_ids_never_inferred
from lineage.evidence.release_names import FamilyReading, ReleaseNameRule
from lineage.graph.reach import AdjacencyRows, mark_nodes, reach_row_labels


def infer_from_license_tags(
    families: Sequence[Family], nodes: InferenceInput, candidates: Mask
) -> Iterator[InferredClaim]:
    """Infer the family whose license tag and architecture a model has, both."""
    for family in families:
        tags = sorted({release.license for release in family.releases if release.license})
        # `mit` is many families' tag: only what begins with the family's own name says anything.
        tags = [tag for tag in tags if tag.startswith(family.id)]
        if not tags or not family.names.model_types:
            continue
        types = pa.array(family.names.model_types, pa.string())
        has_tag = pc.is_in(nodes.license, value_set=pa.array(tags, pa.string()))
        both = pc.and_(has_tag, pc.is_in(nodes.model_type, value_set=types))
        rows = np.flatnonzero(np.asarray(both)[: len(candidates)] & candidates)
        quotes = {row: f"license: {nodes.license[row]}" for row in rows.tolist()}
        yield from _claim_families(families, family, nodes, "license_tag", quotes)


def infer_from_merge_partners(
    families: Sequence[Family], nodes: InferenceInput, candidates: Mask
) -> Iterator[InferredClaim]:
    """Infer the family of all other models that a model is merged with, if it is one."""
    child, parent = nodes.child, nodes.parent
    merges = (np.bincount(child, minlength=len(nodes.ids)) > 1)[child]
    is_candidate = _mark_inferable(families, nodes, candidates)
    rows = np.flatnonzero(merges & is_candidate[parent] & (child != parent))
    if not len(rows):
        return
    of_merge = np.flatnonzero(mark_nodes(len(nodes.ids), child[rows])[child])
    parents: dict[int, set[int]] = defaultdict(set)
    for below, above in zip(child[of_merge].tolist(), parent[of_merge].tolist(), strict=True):
        parents[below].add(above)
    partners: dict[int, set[int]] = defaultdict(set)
    for below, above in zip(child[rows].tolist(), parent[rows].tolist(), strict=True):
        partners[above] |= parents[below] - {above}
    families_of = _declared_families_of_nodes(families, nodes)
    by_family: dict[int, dict[int, str]] = defaultdict(dict)
    for row, beside in partners.items():
        places = {it: families_of(it) for it in beside}
        labels = {each for each in places.values() if each}
        if len(labels) != 1 or len(only := labels.pop()) != 1:
            continue
        # What comes from the model itself may lead nowhere: it says nothing that it does not.
        unknown = [it for it, each in places.items() if not each]
        if all(row in find_parents(it, child, parent) for it in unknown):
            first = min(it for it, each in places.items() if each)
            by_family[only[0]][row] = f"merged with {nodes.ids[first]}"
    for at, quotes in sorted(by_family.items()):
        yield from _claim_families(families, families[at], nodes, "merge_partners", quotes)


def infer_from_child_names(
    families: Sequence[Family], nodes: InferenceInput, candidates: Mask
) -> Iterator[InferredClaim]:
    """Infer the one family that at least half of a model's children bear in their names."""
    is_candidate = _mark_inferable(families, nodes, candidates)
    rows = np.flatnonzero(is_candidate[nodes.parent] & (nodes.child != nodes.parent))
    children = np.bincount(nodes.parent[rows], minlength=len(nodes.ids))
    ids = nodes.ids.take(pa.array(nodes.child[rows]))
    reading = ReleaseNameRule(families)
    family_of = {subject: it.id for it in families for subject in it.claimable()}
    names: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    hits = pc.indices_nonzero(pc.match_substring_regex(ids, reading.id_pattern)).to_numpy()
    parents = nodes.parent[rows[hits]]
    # Most are named by too few for any reading of the names to make a half of them.
    is_half = 2 * np.bincount(parents, minlength=len(nodes.ids)) >= children
    hits, parents = hits[is_half[parents]], parents[is_half[parents]]
    children_hit = pa.array(nodes.child[rows[hits]])
    for at, id, readings in reading.list_mentions(
        ids.take(pa.array(hits)), nodes.model_type.take(children_hit)
    ):
        release = reading.find_release(id, readings)
        if release is not None and release.fits_model(id):
            names[family_of[release.subject]][int(parents[at])].append(id)
    halves = {
        family.id: [row for row, each in names[family.id].items() if 2 * len(each) >= children[row]]
        for family in families
    }
    # Half for one family and half for another is no majority for either.
    claimants = Counter(row for reached in halves.values() for row in reached)
    for family in families:
        fits = {None, *family.names.model_types}
        quotes = {
            row: f"its child {names[family.id][row][0]}"
            for row in halves[family.id]
            if claimants[row] == 1 and nodes.model_type[row].as_py() in fits
        }
        yield from _claim_families(families, family, nodes, "child_names", quotes)


def _claim_families(
    families: Sequence[Family],
    family: Family,
    nodes: InferenceInput,
    rule: str,
    quotes: dict[int, str],
) -> Iterator[InferredClaim]:
    """Yield a claim for each row; none for what is decided by hand or bears another's name."""
    if not quotes:
        return
    curated, reading = list_ids_never_inferred(families), FamilyReading(family)
    subject = f"family:{family.id}"
    for row, quote in sorted(quotes.items()):
        id = str(nodes.ids[row])
        if id.lower() not in curated and not reading.is_look_alike_name(id):
            yield InferredClaim(row, nodes.claimable[subject], Claim(rule, subject, quote), rule)


def _mark_inferable(families: Sequence[Family], nodes: InferenceInput, candidates: Mask) -> Mask:
    """Return the candidates that are parents and not decided by hand, as a mask of all nodes."""
    # What is decided by hand has most of the children: to read their names would be in vain.
    is_parent = mark_nodes(len(nodes.ids), nodes.parent)[: len(candidates)]
    rows = np.flatnonzero(candidates & is_parent)
    curated = pa.array(sorted(list_ids_never_inferred(families)), pa.string())
    is_curated = pc.is_in(pc.utf8_lower(nodes.ids.take(pa.array(rows))), value_set=curated)
    return mark_nodes(len(nodes.ids), rows[~np.asarray(is_curated)])


def _declared_families_of_nodes(
    families: Sequence[Family], nodes: InferenceInput
) -> Callable[[int], tuple[int, ...]]:
    """Return what gives the places of the families that a node leads to, by declared links."""
    roots = pa.array(sorted({root for it in families for root in it.root_repo_ids()}), pa.string())
    hits = pc.indices_nonzero(pc.is_in(nodes.ids, value_set=roots))
    # Read backwards, so that of two nodes with one name the listed one stays.
    names, rows = nodes.ids.take(hits).to_pylist(), hits.to_pylist()
    place = dict(zip(reversed(names), reversed(rows), strict=True))
    seeds = [
        np.array([place[root] for root in family.root_repo_ids() if root in place], np.int64)
        for family in families
    ]
    size = len(nodes.ids)
    words = reach_row_labels(AdjacencyRows.build(nodes.parent, nodes.child, size), size, seeds)

    def families_of(node: int) -> tuple[int, ...]:
        bits = sum(int(word[node]) << (64 * at) for at, word in enumerate(words))
        return tuple(at for at in range(len(families)) if bits >> at & 1)

    return families_of
