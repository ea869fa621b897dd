"""Which cards are worth reading, in which order, and what asking for them costs."""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.build.cards import (
    MOST_FAILURES_IN_A_ROW,
    CardCandidate,
    CardPlan,
    FamilySigns,
    choose_cards,
    mark_doubtful_claims,
    read_cards,
)
from lineage.domain.claims import ResolvedClaims
from lineage.domain.progress import Progress
from lineage.errors import SourceUnavailable
from lineage.evidence.infer import find_parentless_claimants
from lineage.families.registry import all_families
from tests.unit.http.doubles import ListProgress

ROOT = "meta-llama/Llama-2-7b-hf"
SIGNS = FamilySigns(all_families(), {ROOT: "llama"})
PLAN = CardPlan(2, 2700, 300)


def a_model(row: int = 0, id: str = "owner/model", **more: object) -> CardCandidate:
    plain: dict[str, object] = {
        "key": f"{row:024x}",
        "license": None,
        "model_type": None,
        "tags": (),
        "sha": "s",
        "downloads": None,
    }
    return CardCandidate(row=row, id=id, **(plain | more))  # type: ignore[arg-type]


MODELS = 10


def declared(*claims: tuple[int, int, int, int]) -> ResolvedClaims:
    columns = np.array(claims, np.int32).reshape(-1, 4).T
    child, parent, rule, relation = columns
    return ResolvedClaims(child, parent, rule.astype(np.int8), relation.astype(np.int8))


@pytest.mark.parametrize(
    "model",
    [
        a_model(model_type="llama"),
        a_model(license="llama3.1"),
        a_model(license="gemma"),
        a_model(tags=["llama-2"]),
        a_model(id="owner/my-Llama-model"),
        a_model(id="owner/TinyLlama-tune"),
        a_model(id="owner/Qwen2.5-tune"),
        a_model(id="phi/phi-2"),
    ],
)
def test_architecture_license_tag_or_name_make_a_family_possible(model: CardCandidate) -> None:
    assert SIGNS.appear_in(model)


@pytest.mark.parametrize(
    "model",
    [
        a_model(),
        a_model(model_type="bert"),
        a_model(license="apache-2.0"),
        a_model(id="owner/sapphire-diffusion"),
        a_model(tags=["dataset:owner/llama-data", "base_model:x/llama", "arxiv:2302.13971"]),
        a_model(id=ROOT, model_type="llama"),
    ],
)
def test_nothing_else_does_and_roots_are_known(model: CardCandidate) -> None:
    assert not SIGNS.appear_in(model)


def test_who_has_no_parent_but_itself_is_undeclared() -> None:
    claims = declared((0, 1, 0, -1), (2, 2, 0, -1), (3, -1, 0, -1))
    undeclared = find_parentless_claimants(MODELS, claims.child, claims.parent)
    assert np.flatnonzero(~undeclared).tolist() == [0]


def test_a_parent_that_is_not_listed_makes_a_model_doubtful() -> None:
    claims = declared((0, 10, 0, -1), (1, 2, 0, -1))
    assert np.flatnonzero(mark_doubtful_claims(claims, MODELS)).tolist() == [0]


def test_two_relations_make_a_model_doubtful() -> None:
    claims = declared(
        (0, 1, 0, 2), (0, 1, 1, 3), (2, 1, 0, 2), (2, 1, 1, 2), (3, 1, 0, 2), (3, 1, 1, -1)
    )
    assert np.flatnonzero(mark_doubtful_claims(claims, MODELS)).tolist() == [0]


def test_other_parents_make_a_model_doubtful_and_agreed_ones_do_not() -> None:
    claims = declared((0, 1, 0, -1), (0, 2, 1, -1), (3, 1, 0, -1), (3, 2, 0, -1), (3, 2, 1, -1))
    assert np.flatnonzero(mark_doubtful_claims(claims, MODELS)).tolist() == [0, 3]
    agreed = declared((0, 1, 0, -1), (0, 2, 0, -1), (0, 2, 1, -1), (0, 1, 1, -1), (0, -1, 2, -1))
    assert not mark_doubtful_claims(agreed, MODELS).any()


CLAIM_ROWS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(-1, 8), st.integers(0, 3), st.integers(-1, 4)),
    max_size=30,
)


