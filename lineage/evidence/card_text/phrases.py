"""The words by which cards say where a model comes from, and the words that take it back.

Written after the cards that common tools write by themselves (the trainers of transformers and TRL,
axolotl, Unsloth, mergekit, LazyMergekit, gguf-my-repo, mlx-lm) and those of the large quantizers.
"""

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from lineage.domain.claims import Relation

_FENCE = re.compile(r"[ >]{0,6}(```|~~~)")
_ITEM = re.compile(r"[\s>]{0,12}(?:[+*\u2022\u2013-]|\d{1,2}[.)])\s")
_HEADING = re.compile(r"[\s>]{0,4}#{1,6}(?:\s|$)")
_ROW = re.compile(r"[\s>]{0,4}\|")
# From here on a quantizer's card repeats the card of what it quantized: another model's words.
_FOREIGN = re.compile(
    r"[\s#*_>:-]{0,16}(?:<[^<>]{0,80}>\s{0,4})?(?:(?:below|here|following) (?:is|follows) )?"
    r"(?:the )?original (?:(?:model|repo|repository)(?:'s)? )?(?:card|readme|description|text)\b"
    r"(?!\]|\s?\()",
    re.IGNORECASE,
)


class UnitKind(Enum):
    """How a unit is to be read."""

    PROSE = "prose"
    ITEM = "item"
    ROW = "row"
    HEADING = "heading"
    CODE = "code"


class Unit(NamedTuple):
    """One part of a card, word for word."""

    kind: UnitKind
    text: str


def split_card(text: str) -> Iterator[Unit]:
    """Yield the parts of a card in order, without its front matter and without a repeated card."""
    prose: list[str] = []
    has_text = False
    lines = iter(_cut_card_front_matter(text.replace("\r\n", "\n")).split("\n"))
    for line in lines:
        kind = _kind_of_card_line(line)
        if has_text and kind is not UnitKind.ROW and _FOREIGN.match(line):
            break
        has_text = has_text or bool(line.strip())
        if kind is UnitKind.PROSE and line.strip():
            prose.append(line)
            continue
        yield from _join_card_paragraph(prose)
        prose = []
        if kind is UnitKind.CODE:
            yield Unit(kind, _read_fenced_card_lines(line, lines))
        elif line.strip():
            yield Unit(kind, line)
    yield from _join_card_paragraph(prose)


def _cut_card_front_matter(text: str) -> str:
    """Cut the block between two lines of dashes: the listing has it, read by the Hub itself."""
    text = text.removeprefix("\ufeff").lstrip()
    if not text.startswith("---"):
        return text
    end = text.find("\n---", 3)
    return text if end == -1 else text[end + len("\n---") :]


def _kind_of_card_line(line: str) -> UnitKind:
    if _FENCE.match(line):
        return UnitKind.CODE
    if _HEADING.match(line):
        return UnitKind.HEADING
    if _ITEM.match(line):
        return UnitKind.ITEM
    return UnitKind.ROW if _ROW.match(line) else UnitKind.PROSE


def _join_card_paragraph(lines: list[str]) -> Iterator[Unit]:
    if lines:
        yield Unit(UnitKind.PROSE, "\n".join(lines))


def _read_fenced_card_lines(opening: str, lines: Iterator[str]) -> str:
    """Take lines up to the fence that closes; an unclosed block goes to the end."""
    fence = opening.lstrip(" >")[:3]
    inside = []
    for line in lines:
        if line.lstrip(" >").startswith(fence):
            break
        inside.append(line)
    return "\n".join(inside)


