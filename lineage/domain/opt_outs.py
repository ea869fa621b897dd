"""Who opted out: ids and owners that no answer may name, however they are spelled."""

import hashlib
import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from lineage.domain.repo_ids import find_repo_id, fold_repo_letters, is_hub_address, is_repo_id

_LAYERS = 4
"""An address in JSON in JSON has three."""
# From the first of several backslashes alone: else thousands of them would take seconds.
_ESCAPED = re.compile(r"(?<!\\)\\+(?:[uU]([0-9a-fA-F]{4})|[xX]([0-9a-fA-F]{2})|(/))")
_SEPARATORS = re.compile(r"(?:[ \t]{0,4}(?:[/\\]|--|__)){1,9}[ \t]{0,4}")


def normalize_opt_out(text: str) -> str:
    r"""Return a text in lower case, with `/` for all that stands between an owner and a name.

    Undone are `%2F`, `\u002f`, `\/`, `&#47;`, full-width letters, invisible characters, `--` and
    `__` (`models--owner--name`) and backslashes; none of that can be told from the rest after.
    """
    for _ in range(_LAYERS):
        before, text = text, fold_repo_letters(_unescape_opt_out(text))
        if text == before:
            break
    return _SEPARATORS.sub("/", text.lower())


def _unescape_opt_out(text: str) -> str:
    if "\\" in text:
        text = _ESCAPED.sub(_parse_opt_out_name, text)
    return html.unescape(unquote(text))


def _parse_opt_out_name(escape: re.Match[str]) -> str:
    code, byte, _ = escape.groups()
    digits = code or byte
    return chr(int(digits, 16)) if digits else "/"


OPTED_OUT = "(opted out)"
"""What stands for words that name one of them beside somebody else."""

_FIRST_WORD = re.compile(r"[a-z0-9]+")
_SHORT = 8
_DIGEST = 64
_VOCABULARY = "license:"


