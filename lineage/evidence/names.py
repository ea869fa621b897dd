"""Claims inferred from names: `Foo-7B-GGUF` comes from `Foo-7B`, `Kin-8B-it-cats` from `Kin-8B-it`.

What a name suggests is not declared, so it stays marked as inferred. Which patterns are
used, and how often each is right, `lineage evaluate` measures; docs/evidence.md has the figures.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from itertools import chain, islice
from typing import NamedTuple

from lineage.domain.claims import Claim, Relation
from lineage.domain.families import Family
from lineage.evidence.infer import InferenceCatalog, KnownModel

_QUANTIZED = (
    r"gguf|ggml|awq|autoawq|gptq|gptqmodel|autogptq|autoround|bnb|nf4|exl[23]|hqq|aqlm|uqff|mlc"
    r"|nvfp4|mxfp4|fp[48]|int[248]|w[48]a(?:8|16)|[0-9]{1,2}(?:\.[0-9]{1,2})?bpw|bpw[0-9](?:\.[0-9]+)?"
    r"|[2-8][_-]?bits?|i?q[1-8](?:[_.](?:k|[01]|xs|xxs|nl|s|m)(?:[_.](?:xxs|xs|s|m|l|xl))?)?"
    r"|q[348]f(?:16|32)[_-]1|quantized"
)
_CONVERTED = r"mlx|onnx|openvino|ov|ct2"
# Marks that stand beside others and prove nothing by themselves.
_BESIDE = r"i1|imat|imatrix|hb?[68]|dynamic|gs?(?:32|64|128)|a?sym|dwq|f16|fp16|bf16|f32|unsloth"

# Plain enough for RE2, so that pyarrow can sift a whole column of names with it.
MARKED = rf"(?i)[-_.](?:{_QUANTIZED}|{_CONVERTED}|{_BESIDE})$"
"""Finds names that end in some mark."""

_MARK = re.compile(rf"[-_.](?:{_QUANTIZED}|{_CONVERTED}|{_BESIDE})$", re.IGNORECASE)
_IS_QUANTIZED = re.compile(rf"[-_.](?:{_QUANTIZED})(?![^-_.])", re.IGNORECASE)
_IS_CONVERTED = re.compile(rf"[-_.](?:{_CONVERTED})(?![^-_.])", re.IGNORECASE)
_SIZE = re.compile(r"(?<![0-9a-z.])([0-9]+(?:\.[0-9]+)?)([bm])(?![0-9a-z])", re.IGNORECASE)


class Stem(NamedTuple):
    """What is left of a name when the marks at its end are cut."""

    text: str
    tail: str
    """What was cut, `-Q4_K_M-GGUF`."""
    quantized: bool
    """False for a conversion to another format, which may keep every bit."""


def list_claimed_stems(name: str) -> Iterator[Stem]:
    """Cut the marks from the end of a repository's name (no owner) one by one, longest stem first.

    `Foo-bf16-GGUF` may be made of a model called `Foo-bf16` as well as of `Foo`.
    """
    at = len(name)
    while (match := _MARK.search(name[:at], 1)) is not None:
        at = match.start()
        tail = name[at:]
        if (quantized := _IS_QUANTIZED.search(tail) is not None) or _IS_CONVERTED.search(tail):
            yield Stem(name[:at], tail, quantized)


def sizes_in_claimed_name(name: str) -> frozenset[str]:
    """Return the numbers of parameters in a name, `8b`, `1.5b`, `125m`, in lower case."""
    return frozenset((number + unit).lower() for number, unit in _SIZE.findall(name))


RULE = "name"

_MOST_OWNER_SPLITS = 4
_SEPARATOR = re.compile(r"[-_.]")
# Who copies thousands of models joins owner and name by what stands in no name else.
_OWNER_SEPARATOR = re.compile(r"_-_|__|--")
# A name that spells one of these out means just that checkpoint.
_EXACT = re.compile(r"(?<![a-z])(?:instruct|chat|it|base|pt|hf)(?![a-z])")
# A model that was uploaded again under its old name may be a little younger than its children.
_CLEARLY_LATER = timedelta(days=7)
# Words that another model stands between: somebody's fine-tune or several, a converted copy, the
# re-uploads that a training network starts from; or, in the last line, that the model sees, which
# some tutorials leave out of its name.
_ANOTHER_STEP = re.compile(
    r"abliterat|uncensor|merge|ties|slerp|dare|stock|mix|fusion|soup|moe|distill|delta|diff"
    r"|ablation|reference|eagle|draft|medusa|prun|orpheus|tts|dpo|grpo|ppo|orpo|kto|rft"
    r"|stage|step|iter|round|epoch|pass|cpt|contin|resum|redo|[-_.]v[2-9]"
    r"|gguf|mlx|onnx|awq|gptq|shard|qat|gensyn|swarm"
    r"|vision|image|ocr|caption|description|html|trl-sft|amazon",
    re.IGNORECASE,
)


class NamePattern(StrEnum):
    """How a name leads to a parent."""

    OWN = "own"
    """The author's own model of the stem."""
    ROOT = "root"
    """The official repository of the stem."""
    SOLE = "sole"
    """The one model of the stem, spelled alike."""
    ORIGINAL = "original"
    """The one of several of the stem that all the others declare as their parent."""
    OWNER = "owner"
    """The stem spells owner and model in one, `owner_-_model`, `owner_model` or `owner.model`."""
    PREFIX = "prefix"
    """The name begins with the exact name of an official repository, `-Instruct` included."""


