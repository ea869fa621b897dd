"""Which cards are worth reading: those of models whose descent their metadata leaves open."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.build.draft import Draft
from lineage.build.infer import ClaimsFromCards
from lineage.domain.arrays import Int64s, Mask, Positions
from lineage.domain.claims import Claim, ResolvedClaims
from lineage.domain.families import Family
from lineage.domain.opt_outs import OPTED_OUT, OptOuts
from lineage.domain.progress import Progress
from lineage.errors import SourceUnavailable
from lineage.evidence.card_text import infer_card_claims
from lineage.evidence.infer import find_parentless_claimants
from lineage.graph.sorted_sets import pack_node_pairs
from lineage.store import schema
from lineage.store.keys import NOWHERE, table_keys_as_bytes, table_rows_of_keys
from lineage.store.reader import Snapshot

if TYPE_CHECKING:
    # What a run needs holds the plan below: at run time neither may wait for the other.
    from lineage.build.context import BuildContext, CardReading

_HALF = 32
_LOW = (1 << _HALF) - 1
_SHORT = 5
"""Letters; a shorter stem, `phi`, must stand alone in a name, or `sapphire` would be one."""
_COMMON = frozenset({"command", "stable"})
"""First words of official names that thousands of other names begin with."""
_WORD = re.compile(r"[a-z]+")
_TAGS_OF_OTHER_THINGS = re.compile(
    r"(?:arxiv|base_model|dataset|doi|language|license|region|deploy):"
)
_TRAINER_TAG = "generated_from_trainer"
"""Of the cards that transformers' Trainer writes: "a fine-tuned version of ..."."""
MOST_FAILURES_IN_A_ROW = 3


class CardCandidate(NamedTuple):
    """What a listing says that may make a card worth reading."""

    row: int
    key: str
    id: str
    license: str | None
    model_type: str | None
    tags: Sequence[str]
    sha: str | None
    downloads: int | None


def mark_doubtful_claims(declared: ResolvedClaims, models: int) -> Mask:
    """Say of each listed model whether a parent is not listed, or its declared claims disagree.

    Nodes from `models` on are not listed.
    """
    doubtful = np.zeros(models, np.bool_)
    doubtful[declared.child[declared.parent >= models]] = True
    has_relation = declared.relation >= 0
    relations = np.unique(
        pack_node_pairs(declared.child[has_relation], declared.relation[has_relation])
    )
    doubtful |= _count_pairs_of_cards(relations, models) > 1

    # Where one rule names a parent that another rule of the same model leaves out.
    makes_edge = declared.select(declared.parent >= 0)
    edges, edge = np.unique(
        pack_node_pairs(makes_edge.child, makes_edge.parent), return_inverse=True
    )
    parents = _count_pairs_of_cards(edges, models)
    edge_rules = np.unique(pack_node_pairs(edge, makes_edge.rule))
    child_rules = pack_node_pairs(edges[edge_rules >> _HALF] >> _HALF, edge_rules & _LOW)
    child_rule, parents_by_rule = np.unique(child_rules, return_counts=True)
    child = child_rule >> _HALF
    doubtful[child[parents_by_rule < parents[child]]] = True
    return doubtful


class FamilySigns:
    """By what a model looks like one of a family: architecture, license, tags, name."""

    # None of them makes an edge: a license tag or an architecture is shared by strangers. They only
    # choose the cards that are worth a request.

    def __init__(self, families: Iterable[Family], model_types: Mapping[str, str | None]) -> None:
        """Take `model_types`: the architecture of each listed model that is a root."""
        families = tuple(families)
        self.roots = frozenset(root for family in families for root in family.root_repo_ids())
        types = (model_types.get(root) for root in self.roots)
        self._types = frozenset(type for type in types if type)
        stems = {stem for family in families for stem in _draft_name_stems(family)}
        self._stem = re.compile(
            "|".join(sorted(map(_card_stem_pattern, stems), reverse=True)) or r"(?!)"
        )

    def appear_in(self, model: CardCandidate) -> bool:
        """Say whether a model that declares nothing may be one of a family; roots are known."""
        if model.id in self.roots:
            return False
        if model.model_type in self._types:
            return True
        tags = (tag for tag in model.tags if not _TAGS_OF_OTHER_THINGS.match(tag))
        words = "\n".join((model.id, model.license or "", *tags))
        return self._stem.search(words.lower()) is not None


def choose_cards(
    models: Iterable[CardCandidate], undeclared: Mask, doubtful: Mask, signs: FamilySigns
) -> list[CardCandidate]:
    """Return the models whose cards may help, without their tags, the most downloaded first."""
    # Nothing asks for tags later, and on the whole Hub very many models may be chosen.
    chosen = [
        model._replace(tags=())
        for model in models
        if doubtful[model.row]
        or (
            undeclared[model.row]
            and (_is_draft_card_by_trainer(model, signs) or signs.appear_in(model))
        )
    ]
    return sorted(chosen, key=lambda model: (-(model.downloads or 0), model.key))


