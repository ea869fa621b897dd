"""What tags, license names, links and model names say; classes do not hang on who reads first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.analysis.licenses.classes import license_drift_of
from lineage.analysis.licenses.statements import (
    LicenseStatement,
    judge_license_statement,
    license_grant_of,
    license_name_level,
)
from lineage.domain.licenses import Drift, DriftSeverity, Grant, NameLevel, Terms, WeightsForm
from lineage.families.license_terms import license_terms

TERMS = license_terms("llama")
WORDS = ["llama3.1", "LLAMA 2", "mit", " "]
ANY_TEXT = st.none() | st.text(max_size=40) | st.sampled_from(WORDS)


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("llama2", {"llama2"}),
        ("LLAMA 2 COMMUNITY LICENSE AGREEMENT", {"llama2"}),
        ("META LLAMA 3 COMMUNITY LICENSE", {"llama3"}),
        ("llama-3-1", {"llama3.1"}),
        ("https://llama.meta.com/llama3_1/license", {"llama3.1"}),
        ("https://huggingface.co/meta-llama/Meta-Llama-3-8B/blob/main/LICENSE", {"llama3"}),
        ("https://huggingface.co/meta-llama/Llama-3.2-1B/blob/main/LICENSE.txt", {"llama3.2"}),
        ("meta-llama/Llama-2-70b-hf", {"llama2"}),
        ("Llama 3.1 and Llama 3.3", {"llama3.1", "llama3.3"}),
        ("huggyllama/llama-7b", set()),
        ("decapoda-research/llama-13b-hf", set()),
        ("llama 5", set()),
        ("Apache License 2.0", set()),
    ],
)
def test_a_name_or_link_names_terms_by_their_number(said: str, named: set[str]) -> None:
    assert judge_license_statement("other", said, None, TERMS).named == named
    assert judge_license_statement("other", None, said, TERMS).named == named


@pytest.mark.parametrize(
    ("tag", "grant"),
    [
        ("apache-2.0", Grant.PERMISSIVE),
        ("Apache-2.0", Grant.PERMISSIVE),
        ("bsd-3-clause", Grant.PERMISSIVE),
        ("creativeml-openrail-m", Grant.PERMISSIVE),
        ("cc-by-4.0", Grant.PERMISSIVE),
        ("cc-by-sa-4.0", Grant.COPYLEFT),
        ("cc-by-nc-sa-4.0", Grant.NONCOMMERCIAL),
        ("agpl-3.0", Grant.COPYLEFT),
        ("other", Grant.OTHER),
        ("gemma", None),
        ("[a-z]*", None),
    ],
)
def test_the_longest_entry_says_what_a_tag_grants(tag: str, grant: Grant | None) -> None:
    assert license_grant_of(tag, TERMS) is grant


@given(tag=ANY_TEXT, name=ANY_TEXT, link=ANY_TEXT)
def test_whatever_strangers_write_is_read(
    tag: str | None, name: str | None, link: str | None
) -> None:
    claim = judge_license_statement(tag, name, link, TERMS)
    assert claim.is_silent == (tag is None and not ((name or "") + (link or "")).strip())


@given(
    claim=st.builds(
        LicenseStatement,
        is_silent=st.booleans(),
        tagged=st.none() | st.sampled_from([one.id for one in TERMS.terms if one.tag]),
        named=st.frozensets(st.sampled_from([one.id for one in TERMS.terms])),
        is_unnumbered=st.booleans(),
        grant=st.none() | st.sampled_from(Grant),
    ),
    owed=st.lists(st.sampled_from(TERMS.terms), min_size=1, unique_by=lambda one: one.id),
    form=st.sampled_from(WeightsForm),
    is_sample=st.booleans(),
)
def test_every_claim_has_one_class_and_the_order_of_terms_is_irrelevant(
    claim: LicenseStatement, owed: list[Terms], form: WeightsForm, is_sample: bool
) -> None:
    drift = license_drift_of(claim, owed, form, is_sample=is_sample)
    assert drift is license_drift_of(claim, owed[::-1], form, is_sample=is_sample)
    if form in {WeightsForm.ADAPTER, WeightsForm.DELTA}:
        assert TERMS.rule_of(drift).severity is not DriftSeverity.WIDENS
    if claim.is_silent:
        assert drift is (Drift.NOT_IN_SAMPLE if is_sample else Drift.UNDECLARED)


@given(st.text(max_size=30), st.sampled_from(["Llama", "Llama 3"]))
def test_a_name_that_begins_to_the_letter_is_strict(rest: str, prefix: str) -> None:
    assert license_name_level(f"owner/{prefix}{rest.replace('/', '')}", prefix) is NameLevel.STRICT


@given(st.sampled_from(["Llama", "Llama 3"]), st.text(alphabet="xyz-_0", max_size=9))
def test_an_owner_never_helps_a_name(prefix: str, name: str) -> None:
    assert license_name_level(f"{prefix}/{name}", prefix) is NameLevel.ABSENT