@given(CLAIM_ROWS)
def test_a_model_without_doubt_has_one_relation_and_one_set_of_listed_parents(
    claims: list[tuple[int, int, int, int]],
) -> None:
    doubtful = mark_doubtful_claims(declared(*claims), 6)
    for child in range(6):
        mine = [one for one in claims if one[0] == child]
        parents = {
            rule: {p for _, p, r, _ in mine if r == rule and p >= 0} for _, _, rule, _ in mine
        }
        told = {frozenset(named) for named in parents.values() if named}
        doubt = len(told) > 1 or len({one[3] for one in mine} - {-1}) > 1
        assert doubtful[child] == (doubt or any(parent >= 6 for _, parent, *_ in mine))


def test_the_most_downloaded_come_first_and_then_the_oldest() -> None:
    models = [
        a_model(0, "owner/llama-0"),
        a_model(1, "owner/llama-1", downloads=3),
        a_model(2, "owner/llama-2", downloads=9),
        a_model(3, "owner/llama-3", downloads=3),
        a_model(4, "owner/other", downloads=99),
        a_model(5, "owner/unsure", downloads=1),
    ]
    unsure = np.array([False] * 5 + [True])
    chosen = choose_cards(models, ~unsure, unsure, SIGNS)
    assert [model.row for model in chosen] == [2, 1, 3, 5, 0]


def test_cards_that_a_trainer_wrote_are_chosen_where_nothing_is_declared() -> None:
    by_trainer = {"tags": ["bert", "generated_from_trainer"]}
    models = [
        a_model(0, "owner/tuned-bert", **by_trainer),
        a_model(1, "owner/declares", downloads=9, **by_trainer),
        a_model(2, "owner/other-tag", tags=["dataset:generated_from_trainer"]),
        a_model(3, ROOT, **by_trainer),
        a_model(4, "owner/tuned-wav2vec2", downloads=7, **by_trainer),
        a_model(5, "owner/llama-tune", downloads=2, **by_trainer),
    ]
    undeclared = np.array([True, False, True, True, True, True])
    chosen = choose_cards(models, undeclared, np.zeros(6, np.bool_), SIGNS)
    assert [model.row for model in chosen] == [4, 5, 0]


class FakeCards:
    """Knows some texts, and gets the others unless they fail."""

    def __init__(self, known: Iterable[str] = (), failing: Iterable[str] = ()) -> None:
        self.texts = dict.fromkeys(known, "old")
        self.failing = set(failing)
        self.requested = 0

    def needs_request(self, key: str, sha: str | None) -> bool:
        return key not in self.texts

    def request_card(self, key: str, id: str, sha: str | None) -> None:
        self.requested += 1
        if key in self.failing:
            raise SourceUnavailable("no answer")
        self.texts[key] = f"card of {id}"

    def stored_text(self, key: str) -> str | None:
        return self.texts.get(key)


def read(models: list[CardCandidate], cards: FakeCards, most: int, progress: Progress) -> list[int]:
    return [model.row for model, _ in read_cards(models, cards, most, PLAN, progress)]


def test_what_is_known_is_not_asked_for_and_rows_come_in_order() -> None:
    models = [a_model(2), a_model(0), a_model(1)]
    cards, progress = FakeCards([models[0].key]), ListProgress()
    assert read(models, cards, 1, progress) == [0, 2]
    assert cards.requested == 1
    assert progress.said == [
        "cards: 1 to ask, 1 known, 1 left for later crawls; up to 2 requests, "
        "no wait for the resolvers' quota"
    ]


def test_without_a_plan_nothing_is_asked_and_what_is_stored_is_read() -> None:
    models = [a_model(1), a_model(0)]
    cards, progress = FakeCards([models[0].key]), ListProgress()
    assert [model.row for model, _ in read_cards(models, cards, 9, None, progress)] == [1]
    assert (cards.requested, len(progress.said)) == (0, 1)


def test_a_card_that_cannot_be_had_is_left_out() -> None:
    models = [a_model(row) for row in range(3)]
    cards, progress = FakeCards(failing=[models[1].key]), ListProgress()
    assert read(models, cards, 9, progress) == [0, 2]
    assert progress.said[-1] == "cards: 1 could not be read; the next crawl asks for them again"


def test_several_failures_in_a_row_end_the_run() -> None:
    models = [a_model(row) for row in range(9)]
    cards = FakeCards(failing=[model.key for model in models])
    with pytest.raises(SourceUnavailable):
        read(models, cards, 9, Progress())
    assert cards.requested == MOST_FAILURES_IN_A_ROW


def test_a_plan_counts_whole_windows() -> None:
    assert "no wait for" in PLAN.describe(1350, 1350, 1350)
    assert "at least 5 minutes" in PLAN.describe(1351, 1351, 1351)
    assert "up to 20,000 requests, at least 35 minutes" in PLAN.describe(10_000, 10_000, 10_000)
