"""Inference on columns: who is asked about, what a rule sees, which nodes it means."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from lineage.domain.claims import Claim
from lineage.evidence.infer import (
    InferenceCatalog,
    InferenceInput,
    KnownModel,
    find_parentless_claimants,
    infer_claims,
)

BORN = datetime(2024, 6, 1, tzinfo=UTC)


class NamesEveryModel:
    """A rule that asks for one name and keeps what it was given."""

    id_pattern = "-child$"

    def __init__(self, name: str = "base") -> None:
        self.name = name
        self.models: list[KnownModel] = []
        self.namesakes: list[Sequence[KnownModel]] = []

    def list_names(self, id: str) -> Iterable[str]:
        return (self.name,)

    def infer_parents(
        self, model: KnownModel, catalog: InferenceCatalog
    ) -> Iterable[tuple[Claim, str]]:
        self.models.append(model)
        self.namesakes.append(catalog.models_named(self.name))
        return [(Claim("all", it.id, "a quote"), "any") for it in self.namesakes[-1]]


def nodes(
    listed: Sequence[str],
    others: Sequence[str] = (),
    edges: Sequence[tuple[str, str]] = (),
    *,
    former: Mapping[str, str] | None = None,
    renamed: Mapping[str, str] | None = None,
) -> InferenceInput:
    ids = [*listed, *others]
    pairs = sorted((ids.index(child), ids.index(parent)) for child, parent in edges)
    created = pa.array([BORN] * len(listed), pa.timestamp("us", tz="UTC"))
    return InferenceInput(
        pa.array([f"key:{id}" for id in ids], pa.string()),
        pa.array(ids, pa.string()),
        created,
        pa.array(["llama"] * len(listed), pa.string()),
        pa.nulls(len(listed), pa.string()),
        pa.nulls(len(listed), pa.int64()),
        np.array([child for child, _ in pairs], np.int32),
        np.array([parent for _, parent in pairs], np.int32),
        former or {},
        renamed or {},
        {},
    )


def all_listed(world: InferenceInput) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.ones(len(world.created_at), np.bool_)


def test_only_models_that_were_chosen_and_whose_id_the_pattern_matches_are_asked_about() -> None:
    world = nodes(["a/base", "a/one-child", "a/two-child", "a/other"])
    rule = NamesEveryModel()
    candidates = all_listed(world)
    candidates[2] = False
    assert [(it.child, it.parent) for it in infer_claims(rule, world, candidates)] == [(1, 0)]
    assert rule.models == [KnownModel("a/one-child", BORN, "llama")]


def test_a_rule_sees_all_bearers_of_a_name_listed_or_not_with_their_parents() -> None:
    edges = [
        ("b/Base", "a/base"),
        ("b/Base", "x/base"),
        ("b/Base", "x/base"),
        ("a/one-child", "b/Base"),
    ]
    world = nodes(["a/base", "a/one-child", "b/Base"], ["x/base"], edges)
    rule = NamesEveryModel()
    inferred = list(infer_claims(rule, world, all_listed(world)))
    assert rule.namesakes == [
        [
            KnownModel("a/base", BORN, "llama"),
            KnownModel("b/Base", BORN, "llama", ("a/base", "x/base")),
            KnownModel("x/base"),
        ]
    ]
    assert [it.parent for it in inferred] == [0, 2, 3]


def test_a_rule_sees_nothing_of_what_the_model_itself_declares() -> None:
    world = nodes(["a/base", "a/one-child"], edges=[("a/one-child", "a/base")])
    rule = NamesEveryModel()
    assert list(infer_claims(rule, world, all_listed(world)))
    assert rule.models == [KnownModel("a/one-child", BORN, "llama")]


def test_former_names_find_the_model_that_had_them() -> None:
    world = nodes(
        ["a/new", "b/newer", "a/one-child"],
        former={"a/base": "key:a/new", "gone/base": "key:nobody"},
        renamed={"b/Base": "b/newer", "c/base": "c/nobody"},
    )
    rule = NamesEveryModel()
    assert [it.parent for it in infer_claims(rule, world, all_listed(world))] == [0, 1]


def test_of_two_nodes_with_one_name_the_listed_one_bears_it() -> None:
    world = nodes(["a/base", "a/one-child"], ["a/base"])
    assert [it.parent for it in infer_claims(NamesEveryModel(), world, all_listed(world))] == [0]


def test_of_no_models_nothing_is_inferred() -> None:
    world = nodes([])
    assert list(infer_claims(NamesEveryModel(), world, all_listed(world))) == []


def test_a_model_is_parentless_unless_an_edge_leads_up_from_it_to_another() -> None:
    child, parent = (np.array(ends, np.int32) for ends in ([0, 1, 2, 2], [-1, 1, 2, 0]))
    assert find_parentless_claimants(4, child, parent).tolist() == [True, True, False, True]
