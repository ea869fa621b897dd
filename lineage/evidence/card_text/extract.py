"""What a card's text says of a model's parents: a phrase, and a model named right after it."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from lineage.domain.claims import Claim, Relation
from lineage.evidence.card_text.phrases import (
    A_PART,
    JOINS,
    LABELS,
    LEADS_AWAY,
    OTHER_THING,
    PHRASES,
    SAYS_NO,
    Phrase,
)
from lineage.evidence.card_text.recipes import recipe
from lineage.evidence.card_text.references import Reference, find_reference, models_linked
from lineage.evidence.card_text.units import Kind, Unit, units

RULE = "card_text"
MOST_BYTES = 200_000
"""How much of a card is read; longer ones repeat logs and tables."""
MOST_QUOTED = 300
MOST_WITNESSES = 100
_MOST_PHRASES = 500
"""Looked at in one card: whoever writes more of them wants to keep us busy."""
_GAP_TO_A_LINK = 90
_GAP_TO_A_NAME = 30
_LOOK_BACK = 300
_MOST_UNMERGED = 3
"""Parents of a model that is no merge: a copy of a fine-tune says both, and a third is possible."""
_SENTENCE_ENDS = (". ", "! ", "? ", "; ", ".\n", "!\n", "?\n", "-->")


def hear_card_text(text: str, own: str = "") -> Iterable[Claim]:
    """Hear the parents that a README names in sentences, labels, lists and recipes.

    `own` is the id of the model whose card it is: it is no parent of itself, and a sentence about
    another model is not about this one. Witnesses come in the order of the text, one a parent; the
    front matter is left to the listing. Whatever the text is, this raises nothing.
    """
    heard: dict[str, Claim] = {}
    for claim in _everything(text.encode("utf-8", "replace")[:MOST_BYTES], own):
        name = claim.parent_as_written.lower()
        known = heard.get(name)
        if name == own.lower() or (known is not None and known.relation is not None):
            continue
        if known is None or claim.relation is not None:
            heard[name] = claim
        if len(heard) == MOST_WITNESSES:
            break
    merged = [one for one in heard.values() if one.relation is Relation.MERGE]
    # A card that names many parents and merges nothing is that of a collection.
    return list(heard.values()) if len(heard) - len(merged) <= _MOST_UNMERGED else merged


def _everything(raw: bytes, own: str) -> Iterator[Claim]:
    begun: Phrase | None = None
    for unit in units(raw.decode("utf-8", "ignore")):
        if unit.kind is Kind.CODE:
            for id, relation, line in recipe(unit.text):
                yield Claim(RULE, id, line[:MOST_QUOTED], relation)
        elif begun is not None and unit.kind is Kind.ITEM:
            yield from _listed(unit, begun)
            begun = begun if begun.several else None
            continue
        begun = None
        if unit.kind is not Kind.CODE:
            yield from _said(unit, own)
            begun = _begins_a_list(unit)


def _said(unit: Unit, own: str) -> Iterator[Claim]:
    for phrase in LABELS:
        for found in islice(phrase.pattern.finditer(unit.text), _MOST_PHRASES):
            yield from _after(unit.text, found.start(), found, phrase)
    for phrase in PHRASES:
        for found in islice(phrase.pattern.finditer(unit.text), _MOST_PHRASES):
            before = _words_before(unit, found.start())
            if _is_about_the_model(before, phrase, own):
                yield from _after(unit.text, found.start() - len(before), found, phrase)


def _after(text: str, begin: int, found: re.Match[str], phrase: Phrase) -> Iterator[Claim]:
    """Yield the models that stand right after a phrase: one, or all of a merge's."""
    reference = _next(text, found.end(), phrase)
    while reference is not None:
        start = begin if reference.end - begin <= MOST_QUOTED else found.start()
        quote = text[start : reference.end].strip()[:MOST_QUOTED]
        yield Claim(RULE, reference.id, quote, phrase.relation)
        reference = _next(text, reference.end, phrase) if phrase.several else None


def _next(text: str, at: int, phrase: Phrase) -> Reference | None:
    reference = find_reference(text, at, _GAP_TO_A_LINK)
    if reference is None:
        return None
    joined = phrase.several and JOINS.fullmatch(text, at, reference.start)
    if not joined and LEADS_AWAY.search(text, at, reference.start):
        return None
    near = not phrase.links_only and reference.start - at <= _GAP_TO_A_NAME
    return reference if reference.is_link or near else None


def _listed(unit: Unit, phrase: Phrase) -> Iterator[Claim]:
    reference = find_reference(unit.text, 0, _GAP_TO_A_NAME)
    if reference is not None and (reference.is_link or not phrase.links_only):
        quote = unit.text.strip()[:MOST_QUOTED]
        yield Claim(RULE, reference.id, quote, phrase.relation)


def _begins_a_list(unit: Unit) -> Phrase | None:
    """Return the phrase whose models stand in the list that follows."""
    end = unit.text.rstrip(" \t*_")
    if unit.kind is Kind.ROW or not (end.endswith((":", "\uff1a")) or unit.kind is Kind.HEADING):
        return None
    tail = Unit(unit.kind, end[-_LOOK_BACK:])
    for phrase in (*LABELS, *PHRASES):
        found = phrase.pattern.search(tail.text)
        if found is not None and _leads_to_a_list(tail, found, phrase):
            return phrase
    return None


def _leads_to_a_list(tail: Unit, found: re.Match[str], phrase: Phrase) -> bool:
    if SAYS_NO.search(_words_before(tail, found.start())) or models_linked(tail.text):
        return False
    return phrase.several or len(tail.text) - found.end() <= 2


def _words_before(unit: Unit, start: int) -> str:
    """Return what is said before the phrase: in its sentence, or in a list's or table's line."""
    before = unit.text[max(0, start - _LOOK_BACK) : start]
    if unit.kind in {Kind.ITEM, Kind.ROW}:
        return before
    ends = (before.rfind(mark) + len(mark) for mark in _SENTENCE_ENDS if mark in before)
    return before[max(ends, default=0) :]


def _is_about_the_model(before: str, phrase: Phrase, own: str) -> bool:
    if SAYS_NO.search(before) or A_PART.search(before):
        return False
    if phrase.links_only and OTHER_THING.search(before):
        return False
    own_name = own.lower().rpartition("/")[2]
    return all(other.rpartition("/")[2] == own_name for other in models_linked(before))