def _is_draft_card_by_trainer(model: CardCandidate, signs: FamilySigns) -> bool:
    """Say whether a program wrote the card, with the parent's name, of whatever family."""
    return _TRAINER_TAG in model.tags and model.id not in signs.roots


class CardSource(Protocol):
    """Where the texts of cards come from."""

    requested: int
    """How many were asked for."""

    def needs_request(self, key: str, sha: str | None) -> bool:
        """Say whether this commit's card is not known yet and may be asked for."""
        ...

    def request_card(self, key: str, id: str, sha: str | None) -> None:
        """Ask for a card and keep the answer."""
        ...

    def stored_text(self, key: str) -> str | None:
        """Return the text that is kept, None if there is none."""
        ...


def read_cards(
    candidates: Sequence[CardCandidate],
    cards: CardSource,
    most: int,
    plan: "CardPlan | None",
    progress: Progress,
) -> Iterator[tuple[CardCandidate, str]]:
    """Ask for the cards that are not in the store, at most so many, then yield every text there.

    Models come in order of their rows. A card that cannot be read is left out and asked for next
    time; several in a row end the run. Without a plan nothing is asked.
    """
    if plan is None:
        progress.say(
            f"cards: {len(candidates):,} can help; those in the store are read, none is asked"
        )
    else:
        unread = [model for model in candidates if cards.needs_request(model.key, model.sha)]
        progress.say(plan.describe(len(candidates), len(unread), min(most, len(unread))))
        _request_cards(unread[:most], cards, progress)
    for model in sorted(candidates, key=lambda model: model.row):
        text = cards.stored_text(model.key)
        if text is not None:
            yield model, text


@dataclass(frozen=True, slots=True)
class CardPlan:
    """What asking costs."""

    requests_a_card: int
    requests_a_window: float
    window_seconds: int

    def describe(self, candidates: int, unread: int, requests: int) -> str:
        """Say how many cards are asked for and how long the quota makes it last at least."""
        windows = max(0.0, requests * self.requests_a_card - 1) // max(1.0, self.requests_a_window)
        minutes = windows * self.window_seconds / 60
        wait = f"at least {minutes:,.0f} minutes at" if windows else "no wait for"
        later = f", {unread - requests:,} left for later crawls" if unread > requests else ""
        return (
            f"cards: {requests:,} to ask, {candidates - unread:,} known{later}; "
            f"up to {requests * self.requests_a_card:,} requests, "
            f"{wait} the resolvers' quota"
        )


def _request_cards(models: Sequence[CardCandidate], cards: CardSource, progress: Progress) -> None:
    progress.begin("ask for cards", len(models))
    failures = failures_in_a_row = 0
    for number, model in enumerate(models, 1):
        try:
            cards.request_card(model.key, model.id, model.sha)
            failures_in_a_row = 0
        except SourceUnavailable:
            # One card may be broken for good; several in a row mean that the Hub is in trouble.
            failures, failures_in_a_row = failures + 1, failures_in_a_row + 1
            if failures_in_a_row == MOST_FAILURES_IN_A_ROW:
                raise
        progress.step(number)
    progress.end()
    if failures:
        progress.say(f"cards: {failures:,} could not be read; the next crawl asks for them again")


def _draft_name_stems(family: Family) -> Iterator[str]:
    """Yield the words that names of a family begin with: `llama`, `codellama`."""
    if family.id not in _COMMON:
        yield family.id.lower()
    for release in family.releases:
        for id in release.official:
            owner, _, name = id.lower().rpartition("/")
            makers = set(_WORD.findall(f"{owner} {family.organization or ''}".lower()))
            words = [word for word in _WORD.findall(name) if word not in makers - {family.id}]
            if words and len(words[0]) >= _SHORT and words[0] not in _COMMON:
                yield words[0]


def _card_stem_pattern(stem: str) -> str:
    plain = re.escape(stem)
    return plain if len(stem) >= _SHORT else rf"(?<![a-z]){plain}(?![a-z])"


def _count_pairs_of_cards(pairs: Int64s, models: int) -> Positions:
    """Return for each model in how many pairs it stands first."""
    return np.bincount(pairs >> _HALF, minlength=models)


_CLAIM_COLUMNS = ["child_key", *Claim._fields[:-1]]
_CARD_COLUMNS = ("key", "id", "license", "model_type", "tags", "sha")


def choose_card_reader(
    draft: Draft, previous: Snapshot | None, context: "BuildContext"
) -> ClaimsFromCards:
    """Return what gives the claims of cards: by reading them, or by repeating the earlier ones."""
    if context.cards is None:
        return partial(_repeat_card_claims, draft, previous, context)
    return partial(_read_claims, draft, context, context.cards)


