"""What repositories say of their license, and what a judgement on it is answered with."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lineage.analysis.results import Count
from lineage.analysis.subjects import ResolvedSubject
from lineage.domain.addresses import is_loopback_address
from lineage.domain.arrays import Indices, Int64s, Mask
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.domain.licenses import (
    Drift,
    DriftSeverity,
    Grant,
    LicenseNote,
    LicenseTerms,
    NameLevel,
    WeightsForm,
)
from lineage.store import schema
from lineage.store.reader import Snapshot

CONFLICTS = frozenset(
    {DriftSeverity.WIDENS, DriftSeverity.METADATA, DriftSeverity.CHECK, DriftSeverity.NOTE}
)
"""Classes in which a tag and the terms above it say different things."""
LEAST_SHARE = 0.15
"""A snapshot that knows the license of fewer models than this part is a sample, where a missing
license says nothing. Of 476 children of Llama 2 whose full records were read in April 2025 49 %
declared one, of 1,313 undeclared Llama models 61 %; the bundled corpus knows 3 %."""


class Judged(NamedTuple):
    """One derivative or plain mirror, and what its license is beside the terms above it.

    A tuple and not a dataclass, because a family has some hundred thousand of them.
    """

    model: str
    key: str
    release: str
    """The release it stems from, by name; several are joined by ` + `."""
    terms: tuple[str, ...]
    """The terms that it owes, by id; the union where it stems from several releases."""
    tag: str | None
    license_name: str | None
    license_link: str | None
    drift: Drift
    severity: DriftSeverity
    clauses: tuple[str, ...]
    """Where to look, in the terms owed: `1.b.i`."""
    form: WeightsForm
    is_mirror: bool
    path: tuple[str, ...]
    """From the model up to the nearest root, and on to the official repository it stands for."""
    name_prefix: str | None
    """How its name would have to begin; None where no terms ask for it."""
    license_name_level: NameLevel | None
    notes: tuple[LicenseNote, ...]
    downloads: int | None
    below: int
    """How many models lie below it, as counted when the snapshot was published."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """How much a snapshot knows of licenses, and so what a missing one means in it."""

    known: int
    """Listed models with a license tag."""
    listed: int
    is_local: bool
    """It was taken from a server on the same machine."""

    @property
    def is_sample(self) -> bool:
        """Say whether a missing license may just not have been looked at."""
        return self.is_local or self.known < LEAST_SHARE * self.listed


@dataclass(frozen=True, slots=True)
class LicenseFindings:
    """A subject's derivatives, and a family's or release's mirrors, each with its class."""

    snapshot: str
    subject: ResolvedSubject
    family: Family
    """Whose terms they are compared with."""
    other_families: tuple[str, ...]
    """Names of further families that the subject descends from; their terms are left out."""
    terms: LicenseTerms
    definition: Definition
    count: Count
    """The derivatives alone: how many they are, and what that number cannot say."""
    knowledge: Knowledge
    rows: Sequence[Judged]
    """Conflicts first, and of those the most used; by downloads, models below, and id."""

    @property
    def left_out(self) -> int:
        """How many derivatives are in no row: official ones, and those without known terms."""
        return self.count.total - sum(not row.is_mirror for row in self.rows)


_WORDS = ("license", "license_name", "license_link")
# Names and links are words of strangers, as long as these like: a pattern that walks over a
# megabyte of one would hold up the whole report. A license is named within the first words.
_MOST_CHARACTERS = 500
_NUMBERED = re.compile(r"llama[\s_-]*v?(\d)(?:[._-](\d)(?![\db.]))?(?![\db])", re.IGNORECASE)
"""`Llama 3.1`, `llama3_1`, `Llama-2-7b`; the 7 of `llama-7b` is a size."""
_WORD_ENDS = re.compile(r"[\s_-]+")
_DROPPED = str.maketrans("", "", " -_")


@dataclass(frozen=True, slots=True)
class LicenseStatement:
    """What a repository says of its license."""

    is_silent: bool = False
    tagged: str | None = None
    """The terms whose own tag it has, by id."""
    named: frozenset[str] = frozenset()
    """The terms that its license name or link means, by id."""
    is_unnumbered: bool = False
    """Name or link say Llama and no number of any terms."""
    grant: Grant | None = None
    """What its tag is; None for a tag that the rules do not rank."""


@dataclass(frozen=True, slots=True)
class DeclaredLicenses:
    """The words of some models, and what they say."""

    key: list[str]
    id: list[str]
    license: list[str | None]
    license_name: list[str | None]
    license_link: list[str | None]
    library: list[str | None]
    statements: Sequence[LicenseStatement]
    """Each distinct statement."""
    statement: Int64s
    """Which of them is each model's."""


def license_knowledge_of(snapshot: Snapshot) -> Knowledge:
    """Return how many models of a snapshot have a known license."""
    tags = snapshot.column(schema.MODELS_FILE, "license")
    listed = snapshot.manifest.models
    local = is_loopback_address(snapshot.manifest.origin.endpoint)
    return Knowledge(listed - tags.null_count, listed, local)


