"""What a check is asked: the models of somebody's list, and rules on their ancestors."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cached_property

from lineage.domain.subjects import SubjectKind, parse_subject

# `owner/name@sha`, `.../tree/<sha>`, `pkg:huggingface/owner/name@sha`.
_REVISION = re.compile(
    r"(?:@|/(?:tree|blob|resolve|commit|snapshots)/)([0-9a-f]{7,40})\b", re.IGNORECASE
)


class UnknownPolicy(StrEnum):
    """What a model of unknown origin does to the verdict as a whole."""

    FAIL = "fail"
    WARN = "warn"
    PASS = "pass"


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model to check, as somebody's list has it."""

    name: str
    sha: str | None = None
    """The revision it is pinned to."""
    place: str | None = None
    """Where it stands, `models.txt:3`."""

    @classmethod
    def spelled(cls, name: str, place: str | None = None) -> "ListedModel":
        """Return a model with the revision that its spelling names, `owner/name@sha`."""
        match = _REVISION.search(name)
        return cls(name, None if match is None else match[1].lower(), place)


@dataclass(frozen=True)
class SubjectPattern:
    """`owner/name` in which `*` stands for letters but no slash, or a family or release."""

    text: str
    """As it was written."""
    kind: SubjectKind
    name: str
    """In small letters; of a family or release its id."""

    @classmethod
    def parse(cls, text: str) -> "SubjectPattern":
        """Read a pattern.

        Raises:
            ValueError: it names nothing that a pattern can match; the message says why.
        """
        if "*" in text:
            # As a spelling of a model a star is somebody's bold type, and would be undone.
            name = text.strip().removeprefix("model:").strip()
            if re.match(r"(family|release)\s*:", name, re.IGNORECASE):
                raise ValueError(f"{text!r}: `*` stands in names of models alone")
            return cls(text, SubjectKind.MODEL, name.lower())
        subject = parse_subject(text)
        kind = subject.kind or SubjectKind.MODEL
        return cls(text, kind, subject.name.lower())

    @cached_property
    def expression(self) -> str:
        """What the names that match look like as a regular expression, in small letters."""
        return "^" + "[^/]*".join(re.escape(part) for part in self.name.split("*")) + "$"

    def matches(self, name: str) -> bool:
        """Say whether a model's name is meant, whatever its case."""
        return re.match(self.expression, name.lower()) is not None


@dataclass(frozen=True, slots=True)
class CheckRules:
    """What is denied and allowed; each rule that is broken fails a model."""

    deny: tuple[SubjectPattern, ...] = ()
    """Neither a model nor an ancestor may match one of them."""
    allow: tuple[SubjectPattern, ...] = ()
    """Each root at which a declared path ends must match one of them; empty = any root."""
    deny_license: tuple[str, ...] = ()
    """Ids of license terms, clauses or license tags that may apply to no ancestor."""
    pinned: bool = False
    """Whether each model must be given with the revision that the snapshot has."""
    strict: bool = False
    """Whether a pattern that matches nothing is an error."""
    unknown: UnknownPolicy = UnknownPolicy.FAIL

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to check."""
        return not (self.deny or self.allow or self.deny_license or self.pinned)

    @property
    def exact_check_patterns(self) -> tuple[SubjectPattern, ...]:
        """The patterns that are one model's name."""
        return tuple(
            it
            for it in self.deny + self.allow
            if it.kind is SubjectKind.MODEL and "*" not in it.name
        )

    def with_check_rules(self, more: "CheckRules") -> "CheckRules":
        """Return the rules of both: lists add up, and of two policies `more` decides."""
        return CheckRules(
            self.deny + more.deny,
            self.allow + more.allow,
            self.deny_license + more.deny_license,
            self.pinned or more.pinned,
            self.strict or more.strict,
            more.unknown,
        )


def read_check_rules(table: Mapping[str, object]) -> CheckRules:
    """Return the rules of a table as it stands in a rules file or a request.

    Raises:
        ValueError: a key or value is none of a rule; the message says which are.
    """
    keys = [field.name for field in fields(CheckRules)]
    if unknown := sorted(set(table) - set(keys)):
        raise ValueError(f"unknown key {unknown[0]!r}; there are: {', '.join(keys)}")
    return CheckRules(
        _parse_check_rule_subjects(table, "deny"),
        _parse_check_rule_subjects(table, "allow"),
        _parse_check_rule_texts(table, "deny_license"),
        _parse_check_rule_flag(table, "pinned"),
        _parse_check_rule_flag(table, "strict"),
        parse_check_policy(table.get("unknown", UnknownPolicy.FAIL)),
    )


def parse_check_policy(word: object) -> UnknownPolicy:
    """Return a policy by its word; ValueError with the allowed ones."""
    if not isinstance(word, str) or word not in set(UnknownPolicy):
        raise ValueError(f"unknown = {word!r}: use one of {', '.join(UnknownPolicy)}")
    return UnknownPolicy(word)


def _parse_check_rule_subjects(table: Mapping[str, object], key: str) -> tuple[SubjectPattern, ...]:
    return tuple(SubjectPattern.parse(text) for text in _parse_check_rule_texts(table, key))


def _parse_check_rule_texts(table: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = table.get(key, [])
    texts = tuple(it for it in value if isinstance(it, str)) if isinstance(value, list) else ()
    if isinstance(value, list) and len(texts) == len(value) and all(map(str.strip, texts)):
        return texts
    raise ValueError(f"{key} is a list of texts, none of them empty")


def _parse_check_rule_flag(table: Mapping[str, object], key: str) -> bool:
    match table.get(key, False):
        case bool(value):
            return value
    raise ValueError(f"{key} is true or false")
