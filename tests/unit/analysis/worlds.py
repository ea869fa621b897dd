"""Made-up worlds to ask questions about: rows with every oddity, families of any roots."""

import random
from collections.abc import Mapping, Sequence
from datetime import date

from hypothesis import strategies as st

from lineage.domain.claims import RELATIONS, Relation, Strength
from lineage.domain.definitions import Closure, Definition
from lineage.domain.families import (
    CuratedEdge,
    CuratedSource,
    Family,
    FormerName,
    Outsider,
    Proof,
    Release,
    Reupload,
)
from tests.builders import CREATED, Row, row

LISTED = [f"owner-{number % 5}/model-{number}" for number in range(90)]
UNSEEN = [f"gone/elder-{number}" for number in range(5)]
OLD = "2022-03-02T23:29:04.000Z"
_WORDS = [word.value for word in Relation if word is not Relation.UNSPECIFIED]
_MONTHS = [CREATED, "2023-08-31T23:59:59.000Z", "2025-01-01T00:00:00.000Z", OLD]


def a_world(seed: int, most: int = len(LISTED)) -> list[Row]:
    """Trees, merges, cycles, self-parents, parents nobody lists, silent witnesses, dead ends."""
    dice = random.Random(seed)
    return [_a_model(number, LISTED[:most], dice) for number in range(most)]


def _a_model(number: int, ids: Sequence[str], dice: random.Random) -> Row:
    choices = [*ids[: max(1, number)], *dice.sample(list(ids), 2), *UNSEEN]
    parents = dice.sample(choices, dice.choice([0, 0, 1, 1, 1, 1, 2, 3]))
    fields: Row = {"createdAt": dice.choice(_MONTHS), "downloads": dice.choice([0, 10, 500])}
    if dice.random() < 0.2:
        del fields["downloads"]
    if dice.random() < 0.5:
        fields["library_name"] = dice.choice(["peft", "transformers"])
    said = row(ids[number], list(dict.fromkeys(parents)), dice.choice(_WORDS), **fields)
    if dice.random() < 0.3:
        said.pop("baseModels", None)
    if dice.random() < 0.2:
        said["tags"] = []
    if dice.random() < 0.6:
        said["tags"] = [*said["tags"], f"license:{dice.choice(['mit', 'llama2'])}"]  # type: ignore[misc]
    return said


def a_family(
    releases: Mapping[str, Sequence[str]],
    mirrors: Mapping[str, str] | None = None,
    former: Mapping[str, str] | None = None,
    id: str = "kin",
    *,
    edges: Sequence[CuratedEdge] = (),
    outsiders: Sequence[Outsider] = (),
) -> Family:
    """A family from official ids by release, mirrors (which one: of whom) and former names."""
    made: list[Release] = []
    for name, official in releases.items():
        copies = [Reupload(one, of) for one, of in (mirrors or {}).items() if of in official]
        names = [FormerName(old, now) for old, now in (former or {}).items() if now in official]
        made.append(
            Release(
                id=name.lower().replace(" ", "-"),
                name=name,
                released=date(2024, 1, 1 + len(made)),
                license=None,
                official=tuple(official),
                mirrors=tuple(copies),
                former_names=tuple(names),
            )
        )
    return Family(
        id, id.title(), "2026-01-01", tuple(made), edges=tuple(edges), outsiders=tuple(outsiders)
    )


def said(child: str, parent: str, relation: Relation = Relation.FINETUNE) -> CuratedEdge:
    """A curated edge with its words."""
    source = CuratedSource("its repository, commit 1234567", f"{child} was made from {parent}")
    return CuratedEdge(child, parent, relation, Proof.CARD_SENTENCE, source)


@st.composite
def families(draw: st.DrawFn, most: int = len(LISTED), *, curated: bool = False) -> Family:
    """A family of one to four releases; their roots lie anywhere, also below each other."""
    ids = [*LISTED[:most], *UNSEEN]
    roots = draw(st.lists(st.sampled_from(ids), min_size=1, max_size=9, unique=True))
    names = [f"Kin {number + 1}" for number in range(draw(st.integers(1, 4)))]
    official: dict[str, list[str]] = {}
    mirrors: dict[str, str] = {}
    for root in roots:
        name = draw(st.sampled_from(names))
        if official.get(name) and draw(st.booleans()):
            mirrors[root] = draw(st.sampled_from(official[name]))
        else:
            official.setdefault(name, []).append(root)
    if not curated:
        return a_family(official, mirrors)
    everyone = st.sampled_from([*ids, "nowhere/one", "nowhere/two"])
    triples = st.tuples(everyone, everyone, st.sampled_from(Relation))
    drawn = draw(st.lists(triples, max_size=6, unique_by=lambda one: one[0]))
    edges = [said(*one) for one in drawn if one[0] != one[1]]
    return a_family(official, mirrors, edges=edges)


DEFINITIONS = st.builds(
    Definition,
    relations=st.sets(st.sampled_from(RELATIONS), min_size=1).map(
        lambda some: tuple(word for word in Relation if word in some)
    ),
    closure=st.sampled_from(Closure),
    min_strength=st.sampled_from(Strength),
    mirrors=st.booleans(),
    curated=st.booleans(),
    min_downloads=st.sampled_from([0, 1, 10, 500]),
)