def read_license_statements(
    snapshot: Snapshot, nodes: Indices, terms: LicenseTerms
) -> DeclaredLicenses:
    """Read what models with a record declare, in the order asked."""
    columns = ["key", "id", *_WORDS, "library"]
    table = snapshot.record_table(columns).take(pa.array(nodes)).combine_chunks()
    words = {name: table[name].to_pylist() for name in columns}

    # Of a hundred thousand models a few hundred words differ: each combination is read once.
    code = np.zeros(table.num_rows, np.int64)
    for name in _WORDS:
        column = table[name].combine_chunks().dictionary_encode()
        # One more for a word that is absent.
        place = pc.fill_null(column.indices, len(column.dictionary)).to_numpy(zero_copy_only=False)
        code = np.unique(code * (len(column.dictionary) + 1) + place, return_inverse=True)[1]
    _, first, which = np.unique(code, return_index=True, return_inverse=True)
    distinct = table.select(list(_WORDS)).take(pa.array(first)).to_pylist()
    statements = [
        judge_license_statement(row["license"], row["license_name"], row["license_link"], terms)
        for row in distinct
    ]
    statement = which.astype(np.int64)

    # Cards that a curated source quotes word for word name their terms too.
    quoted = {card.model: card.names for card in terms.cards}
    for row in [row for row, id in enumerate(words["id"]) if id in quoted]:
        own = statements[statement[row]]
        statements.append(replace(own, named=own.named | {quoted[words["id"][row]]}))
        statement[row] = len(statements) - 1
    return DeclaredLicenses(**words, statements=statements, statement=statement)


def same_license(snapshot: Snapshot, nodes: Indices, parents: Indices) -> Mask:
    """Say where a model's tag is its parent's; False where a tag or the parent is not known."""
    tags = snapshot.record_column("license").combine_chunks()
    has_record = (parents >= 0) & (parents < snapshot.records)
    same = pc.equal(
        tags.take(pa.array(nodes)),
        tags.take(pa.array(np.where(has_record, parents, 0), mask=~has_record)),
    )
    mask: Mask = pc.fill_null(same, False).to_numpy(zero_copy_only=False)
    return mask


def judge_license_statement(
    tag: str | None, name: str | None, link: str | None, terms: LicenseTerms
) -> LicenseStatement:
    """Read what strangers wrote; nothing of it is taken for more than words."""
    name, link = ((word or "")[:_MOST_CHARACTERS] for word in (name, link))
    text = f"{name} {link}"
    named = _license_statement_terms_by_number(text, terms) | _license_statement_terms_by_words(
        name, link, terms
    )
    is_numbered = any(each.number for each in terms.terms)
    unnumbered = not named and is_numbered and terms.family in text.lower()
    if tag is None:
        if not text.strip():
            return LicenseStatement(is_silent=True)
        return LicenseStatement(named=named, is_unnumbered=unnumbered, grant=Grant.OTHER)
    tagged = next((each.id for each in terms.terms if each.tag == tag.strip().lower()), None)
    return LicenseStatement(
        tagged=tagged,
        named=named,
        is_unnumbered=unnumbered,
        grant=license_grant_of(tag, terms),
    )


def _license_statement_terms_by_number(text: str, terms: LicenseTerms) -> frozenset[str]:
    numbers = (
        ".".join(part for part in match.groups() if part) for match in _NUMBERED.finditer(text)
    )
    by_number = {each.number: each.id for each in terms.terms if each.number}
    return frozenset(by_number[number] for number in numbers if number in by_number)


def _license_statement_terms_by_words(name: str, link: str, terms: LicenseTerms) -> frozenset[str]:
    plain_name, plain_link = _WORD_ENDS.sub("-", name.strip().lower()), link.lower()
    return frozenset(
        each.id
        for each in terms.terms
        if plain_name in each.names or any(part in plain_link for part in each.links)
    )


def license_grant_of(tag: str, terms: LicenseTerms) -> Grant | None:
    """Return what a tag is by the longest entry that fits, None where none does."""
    lowered = tag.strip().lower()
    fitting = [entry for entry in terms.tags if fnmatchcase(lowered, entry)]
    return terms.tags[max(fitting, key=len)] if fitting else None


def license_name_level(model: str, prefix: str) -> NameLevel:
    """Compare the part of an id behind the owner with a prefix such as `Llama 3`."""
    # No repository name can hold a space: a prefix with one is never met to the letter.
    name = model.rpartition("/")[2]
    if name.startswith(prefix):
        return NameLevel.STRICT
    plain, plain_prefix = (text.lower().translate(_DROPPED) for text in (name, prefix))
    if plain.startswith(plain_prefix):
        return NameLevel.NORMALIZED
    return NameLevel.CONTAINS if plain_prefix in plain else NameLevel.ABSENT
