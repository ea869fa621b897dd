"""Claims inferred from a card's text: a phrase and the model named right after it, or a recipe."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from lineage.domain.claims import Claim, Relation
from lineage.domain.repo_ids import NO_OWNERS, is_repo_id
from lineage.evidence.card_text.phrases import (
    A_PART,
    JOINS,
    LABELS,
    LEADS_AWAY,
    OTHER_THING,
    PHRASES,
    SAYS_NO,
    Phrase,
    Unit,
    UnitKind,
    split_card,
)

_HUB = r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)"
_REFERENCE = re.compile(
    r"\[(?P<label>[^\[\]]{0,200})\]\(\s{0,4}<?(?P<target>[^\s()<>]{1,400})>?(?:\s[^()]{0,100})?\)"
    r"|(?P<url>(?:https?://|www\.|\b(?:huggingface\.co|hf\.co)/)[^\s()<>\[\]\"'|`*]{1,400})"
    r"|(?<![\w/.@:-])(?P<name>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(?![\w/-])",
    re.ASCII,
)
# A model's own page; a link to one file, to a talk or deeper is there for another reason.
_MODEL = re.compile(
    rf"{_HUB}/+([\w.-]{{1,96}})/([\w.-]{{1,96}})/?(?:[?#].{{0,400}}|tree/.{{0,400}})?",
    re.ASCII | re.IGNORECASE,
)


class Reference(NamedTuple):
    """One model that is named, and where."""

    id: str
    start: int
    end: int
    is_link: bool


def find_claimed_reference(text: str, start: int, most_away: int) -> Reference | None:
    """Return the first thing linked or named within so many characters, if it is a model."""
    # Where a data set, a paper or any other address stands first, what the sentence goes on to
    # name is about that.
    at, last = start, min(len(text), start + most_away + 700)
    while (match := _REFERENCE.search(text, at, last)) and match.start() - start <= most_away:
        address = match["target"] or match["url"]
        if address is not None:
            linked = find_claimed_address(address)
            if linked is None:
                return None
            return Reference(linked, match.start(), match.end(), is_link=True)
        id = _trim_claimed_id(match["name"])
        if _looks_like_claimed_parent(id):
            return Reference(id, match.start(), match.end(), is_link=False)
        at = match.end()
    return None


def list_claimed_links(text: str) -> set[str]:
    """Return every model that the text links to, in lower case."""
    addresses = (match["target"] or match["url"] for match in _REFERENCE.finditer(text))
    ids = (find_claimed_address(address) for address in addresses if address is not None)
    return {id.lower() for id in ids if id is not None}


def find_claimed_address(address: str) -> str | None:
    """Return the id of the model that an address on the Hub leads to, None for any other."""
    match = _MODEL.fullmatch(address.rstrip(".,;:!"))
    if match is None or match[1].lower() in NO_OWNERS:
        return None
    id = _trim_claimed_id(f"{match[1]}/{match[2]}")
    return id if "/" in id and is_repo_id(id) else None


def extract_claimed_id(text: str) -> str | None:
    """Return the text itself if it can only be meant as owner/name."""
    return text if text.count("/") == 1 and _looks_like_claimed_parent(text) else None


def _looks_like_claimed_parent(id: str) -> bool:
    # `and/or` is an id too, but a model's name has a digit, a dash or a capital.
    return is_repo_id(id) and re.search(r"[0-9_.A-Z-]", id) is not None


def _trim_claimed_id(id: str) -> str:
    return id.rstrip("._-").removesuffix(".git")


RULE = "card_text"
# Longer cards repeat logs and tables.
MOST_BYTES = 200_000
MOST_QUOTED = 300
MOST_CLAIMS = 100
# In one unit: a text with more of them was written to keep a reader busy.
_MOST_PHRASES = 500
_GAP_TO_A_LINK = 90
_GAP_TO_A_NAME = 30
_LOOK_BACK = 300
# Parents of a model that is no merge: a copy of a fine-tune names both, and a third is possible.
_MOST_UNMERGED = 3
_SENTENCE_ENDS = (". ", "! ", "? ", "; ", ".\n", "!\n", "?\n", "-->")
_ENTRY = re.compile(r"""[\s>-]{0,24}(\w{1,32})\s{0,2}:\s{0,8}["']?([^\s"'#,{}]{0,300})""", re.ASCII)
_MERGED = frozenset({"model", "base_model", "source_model", "path"})
_TRAINING = frozenset({"datasets", "sequence_len", "micro_batch_size", "learning_rate"})


def infer_card_claims(text: str, own_id: str = "") -> Iterable[Claim]:
    """Infer the parents that a README names in sentences, labels, lists and recipes.

    `own_id` is the model whose card it is: it is no parent of itself, and a sentence about another
    model is not about this one. Claims come in the order of the text, one a parent; the front
    matter is left to the listing. Whatever the text is, this raises nothing.
    """
    claims: dict[str, Claim] = {}
    for claim in _list_claims(text.encode("utf-8", "replace")[:MOST_BYTES], own_id):
        name = claim.parent_as_written.lower()
        earlier = claims.get(name)
        if name == own_id.lower() or (earlier is not None and earlier.relation is not None):
            continue
        if earlier is None or claim.relation is not None:
            claims[name] = claim
        if len(claims) == MOST_CLAIMS:
            break
    merged = [claim for claim in claims.values() if claim.relation is Relation.MERGE]
    # A card that names many parents and merges nothing is that of a collection.
    return list(claims.values()) if len(claims) - len(merged) <= _MOST_UNMERGED else merged


def _list_claims(raw: bytes, own_id: str) -> Iterator[Claim]:
    opening: Phrase | None = None
    for unit in split_card(raw.decode("utf-8", "ignore")):
        if unit.kind is UnitKind.CODE:
            for id, relation, line in _read_recipe(unit.text):
                yield Claim(RULE, id, line[:MOST_QUOTED], relation)
        elif opening is not None and unit.kind is UnitKind.ITEM:
            yield from _read_card_list_item(unit, opening)
            opening = opening if opening.several else None
            continue
        opening = None
        if unit.kind is not UnitKind.CODE:
            yield from _read_card_unit(unit, own_id)
            opening = _find_claim_list_opening(unit)


def _read_card_unit(unit: Unit, own_id: str) -> Iterator[Claim]:
    for phrase in LABELS:
        for match in islice(phrase.pattern.finditer(unit.text), _MOST_PHRASES):
            yield from _extract_claims_after_phrase(unit.text, match.start(), match, phrase)
    for phrase in PHRASES:
        for match in islice(phrase.pattern.finditer(unit.text), _MOST_PHRASES):
            before = _card_words_before(unit, match.start())
            if _is_claim_about_the_model(before, phrase, own_id):
                start = match.start() - len(before)
                yield from _extract_claims_after_phrase(unit.text, start, match, phrase)


def _extract_claims_after_phrase(
    text: str, sentence_start: int, match: re.Match[str], phrase: Phrase
) -> Iterator[Claim]:
    """Yield the models that stand right after a phrase: one, or all of a merge's."""
    reference = _find_next_claimed_model(text, match.end(), phrase)
    while reference is not None:
        is_short = reference.end - sentence_start <= MOST_QUOTED
        start = sentence_start if is_short else match.start()
        quote = text[start : reference.end].strip()[:MOST_QUOTED]
        yield Claim(RULE, reference.id, quote, phrase.relation)
        reference = (
            _find_next_claimed_model(text, reference.end, phrase) if phrase.several else None
        )


def _find_next_claimed_model(text: str, at: int, phrase: Phrase) -> Reference | None:
    reference = find_claimed_reference(text, at, _GAP_TO_A_LINK)
    if reference is None:
        return None
    joined = phrase.several and JOINS.fullmatch(text, at, reference.start)
    if not joined and LEADS_AWAY.search(text, at, reference.start):
        return None
    near = not phrase.links_only and reference.start - at <= _GAP_TO_A_NAME
    return reference if reference.is_link or near else None


def _read_card_list_item(unit: Unit, phrase: Phrase) -> Iterator[Claim]:
    reference = find_claimed_reference(unit.text, 0, _GAP_TO_A_NAME)
    if reference is not None and (reference.is_link or not phrase.links_only):
        quote = unit.text.strip()[:MOST_QUOTED]
        yield Claim(RULE, reference.id, quote, phrase.relation)


def _find_claim_list_opening(unit: Unit) -> Phrase | None:
    """Return the phrase whose models stand in the list that follows."""
    end = unit.text.rstrip(" \t*_")
    is_heading = unit.kind is UnitKind.HEADING
    if unit.kind is UnitKind.ROW or not (end.endswith((":", "\uff1a")) or is_heading):
        return None
    tail = Unit(unit.kind, end[-_LOOK_BACK:])
    for phrase in (*LABELS, *PHRASES):
        match = phrase.pattern.search(tail.text)
        if match is not None and _opens_claimed_list(tail, match, phrase):
            return phrase
    return None


def _opens_claimed_list(tail: Unit, match: re.Match[str], phrase: Phrase) -> bool:
    if SAYS_NO.search(_card_words_before(tail, match.start())) or list_claimed_links(tail.text):
        return False
    return phrase.several or len(tail.text) - match.end() <= 2


def _card_words_before(unit: Unit, start: int) -> str:
    """Return the words before the phrase: in its sentence, or in a list's or table's line."""
    before = unit.text[max(0, start - _LOOK_BACK) : start]
    if unit.kind in {UnitKind.ITEM, UnitKind.ROW}:
        return before
    ends = (before.rfind(mark) + len(mark) for mark in _SENTENCE_ENDS if mark in before)
    return before[max(ends, default=0) :]


def _is_claim_about_the_model(before: str, phrase: Phrase, own_id: str) -> bool:
    if SAYS_NO.search(before) or A_PART.search(before):
        return False
    if phrase.links_only and OTHER_THING.search(before):
        return False
    own_name = own_id.lower().rpartition("/")[2]
    return all(id.rpartition("/")[2] == own_name for id in list_claimed_links(before))


# Recipes are read line by line and not as YAML: a broken one still names its models, and no parser
# can be made to build objects or to run out of memory.


def _read_recipe(code: str) -> Iterator[tuple[str, Relation, str]]:
    """Yield the models of a recipe of mergekit or axolotl, each with its relation and its line."""
    entries = [(match, line) for line in code.split("\n") if (match := _ENTRY.match(line))]
    keys = {match[1] for match, _ in entries}
    if "merge_method" in keys or {"experts", "source_model"} <= keys:
        model_keys, relation = _MERGED, Relation.MERGE
    elif "base_model" in keys and len(keys & _TRAINING) >= 2:
        values = {match[1]: match[2].lower() for match, _ in entries}
        is_adapter = values.get("adapter") in {"lora", "qlora", "dora"}
        model_keys = frozenset({"base_model"})
        relation = Relation.ADAPTER if is_adapter else Relation.FINETUNE
    else:
        return
    for match, line in entries:
        # mergekit spells a model with an adapter `model+adapter`.
        for part in match[2].split("+") if match[1] in model_keys else ():
            if (id := extract_claimed_id(part)) is not None:
                yield id, relation, line.strip()