class NameRule:
    """The rule `name`: at most one parent for each model."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._roots = RootNames(families)
        self._curated = list_ids_never_inferred(families)
        prefixes = self._roots.id_pattern
        self.id_pattern = MARKED if prefixes is None else f"(?:{MARKED})|(?:{prefixes})"

    def list_names(self, id: str) -> Iterator[str]:
        name = id.rpartition("/")[2]
        stems = [stem.text for stem in list_claimed_stems(name)]
        for stem in _read_behind_owner(stems):
            yield stem.lower()
            yield from (repository.lower() for _, repository in _split_claimed_owner(stem))
            if (root := self._roots.find_root(stem)) is not None:
                yield root.rpartition("/")[2].lower()
        if not stems and (prefix := self._roots.find_prefix(name)) is not None:
            yield prefix[0].rpartition("/")[2].lower()

    def infer_parents(
        self, model: KnownModel, catalog: InferenceCatalog
    ) -> Iterable[tuple[Claim, str]]:
        if model.id.lower() in self._curated:
            return ()
        name = model.id.rpartition("/")[2]
        stems = list(list_claimed_stems(name))
        if not stems:
            prefix = self._roots.find_prefix(name)
            return () if prefix is None else self._match_prefix(model, *prefix, catalog)
        # The longest stem that names a model is meant; a contradiction there ends the search.
        for stem in stems:
            for text in _read_behind_owner([stem.text]):
                match = self._match_stem(model, text, catalog)
                if match is None:
                    continue
                parent, pattern = match
                fits = parent.id != model.id and _is_claim_compatible(parent, model)
                is_dated = pattern in {NamePattern.SOLE, NamePattern.ORIGINAL}
                if not fits or (is_dated and _is_claim_younger(parent, model)):
                    return ()
                relation = Relation.QUANTIZED.value if stem.quantized else None
                quote = f"…{stem.tail} of {text}"
                return ((Claim(RULE, parent.id, quote, relation), pattern),)
        return ()

    def _match_stem(
        self, model: KnownModel, stem: str, catalog: InferenceCatalog
    ) -> tuple[KnownModel, NamePattern] | None:
        """Return the first parent that a pattern finds."""
        namesakes = [it for it in catalog.models_named(stem.lower()) if it.id != model.id]
        # Dates are not asked of these three: official repositories may be dated years too late.
        candidates = (
            (_infer_by_owner(model.id.rpartition("/")[0], namesakes), NamePattern.OWN),
            (self._find_official(self._roots.find_root(stem), catalog), NamePattern.ROOT),
            (_infer_from_owner_in_name(stem, catalog), NamePattern.OWNER),
        )
        for parent, pattern in candidates:
            if parent is not None:
                return parent, pattern
        several = len(namesakes) > 1
        parent = _infer_original(namesakes) if several else _infer_only_bearer(namesakes, stem)
        pattern = NamePattern.ORIGINAL if several else NamePattern.SOLE
        return None if parent is None else (parent, pattern)

    def _match_prefix(
        self, model: KnownModel, root: str, suffix: str, catalog: InferenceCatalog
    ) -> Iterable[tuple[Claim, str]]:
        parent = self._find_official(root, catalog)
        if parent is None or not _is_claim_compatible(parent, model) or not suffix.strip("-_."):
            return ()
        if _ANOTHER_STEP.search(suffix) or sizes_in_claimed_name(suffix) - sizes_in_claimed_name(
            root
        ):
            return ()
        prefix = model.id.rpartition("/")[2].removesuffix(suffix)
        return ((Claim(RULE, parent.id, f"{prefix}-…"), NamePattern.PREFIX),)

    def _find_official(self, id: str | None, catalog: InferenceCatalog) -> KnownModel | None:
        if id is None:
            return None
        namesakes = catalog.models_named(id.rpartition("/")[2].lower())
        return next((model for model in namesakes if model.id == id), None)


def list_ids_never_inferred(families: Sequence[Family]) -> set[str]:
    """Return the ids that the registry has decided by hand, in lower case: nothing is inferred."""
    roots = {root.lower() for family in families for root in family.root_repo_ids()}
    former = {it.name.lower() for family in families for it in family.former_names()}
    return roots | former | {it.id.lower() for family in families for it in family.outsiders}


class RootNames:
    """Official repositories of every family by repository name, without case.

    A former name counts, and so does a name without `Meta-` in front or `-hf` at its end, unless
    that is another official name.
    """

    def __init__(self, families: Iterable[Family]) -> None:
        official = dict(_list_root_names_of_rule(families))
        shortened = {
            short: id for name, id in official.items() for short in _shorten_claimed_name(name)
        }
        # Of a checkpoint in two formats the `-hf` one is meant: it alone carries what others load.
        self._id_of: Mapping[str, str] = {
            name: official.get(f"{name}-hf", id) for name, id in {**shortened, **official}.items()
        }
        # Who writes `Llama-3.1-8B-cats` has as often begun with `Llama-3.1-8B-Instruct`.
        self._exact = {name: id for name, id in self._id_of.items() if _EXACT.search(name)}

    @property
    def id_pattern(self) -> str | None:
        """An RE2 pattern for ids that `find_prefix` may know; None where it can know none."""
        names = "|".join(re.escape(name) for name in sorted(self._exact))
        return rf"(?i)^(?:[^/]*/)?(?:{names})[-_.]" if names else None

    def find_root(self, name: str) -> str | None:
        """Return the id of the root that a repository name means."""
        return self._id_of.get(name.lower())

    def find_prefix(self, name: str) -> tuple[str, str] | None:
        """Return the root whose exact name begins this one, and what follows that name."""
        lowered = name.lower()
        for cut in reversed([match.start() for match in _SEPARATOR.finditer(lowered)]):
            prefix, suffix = lowered[:cut], lowered[cut:]
            # `phi-2.7` is not made of `phi-2`.
            is_version = suffix[0] == "." and suffix[1:2].isdigit()
            if prefix in self._exact and not is_version:
                return self._exact[prefix], name[cut:]
        return None


def _list_root_names_of_rule(families: Iterable[Family]) -> Iterator[tuple[str, str]]:
    """Yield repository names in lower case with the root they mean; present names come last."""
    for family in families:
        for release in family.releases:
            for former in release.former_names:
                yield former.name.rpartition("/")[2].lower(), former.now
            for id in release.official:
                yield id.rpartition("/")[2].lower(), id


def _shorten_claimed_name(name: str) -> Iterator[str]:
    bare = name.removesuffix("-hf")
    yield from {bare, bare.removeprefix("meta-"), name.removeprefix("meta-")} - {name}


def _infer_by_owner(owner: str, namesakes: Iterable[KnownModel]) -> KnownModel | None:
    if not owner:
        return None
    return next((model for model in namesakes if model.id.rpartition("/")[0] == owner), None)


def _infer_only_bearer(namesakes: Sequence[KnownModel], stem: str) -> KnownModel | None:
    """Return the only bearer of a name, if it is spelled alike and is no everyday word."""
    if len(namesakes) != 1 or not any(letter.isdigit() for letter in stem):
        return None
    return namesakes[0] if namesakes[0].id.rpartition("/")[2] == stem else None


def _infer_original(namesakes: Sequence[KnownModel]) -> KnownModel | None:
    """Return the one that all its namesakes declare as a parent."""
    for model in namesakes:
        if all(other is model or model.id in other.parents for other in namesakes):
            return model
    return None


def _read_behind_owner(stems: Iterable[str]) -> Iterator[str]:
    """Yield each stem, and what stands behind an owner that is set off in it beyond doubt."""
    for stem in stems:
        yield stem
        match = _OWNER_SEPARATOR.search(stem, 1)
        if match is not None and match.end() < len(stem):
            yield stem[match.end() :]


def _split_claimed_owner(stem: str) -> Iterator[tuple[str, str]]:
    """Yield each way to read owner and repository out of one name, the surest first."""
    separators = _OWNER_SEPARATOR.finditer(stem), _SEPARATOR.finditer(stem)
    for match in chain(*(islice(each, _MOST_OWNER_SPLITS) for each in separators)):
        if match.start() > 0 and match.end() < len(stem):
            yield stem[: match.start()], stem[match.end() :]


def _infer_from_owner_in_name(stem: str, catalog: InferenceCatalog) -> KnownModel | None:
    for owner, repository in _split_claimed_owner(stem):
        id = f"{owner}/{repository}".lower()
        for model in catalog.models_named(repository.lower()):
            if model.id.lower() == id:
                return model
    return None


def _is_claim_younger(parent: KnownModel, child: KnownModel) -> bool:
    if parent.created_at is None or child.created_at is None:
        return False
    return parent.created_at - child.created_at > _CLEARLY_LATER


def _is_claim_compatible(parent: KnownModel, child: KnownModel) -> bool:
    """Say whether nothing that is known of both contradicts."""
    architectures = {parent.model_type, child.model_type} - {None}
    return len(architectures) < 2 and child.id not in parent.parents