# Every repetition below is bounded, so that no text makes a search slow.
_QUANTS = (
    r"(?:gguf|ggml|gptq|awq|exl2|exl3|aqlm|hqq|eetq|imatrix|fp8|fp4|nf4|nvfp4|mxfp4|int4|int8|"
    r"(?:[2-8]|two|three|four|six|eight)[- ]?bits?|w[48]a(?:4|8|16)|bnb|bitsandbytes|quanti[sz]ed|"
    r"quanti[sz]ations?|quants?)"
)
_TUNED = (
    r"(?:(?:fine|instruct(?:ion)?|chat|preference)[- ]?tuned?|"
    r"(?:dpo|orpo|rlhf|sft|lora|qlora)[- ](?:fine[- ]?)?(?:tuned|trained))"
)
_ADAPTER = (
    r"(?:(?:q?lora|peft|dora) (?:adapters?|weights|fine[- ]?tun(?:e|ing)|adaptation)|"
    r"q?lora|adapter weights|adapters?)"
)
_CHANGED = (
    r"(?:abliterated|ablated|uncensored|decensored|pruned|re-?sharded|sharded|converted|unquanti[sz]ed|"
    r"dequanti[sz]ed|half[- ]precision|fp16|bf16|float16|bfloat16|mlx|onnx|safetensors|openvino)"
)
_COPY = r"(?:version|variant|copy|conversion|checkpoint|format|edition|port)s?"
_FILES = (
    r"(?:(?:format|model|quanti[sz]ed|weight|imatrix)s?[ -]){0,3}"
    r"(?:files?|weights|quants?|quanti[sz]ations?|conversions?|models?|versions?)"
)
_FILLED = r"(?:[\w()-]{1,20} ){0,2}"


class Phrase(NamedTuple):
    """One way to say it."""

    relation: Relation | None
    """What the words say of how it was made; None where they do not."""
    pattern: re.Pattern[str]
    links_only: bool = False
    """The words are so common that a bare name after them proves too little."""
    several: bool = False
    """More than one parent may follow."""


def _compile_card_phrases(
    relation: Relation | None, pattern: str, *, links_only: bool = False
) -> Phrase:
    several = relation is Relation.MERGE
    return Phrase(relation, re.compile(rf"\b{pattern}", re.IGNORECASE), links_only, several)


PHRASES: tuple[Phrase, ...] = (
    _compile_card_phrases(
        Relation.QUANTIZED,
        rf"{_QUANTS}[ -]"
        rf"(?:{_FILLED}{_COPY} (?:of|for|from)|{_FILES} (?:for|of|from)|(?:of|from))\b",
    ),
    _compile_card_phrases(
        Relation.QUANTIZED, r"quanti[sz](?:ed|ations?|ing)(?: directly)? (?:of|from)\b"
    ),
    _compile_card_phrases(
        Relation.QUANTIZED, r"converted (?:in)?to (?:the )?(?:gguf|ggml)(?: format)? from\b"
    ),
    _compile_card_phrases(
        Relation.ADAPTER,
        rf"{_ADAPTER} (?:(?:fine[- ]?tuned |trained )?(?:on top of|from)|for|of)\b",
    ),
    _compile_card_phrases(
        Relation.ADAPTER, rf"{_ADAPTER} (?:fine[- ]?tuned|trained) on\b", links_only=True
    ),
    _compile_card_phrases(
        Relation.FINETUNE,
        rf"(?:{_TUNED}|fine[- ]?tun(?:e|ing)) (?:{_FILLED}{_COPY} )?(?:of|from|on top of|upon)\b",
    ),
    _compile_card_phrases(Relation.FINETUNE, r"fine[- ]?tuned (?:on|the)\b", links_only=True),
    _compile_card_phrases(
        Relation.FINETUNE,
        r"(?:continu(?:ed|al|ally|ous) pre-?train(?:ed|ing)|(?:further )?(?:pre-?)?trained)"
        r" (?:on top of|from|starting from|of)\b",
        links_only=True,
    ),
    _compile_card_phrases(
        Relation.MERGE,
        r"(?:(?:merg(?:e|ed|ing)|frankenmerge|franken-merge|blend|mixture of experts \(moe\)|moe)"
        r" (?:model )?(?:of|from|between|made (?:of|from|with)|made with)|"
        r"models? (?:were|was|are) (?:included|used) in (?:the|this) merge|"
        r"(?:models?|made) (?:were |was )?merged)\b",
    ),
    _compile_card_phrases(Relation.MERGE, r"merge method using\b", links_only=True),
    _compile_card_phrases(None, rf"{_CHANGED} {_FILLED}{_COPY} (?:of|from|for)\b"),
    _compile_card_phrases(None, r"converted (?:(?:in)?to [\w .-]{1,30} )?from\b"),
    _compile_card_phrases(
        None, r"(?:re-?upload|mirror|clone|duplicate|exact copy|copy|conversion) of\b"
    ),
    _compile_card_phrases(
        None, r"(?:abliterated|pruned|initiali[sz]ed|derived) from\b", links_only=True
    ),
    _compile_card_phrases(
        None, r"(?:based|built|build|builds) (?:up)?on(?: top of)?\b", links_only=True
    ),
)