@dataclass(frozen=True, slots=True)
class OptOuts:
    """Ids (`owner/name`) and owners (`owner`), in lower case: names are compared without case."""

    names: frozenset[str] = frozenset()
    """As they were listed."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys of their models, as far as they are known, with the listed name behind each."""
    learned: Mapping[str, str] = field(default_factory=dict)
    """Other names that those models have or had, in lower case, likewise."""
    marks: frozenset[str] = frozenset()
    """Digests of keys that were opted out before: `mark` tells how they are made."""
    hint: str = field(init=False, compare=False, repr=False)
    """A pattern that finds every text that may name one of them, and others, without case."""
    _words: tuple[str, ...] = field(init=False, compare=False, repr=False)
    _named: re.Pattern[str] = field(init=False, compare=False, repr=False)
    _beginnings: frozenset[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        plain_names = sorted(
            {normalize_opt_out(name) for name in (*self.names, *self.learned)}, reverse=True
        )
        words = sorted({_first_word_of_opt_out(name) for name in plain_names})
        hint = "|".join([*map(re.escape, words), r"[%&\\]", r"[^\x00-\x7f]"])
        inner = "|".join(map(re.escape, plain_names)) or r"(?!)"
        pattern = rf"(?<![\w\-])(?<!\w\.)(?:{inner})(?![\w\-])(?!\.(?!git\b)\w)"
        for name, value in (
            ("hint", hint),
            ("_words", tuple(words)),
            ("_named", re.compile(pattern)),
            ("_beginnings", frozenset(each[:_SHORT] for each in self.marks)),
        ):
            object.__setattr__(self, name, value)

    @classmethod
    def parse(cls, text: str) -> "OptOuts":
        """Read ids and owners, divided by commas or blanks."""
        names = text.replace(",", " ").split()
        ids = (find_repo_id(name) or ("" if is_hub_address(name) else name) for name in names)
        return cls(frozenset(id.lower() for id in ids if id.strip("/")))

    def __bool__(self) -> bool:
        return bool(self.names)

    def covers(self, id: str) -> bool:
        """Say whether a model of this name is to be forgotten, by itself or with its owner."""
        return self.behind(id) is not None

    def behind(self, id: str) -> str | None:
        """Return the listed name by which a model of this name is to be forgotten, else None."""
        name = (find_repo_id(id) or id).lower()
        owner, slash, _ = name.partition("/")
        if name in self.names:
            return name
        return owner if slash and owner in self.names else self.learned.get(name)

    def behind_key(self, key: str) -> str | None:
        """Return the listed name by which the model of a key is to be forgotten, else None."""
        if (name := self.keys.get(key)) is not None or not self._beginnings:
            return name
        if _digest_opt_out(key)[:_SHORT] not in self._beginnings:
            return None
        return next(
            (name for name in self.names if make_opt_out_digest(name, key) in self.marks), None
        )

    def knows(self, key: str) -> bool:
        """Say whether the model of a key is to be forgotten."""
        if not self._beginnings:
            return key in self.keys
        return self.behind_key(key) is not None

    def opt_out_names_in(self, value: str) -> bool:
        """Say whether a value names one of them: as an id, or wherever in other words.

        `other/owner` is another's model, also where `owner` is to be forgotten.
        """
        if not self.may_opt_out_be_in(value):
            return False
        id = find_repo_id(value)
        if id is None or not _is_one_opted_out_name(id):
            return self.opted_out_named_in(value)
        return self.covers(id) or self.opted_out_named_in(value.replace(id, ""))

    def opted_out_in_tag(self, tag: str) -> bool:
        """Say whether a tag names one of them; a license may be called as an owner is."""
        if not self.may_opt_out_be_in(tag):
            return False
        if tag.startswith(_VOCABULARY) and tag[len(_VOCABULARY) :] in self.names:
            return False
        parts = tag.split(":")
        if any(map(self.opt_out_names_in, parts)):
            return True
        return not all(map(_is_one_opted_out_name, parts)) and self.opted_out_named_in(tag)

    def opted_out_named_in(self, *texts: str) -> bool:
        """Say whether words name one of them, wherever in them and however they are escaped."""
        return any(
            self.may_opt_out_be_in(text) and self._named.search(normalize_opt_out(text))
            for text in texts
        )

    def may_opt_out_be_in(self, text: str) -> bool:
        """Say whether a closer look at a text is worth it; as `hint` does, at a fourth of the cost.

        A word of theirs stands in it, or something that may be a word in disguise.
        """
        if not text.isascii() or "%" in text or "&" in text or "\\" in text:
            return True
        # In small letters once: `casefold` would be exact for letters that no id may hold.
        lowered = text.lower()
        for word in self._words:  # noqa: SIM110 - asked of every row: `any` would double its cost
            if word in lowered:
                return True
        return False

    def and_opt_outs(self, keys: Mapping[str, str], names: Mapping[str, str]) -> "OptOuts":
        """Return the same with more keys and names that are known to be theirs."""
        also = {name.lower(): listed for name, listed in names.items()}
        new_keys = {key: listed for key, listed in keys.items() if key not in self.keys}
        new_names = {name: listed for name, listed in also.items() if not self.covers(name)}
        if not new_keys and not new_names:
            return self
        return replace(self, keys={**self.keys, **new_keys}, learned={**self.learned, **new_names})

    def marked(self, marks: Iterable[str]) -> "OptOuts":
        """Return the same, knowing again who was opted out of an earlier snapshot."""
        return replace(self, marks=self.marks | frozenset(marks)) if self else self

    def digest(self) -> str:
        """Return what tells this list from any other, and holds no name."""
        return _digest_opt_out("\n".join(sorted(self.names)))

    def all_opt_out_marks(self) -> tuple[str, ...]:
        """Return what a snapshot keeps to know them again: digests, none for an empty list."""
        if not self:
            return ()
        own = {make_opt_out_digest(listed, key) for key, listed in self.keys.items()}
        return tuple(sorted(own | self.marks | {self.digest()}))


def make_opt_out_digest(listed: str, key: str) -> str:
    """Return the digest of a key that only who knows both key and listed name can make.

    It begins with a piece of the key's own digest, so that one look sifts millions of keys.
    """
    return _digest_opt_out(key)[:_SHORT] + _digest_opt_out(f"{listed}\n{key}")


def count_opt_out_marks(marks: Iterable[str]) -> int:
    """Return how many models a snapshot was made without, by the digests that it keeps."""
    # The digest of a list is shorter than the mark of a key by the piece that marks begin with.
    return sum(len(each) > _DIGEST for each in marks)


def _is_one_opted_out_name(text: str) -> bool:
    """Say whether a text is an id and no more; `owner__name` may be one, or another spelled so."""
    return is_repo_id(text) and ("/" in text or "__" not in text)


def _digest_opt_out(text: str) -> str:
    # Digests lie in manifests that are published: they must name no model.
    return hashlib.sha256(text.encode()).hexdigest()


def _first_word_of_opt_out(name: str) -> str:
    match = _FIRST_WORD.search(name)
    return name if match is None else match[0]


NO_OPT_OUTS = OptOuts()