def _read_claims(
    draft: Draft,
    context: "BuildContext",
    reading: "CardReading",
    declared: ResolvedClaims,
    families: Sequence[Family],
) -> Iterator[tuple[int, Claim]]:
    """Read the cards that can help beside the declared claims: each claim with its child's row."""
    roots = {root for family in families for root in family.root_repo_ids()}
    types = draft.tables.rows_of(draft.mark_ids(roots), ("id", "model_type"))
    signs = FamilySigns(families, {id: model_type for _, id, model_type in types})
    undeclared = find_parentless_claimants(draft.models, declared.child, declared.parent)
    doubtful = mark_doubtful_claims(declared, draft.models)
    downloads = draft.tables.column("downloads", schema.METRICS_FILE)
    models = (
        CardCandidate._make((*values, downloads[values[0]].as_py()))
        for values in draft.tables.rows_of(undeclared | doubtful, _CARD_COLUMNS)
    )
    candidates = choose_cards(models, undeclared, doubtful, signs)
    for model, text in read_cards(
        candidates, reading.source, reading.most, reading.plan, context.progress
    ):
        for claim in infer_card_claims(text, model.id):
            yield from _redact_draft_card_claim(model.row, claim, context.opt_outs)


def _repeat_card_claims(
    draft: Draft,
    previous: Snapshot | None,
    context: "BuildContext",
    declared: ResolvedClaims,
    families: Sequence[Family],
) -> Iterator[tuple[int, Claim]]:
    """Repeat the claims of the snapshot before, of models whose commit is the same."""
    if previous is None:
        return
    claims = _find_published_card_claims(
        previous, [rule.name for rule in context.rules if rule.reads_cards]
    )
    if claims.num_rows == 0:
        return
    rows = _draft_rows_with_same_commit(previous, draft, pc.unique(claims["child_key"]))
    columns = (claims[name].to_pylist() for name in _CLAIM_COLUMNS)
    for key, *values in zip(*columns, strict=True):
        if key in rows:
            # Without the key that the name was resolved to then: it is resolved anew.
            yield from _redact_draft_card_claim(rows[key], Claim(*values), context.opt_outs)


def _redact_draft_card_claim(
    row: int, claim: Claim, opt_outs: OptOuts
) -> Iterator[tuple[int, Claim]]:
    if opt_outs and opt_outs.opt_out_names_in(claim.parent_as_written):
        return
    is_quoted = opt_outs and opt_outs.opted_out_named_in(claim.quote)
    yield row, claim._replace(quote=OPTED_OUT) if is_quoted else claim


def _find_published_card_claims(previous: Snapshot, rules: Collection[str]) -> pa.Table:
    # The rules alone are read first: most snapshots have no claim of a card, and then the evidence
    # of the whole Hub need not be read.
    rule_names = pa.array(sorted(rules), pa.string())
    column = previous.table(schema.EVIDENCE_FILE, ["rule"], as_codes=["rule"])["rule"]
    present = {rule for chunk in column.chunks for rule in chunk.dictionary.to_pylist()}
    tables = [schema.EVIDENCE.empty_table().select(_CLAIM_COLUMNS)]
    if present & set(rules):
        for batch in previous.batches(schema.EVIDENCE_FILE, _CLAIM_COLUMNS):
            claims = batch.filter(pc.is_in(batch["rule"], value_set=rule_names))
            table = pa.Table.from_batches([claims]).select(_CLAIM_COLUMNS)
            tables.append(table.cast(tables[0].schema))
    return pa.concat_tables(tables)


def _draft_rows_with_same_commit(
    previous: Snapshot, draft: Draft, keys: pa.StringArray
) -> dict[str, int]:
    """Return the row of each of some models that is listed with the commit that it had."""
    rows_now = table_rows_of_keys(table_keys_as_bytes(draft.keys), table_keys_as_bytes(keys))
    chosen = np.zeros(draft.models, np.bool_)
    chosen[rows_now[rows_now != NOWHERE]] = True
    now = {key: (row, sha) for row, key, sha in draft.tables.rows_of(chosen, ("key", "sha"))}
    rows: dict[str, int] = {}
    for key, sha in _last_commits_of_draft(previous, rows_now, keys):
        row, sha_now = now.get(key, (NOWHERE, None))
        if sha is not None and sha == sha_now:
            rows[key] = row
    return rows


def _last_commits_of_draft(
    previous: Snapshot, rows_now: Int64s, keys: pa.StringArray
) -> Iterator[tuple[str, str | None]]:
    """Yield key and commit of those that are still listed, as the snapshot before has them."""
    listed = keys.filter(pa.array(rows_now != NOWHERE))
    deleted = previous.tombstones(["key", "sha"]).to_batches()
    for batches in (previous.batches(schema.MODELS_FILE, ["key", "sha"]), deleted):
        for batch in batches:
            rows = batch.filter(pc.is_in(batch["key"], value_set=listed))
            yield from zip(rows["key"].to_pylist(), rows["sha"].to_pylist(), strict=True)