_LABELS: Mapping[Relation | None, str] = {
    None: (
        r"(?:original|base|parent|source|upstream|foundation|backbone)[ _-]models?(?: (?:page|repo|"
        r"link|id|name|used))?|model base|original (?:weights|repo|repository)|base|derived from|"
        r"converted from|basismodell|modèle de base|modelo base|modello base|базовая модель|"
        r"基础模型|基座模型|基底模型|原始模型|原模型|ベースモデル|元モデル|베이스 모델|기본 모델"
    ),
    Relation.FINETUNE: (
        r"(?:fine[- ]?tuned|trained)[ _](?:from|on top of)"
        r"(?:[ _](?:the )?(?:base )?(?:model|checkpoint))?"
    ),
    Relation.QUANTIZED: (
        r"quanti[sz]ed[ _]from(?:[ _]model)?|(?:unquanti[sz]ed|full[ -]precision)[ _]model"
    ),
    Relation.ADAPTER: r"(?:lora )?adapter (?:for|of)",
    Relation.MERGE: r"merged[ _](?:from|models)|models merged|merge of",
}
_BEFORE = r"^[^\w\n<]{0,24}(?:\d{1,2}[.)]\s)?(?:<\w{1,10}[^<>]{0,60}>\s?){0,3}[*_`]{0,3}"
_AFTER = r"\s?(?:\[optional\])?\s?[*_`]{0,3}(?:</\w{1,10}>)?\s?[:\uff1a|][*_`]{0,3}"

LABELS: tuple[Phrase, ...] = tuple(
    Phrase(
        relation,
        re.compile(f"{_BEFORE}(?:{words}){_AFTER}", re.IGNORECASE | re.MULTILINE),
        several=relation is Relation.MERGE,
    )
    for relation, words in _LABELS.items()
)
"""A line that begins so and goes on with a colon or the next cell of a table."""

SAYS_NO = re.compile(
    r"\b(?:not|no|never|neither|nor|cannot|without|unlike|instead of|rather than|similar(?:ly)? to|"
    r"inspired by|compar(?:e|ed|ison|able)|outperforms?|better than|worse than|against|outputs?|"
    r"generated|synthetic|distilled|same (?:architecture|tokenizer|recipe|data)|you (?:can|could|"
    r"may|need|want)|if you|how to|would|could|should|must|plan(?:ned|s)?|coming|todo|example|e\.g|"
    r"see|check|also|another|other|try|alternatively|looking|previous(?:ly)?|earlier|"
    r"their|his|her|credits?|thanks|acknowledg\w{1,9})\b|n['\u2019]t\b",
    re.IGNORECASE,
)
"""In the words before: the sentence denies it, imagines it, compares, or means another thing."""

A_PART = re.compile(
    r"\b(?:encoder|decoder|tower|tokenizer|projector|retriever|teacher|judge|reward model|"
    r"dataset)\b",
    re.IGNORECASE,
)
"""What a sentence is about if it is about one part of the model, or a tool in its making."""

OTHER_THING = re.compile(
    r"\b(?:data|datasets?|corpus|prompts?|templates?|code|scripts?|tokenizers?|architectures?|"
    r"benchmarks?|evaluat\w{1,6}|paper|methods?|recipes?|procedure|implementation|notebook|"
    r"licen[sc]es?|configs?|configuration|settings?|vocabulary|readme|card|framework|pipeline|"
    r"app|demo|space|work)\b",
    re.IGNORECASE,
)
"""What a sentence with common words, `based on`, is about if it is not about the model."""

LEADS_AWAY = re.compile(
    r"\b(?:this|these|it|its|my|our|your|data|datasets?|outputs?|generated|responses?|using|with|by|"
    r"via|like|similar|architecture|tokenizer|paper|compared|evaluat\w{1,6}|method|recipe|script|"
    r"notebook|code|outperforms?|instead|than|not|which|whose|who|samples?|conversations?|tokens?|"
    r"examples?|prompts?|instructions?|licen[sc]e|thanks|see)\b|[.!?;]\s|\n\s*\n|\]\(",
    re.IGNORECASE,
)
"""Between the phrase and the model: the model is named for another reason."""

JOINS = re.compile(
    r"[\s,;&+*)(\"'`/|-]{0,8}(?:(?:and|with|plus|und|et)\s)?(?:the\s)?[\s*`_(\"'\[]{0,6}",
    re.IGNORECASE,
)
"""Between two models of one merge."""
