"""Documents and rows whose names the contract fixes apart from the frozen result's own fields."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lineage.analysis.results import ComparedCount, Comparison, ComparisonStep, Count
from lineage.domain.definitions import Grouping
from lineage.domain.documents import (
    Document,
    convert_to_document,
    document_as_flat_row,
    flat_document_rows,
)
from lineage.domain.families import Family
from lineage.store.manifest import Manifest

if TYPE_CHECKING:
    from lineage.analysis.check import CheckOutcome  # a count must not pay for loading them
    from lineage.analysis.diffs import Diff
    from lineage.analysis.evaluate.evaluation import Evaluation
    from lineage.analysis.growth.results import Curve
    from lineage.analysis.tree.prune import Tree
    from lineage.analysis.verdicts import Trace

_EXPLANATIONS = {
    ComparisonStep.DIRECT: "distinct models one declared link below, merges excluded",
    ComparisonStep.ALL_GENERATIONS: "and everything made from those, each model once",
    ComparisonStep.MERGES: "models made from several parents, and what lies below them",
    ComparisonStep.MIRRORS: "mirrors (same weights) join the roots; they do not count themselves",
    ComparisonStep.CURATED: "links that no metadata declares and a quoted source documents",
    ComparisonStep.INFERRED: "links inferred from names, configurations, cards; never by default",
    ComparisonStep.AUTHORS: "distinct authors of the models of the step before",
}


def count_document(count: Count) -> Document:
    """Return a count; its groups, where it is divided, are named by what divides them."""
    document: Document = convert_to_document(count)
    groups, by = document.pop("groups"), document.pop("grouping")
    if by is not None:
        document["groups"] = [{by: group.pop("value"), **group} for group in groups]
        if count.grouping is not Grouping.MONTH:  # nothing but a period can be incomplete
            for group in document["groups"]:
                del group["complete"]
    return document


def count_rows(count: Count) -> Iterator[Document]:
    """Yield a row for each group; of an undivided count one row."""
    document = count_document(count)
    if count.grouping is None:
        yield document_as_flat_row(document)
        return
    # A group's row repeats what bounds the whole, under names that its own numbers do not have.
    whole = ("total", "at_most", "undated")
    head = {
        f"subject_{name}" if name in whole else name: value
        for name, value in document.items()
        if name not in ("direct", "by_relation", "definition")
    }
    for row in flat_document_rows(head, "groups"):
        yield row | document_as_flat_row({"definition": document["definition"]})


def comparison_document(comparison: Comparison) -> Document:
    """Return definitions compared, each with its reason in words."""
    document: Document = convert_to_document(comparison)
    for row, plain in zip(comparison.steps, document["steps"], strict=True):
        plain["unit"] = "authors" if row.step is ComparisonStep.AUTHORS else "models"
        plain["explanation"] = explain_comparison_step(row, comparison)
    return document


def comparison_rows(comparison: Comparison) -> Iterator[Document]:
    """Yield a row for each definition; of a family another one for each release."""
    document = comparison_document(comparison)
    for row in document.pop("steps"):
        row.pop("by_rule")
        by_release = row.pop("by_release")
        yield document_as_flat_row(document | {"release": None} | row)
        for name, number in by_release.items():
            part = {"step": row["step"], "release": name, "number": number}
            yield document_as_flat_row(document | part | {"definition": row["definition"]})


def explain_comparison_step(row: ComparedCount, comparison: Comparison) -> str:
    """Return in words how a definition differs from the one before it."""
    match row.step:
        case ComparisonStep.DELETED:
            day = row.definition.as_of
            since = "are known to be deleted" if day is None else f"were found missing by {day}"
            return f"{comparison.known_deleted:,} models {since}; the defaults leave them out"
        case ComparisonStep.DOWNLOADS:
            least = row.definition.min_downloads
            return (
                f"only models with at least {least:,} downloads in 30 days; paths through the "
                "others still count; models without a known count are excluded"
            )
        case ComparisonStep.INFERRED if row.by_rule:
            parts = ", ".join(f"{rule} {added:+,}" for rule, added in row.by_rule.items())
            return f"{_EXPLANATIONS[row.step]}; each by itself: {parts}"
        case _:
            return _EXPLANATIONS[row.step]


def trace_document(trace: "Trace") -> Document:
    """Return a trace with its reason in words; paths lead from the model upwards."""
    from lineage.analysis.verdicts import explain_trace

    document: Document = convert_to_document(trace)
    return document | {"explanation": explain_trace(trace)}


def trace_rows(trace: "Trace") -> Iterator[Document]:
    """Yield a row for each claim of each edge of each path; without a path one row."""
    document = trace_document(trace)
    names = ("model", "id", "descends", "reason", "explanation")
    head = {name: document[name] for name in (*names, "opted_out", "parents_known", "notes")}
    if not document["paths"]:
        yield head
    for number, path in enumerate(document["paths"], start=1):
        for position, edge in enumerate(path, start=1):
            place = {"path": number, "step": position}
            yield from flat_document_rows(head | place | edge, "evidence")


def tree_document(tree: "Tree") -> Document:
    """Return the count of the whole, then every node: no reader follows thousands of levels."""
    nodes: list[Document] = convert_to_document(tree.nodes)
    for node, plain in zip(tree.nodes, nodes, strict=True):
        plain["kind"] = node.kind.name.lower()
        plain["parent"] = None if node.parent < 0 else tree.nodes[node.parent].name
    return count_document(tree.count) | {"nodes": nodes}


def check_rows(result: "CheckOutcome") -> Iterator[Document]:
    """Yield a row for each broken rule of each model; a model that breaks none has one too."""
    for model in result.models:
        document = convert_to_document(model)
        matches, terms = document.pop("matches"), document.pop("license")
        warnings = document.pop("warnings")
        head = document | {"license": terms["tag"], "terms": ", ".join(terms["terms"])}
        reasons = [("broken", it) for it in matches] + [("warning", it) for it in warnings]
        for kind, match in reasons or [("", {})]:
            own = {name: match.get(name) for name in ("rule", "pattern", "ancestor", "detail")}
            yield head | {"match": kind} | own | {"links": len(match.get("path", ()))}


def tree_rows(tree: "Tree") -> Iterator[Document]:
    """Yield a row for each node, from the root down, with its depth and parent."""
    count = tree.count
    facts = {"snapshot": count.snapshot, "opted_out": count.opted_out}
    facts |= {"parents_known": count.parents_known, "notes": count.notes}
    for node in tree_document(tree)["nodes"]:
        names = ("branches", "counted", "models")
        pruned = node.pop("remainder") or dict.fromkeys(names, 0)
        row = node | {f"pruned_{name}": pruned[name] for name in names}
        yield row | {"at_most": None if node["depth"] else count.at_most} | facts


_ACCURACY_KINDS = {"rules": "rule", "patterns": "pattern", "by_family": "id", "by_year": "year"}


def evaluation_document(evaluation: "Evaluation") -> Document:
    """Return how good the rules are; what each row measures is named by its kind."""
    document: Document = convert_to_document(evaluation)
    # One kind of row measures three kinds of things: its key says which.
    for rows, kind in _ACCURACY_KINDS.items():
        document[rows] = [{kind: row.pop("name"), **row} for row in document[rows]]
    return document


def evaluation_rows(evaluation: "Evaluation") -> Iterator[Document]:
    """Yield a row for each rule, pattern, family and year; `measured` says which it is."""
    document: Document = convert_to_document(evaluation)
    head = {name: document[name] for name in ("snapshot", "family", "hidden_by")}
    for rows, kind in _ACCURACY_KINDS.items():
        for row in document[rows]:
            yield document_as_flat_row(head | {"measured": kind} | row)


def curve_rows(curve: "Curve") -> Iterator[Document]:
    """Yield a row for each snapshot and part; of an undivided curve a row for each snapshot."""
    head = {"subject": curve.subject, "id": curve.id, "key": curve.key}
    for at, moment in enumerate(curve.moments):
        for line in (curve.whole,) if curve.by is None else curve.parts:
            part = {} if curve.by is None else {curve.by.value: line.key}
            yield document_as_flat_row(
                head | convert_to_document(moment) | part | convert_to_document(line.values[at])
            )


def diff_rows(diff: "Diff") -> Iterator[Document]:
    """Yield a row for each change; numbers that stayed as they were are left out."""
    document: Document = convert_to_document(diff)
    columns = ("change", "name", "to", "before", "after", "family", "availability")
    nothing: Document = dict.fromkeys(columns)
    for name in document["added"]:
        yield nothing | {"change": "added", "name": name}
    for name in document["removed"]:
        availability = document["availability"].get(name)
        yield nothing | {"change": "removed", "name": name, "availability": availability}
    for rename in document["renamed"]:
        yield nothing | {"change": "renamed", "name": rename["from"], "to": rename["to"]}
    yield nothing | {"change": "edges_added", "after": diff.edges_added}
    yield nothing | {"change": "edges_removed", "before": diff.edges_removed}
    for family in document["families"]:
        name, releases = family.pop("family"), family.pop("releases")
        parts = [("family", family | {"name": name})]
        parts += [("release", release | {"family": name}) for release in releases]
        for change, row in parts:
            if row["before"] != row["after"]:
                yield nothing | {"change": change} | row
    for base in (*document["bases_gained"], *document["bases_lost"]):
        yield nothing | {"change": "base"} | base


def summarize_counted_family(family: Family) -> Document:
    """Return what a family holds, counted."""
    return {
        "family": family.id,
        "name": family.name,
        "organization": family.organization,
        "version": family.version,
        "releases": len(family.releases),
        "roots": len(family.root_repo_ids()),
        "mirrors": sum(len(release.mirrors) for release in family.releases),
        "quantized": sum(len(release.quantized) for release in family.releases),
        "changed": sum(len(release.changed) for release in family.releases),
        "edges": len(family.edges),
        "outsiders": len(family.outsiders),
    }


def family_document(family: Family) -> Document:
    """Return all that the registry knows of a family, its license terms included."""
    from lineage.families.license_terms import families_with_terms, license_terms

    terms = license_terms(family.id).terms if family.id in families_with_terms() else ()
    return {**convert_to_document(family), "license_terms": convert_to_document(terms)}


def family_rows(document: Document) -> Iterator[Document]:
    """Yield a row for each entry of a family, under the kind and the release it belongs to."""
    for release in document["releases"]:
        head: Document = {"kind": "official", "release": release["id"]}
        for id in release["official"]:
            yield head | {"id": id, "source_text": release["source"]}
        for kind in ("mirrors", "quantized", "changed"):
            for copy in release[kind]:
                source = {"source_text": copy.pop("source")}
                yield head | {"kind": kind} | copy | source
        for old in release["former_names"]:
            yield head | {"kind": "former_names", "id": old["name"], "of": old["now"]}
    for kind in ("edges", "outsiders"):
        for entry in document[kind]:
            id = entry.pop("child" if kind == "edges" else "id")
            of = entry.pop("parent" if kind == "edges" else "root")
            yield {"kind": kind, "release": None, "id": id, "of": of} | document_as_flat_row(entry)
    for terms in document["license_terms"]:
        for of in (*terms["releases"], *terms["models"]):
            source = terms["source"]
            head = {"kind": "license_terms", "release": None, "id": terms["id"], "of": of}
            yield head | {"source_text": source["text"], "source_url": source["url"]}
    for old in document["renamed"]:
        yield {"kind": "former_names", "release": None, "id": old["name"], "of": old["now"]}


def snapshot_document(manifest: Manifest) -> Document:
    """Return what a list says of one snapshot."""
    return {
        "id": manifest.id,
        "kind": manifest.origin.kind.value,
        "taken_at": convert_to_document(manifest.origin.taken_at),
        "models": manifest.models,
        "edges": manifest.edges,
        "tombstones": manifest.tombstones,
        "previous": manifest.previous,
        "builds_on": None if manifest.builds_on is None else manifest.builds_on.id,
        "parents_known": manifest.origin.parents_known,
    }
