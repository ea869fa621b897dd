"""The terms of families as data: complete, quoted briefly, each with its source."""

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from lineage.domain.licenses import ClauseName, Drift, DriftSeverity
from lineage.errors import SettingsError
from lineage.families.license_terms import families_with_terms, license_terms, load_terms_file
from lineage.families.registry import family, find_release
from lineage.families.toml_file import MOST_WORDS

BUNDLED = Path(__file__).parents[3] / "lineage" / "families" / "terms" / "llama.toml"


def test_every_release_of_the_family_came_under_some_terms() -> None:
    terms, llama = license_terms("llama"), family("llama")
    known = {release.id for release in llama.releases}
    assert {release for one in terms.terms for release in one.releases} == known


def test_terms_and_registry_agree_on_the_tag_of_every_release() -> None:
    terms = license_terms("llama")
    owed = {release: one.tag for one in terms.terms for release in one.releases}
    assert owed == {release.id: release.license for release in family("llama").releases}


@pytest.mark.parametrize("id", families_with_terms())
def test_every_quotation_is_short_and_every_source_has_an_address(id: str) -> None:
    terms = license_terms(id)
    quotes = [rule.quote for one in terms.terms for rule in one.rules.values() if rule.quote]
    assert len(quotes) >= len(terms.terms)
    assert all(len(quote.split()) <= MOST_WORDS for quote in quotes)
    assert all(one.rules and (one.models_source or id == "llama") for one in terms.terms)
    sources = [one.source for one in terms.terms]
    sources += [card.source for card in terms.cards]
    sources += [one.source for one in terms.disagreements]
    assert all(source.url for source in sources)


def test_what_a_clause_is_about_are_official_repositories() -> None:
    official = {id for release in family("llama").releases for id in release.official}
    for terms in license_terms("llama").terms:
        for rule in terms.rules.values():
            assert set(rule.bases) <= official


def test_only_llama_2_and_3_forbid_improving_others_and_only_llama_1_commerce() -> None:
    by_rule = {
        rule: {one.id for one in license_terms("llama").terms if rule in one.rules}
        for rule in (
            ClauseName.IMPROVE_OTHERS_BANNED,
            ClauseName.NONCOMMERCIAL,
            ClauseName.NAME_PREFIX,
        )
    }
    assert by_rule[ClauseName.IMPROVE_OTHERS_BANNED] == {"llama2", "llama3"}
    assert by_rule[ClauseName.NONCOMMERCIAL] == {"llama1"}
    assert by_rule[ClauseName.NAME_PREFIX] == {
        "llama3",
        "llama3.1",
        "llama3.2",
        "llama3.3",
        "llama4",
    }


def test_who_says_nothing_is_unknown_and_no_more() -> None:
    terms = license_terms("llama")
    for drift in (Drift.UNDECLARED, Drift.NOT_IN_SAMPLE):
        assert terms.rule_of(drift).severity is DriftSeverity.UNKNOWN


def test_a_family_without_terms_is_refused_and_the_hint_names_those_with_some() -> None:
    assert families_with_terms() == ("deepseek", "falcon", "gemma", "llama", "mistral", "qwen")
    with pytest.raises(SettingsError) as refused:
        license_terms("pythia")
    assert "llama" in refused.value.hint


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('id = "noncommercial"', 'id = "commerce"', "id must be one of"),
        ('of = ["llama1"]', 'of = ["llama0"]', "no such terms"),
        ('names = "llama3.3"', 'names = "llama9"', "no such terms"),
        ('clause = "2.d"\n', "", "clause is missing"),
        ('quote = "offer', 'quote = "' + "word " * 40 + "offer", "words"),
        ('family = "llama"', 'family = "llama"\nmore = 1', "unknown key more"),
        ("[L1]", "[L9]", "stands for nothing"),
        ("version = ", "version == ", "cannot be read as TOML"),
    ],
)
def test_a_file_that_breaks_a_rule_is_refused(
    old: str, new: str, told: str, tmp_path: Path
) -> None:
    content = BUNDLED.read_text("utf-8")
    assert old in content
    broken = tmp_path / "llama.toml"
    broken.write_text(content.replace(old, new, 1), "utf-8")
    with pytest.raises(SettingsError) as refused:
        load_terms_file(broken)
    assert told in f"{refused.value}"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'cites = ["no_other_terms"]',
            'cites = ["nothing"]',
            "'nothing' in cites must be one of",
        ),
        ('id = "narrows"', 'id = "mismatch"', "every class needs one"),
        ('of = ["mit"]', 'of = ["mitt"]', "no such terms"),
    ],
)
def test_rules_that_break_a_rule_are_refused(old: str, new: str, told: str, tmp_path: Path) -> None:
    content = (BUNDLED.parent / "shared" / "rules.toml").read_text("utf-8")
    assert old in content
    broken = tmp_path / "rules.toml"
    broken.write_text(content.replace(old, new, 1), "utf-8")
    with pytest.raises(SettingsError) as refused:
        load_terms_file(BUNDLED, broken)
    assert told in f"{refused.value}"


@pytest.mark.parametrize("id", families_with_terms())
def test_terms_name_releases_and_models_that_the_registry_has(id: str) -> None:
    known = family(id)
    official = {root.lower() for release in known.releases for root in release.official}
    for terms in license_terms(id).terms:
        assert set(terms.releases) <= {release.id for release in known.releases}
        for pattern in terms.models:
            assert any(fnmatchcase(root, pattern.lower()) for root in official), pattern


@pytest.mark.parametrize(
    ("model", "release", "owed"),
    [
        ("Qwen/Qwen2.5-7B-Instruct", "qwen-2.5", "apache-2.0"),
        ("Qwen/Qwen2.5-3B-Instruct", "qwen-2.5", "qwen-research"),
        ("Qwen/Qwen2.5-Coder-3B", "qwen-2.5", "qwen-research"),
        ("Qwen/Qwen2.5-72B", "qwen-2.5", "qwen"),
        ("Qwen/Qwen2-72B-Instruct", "qwen-2", "tongyi-qianwen"),
        ("Qwen/Qwen-1_8B", "qwen-1", "tongyi-qianwen-research"),
        ("Qwen/Qwen1.5-14B", "qwen-1.5", None),
        ("google/gemma-2-9b-it", "gemma-2", "gemma"),
        ("google/gemma-4-31B-it", "gemma-4", "apache-2.0"),
        ("google/translategemma-12b-it", "gemma-4", "gemma"),
        ("google/medgemma-4b-it", "medgemma", None),
        ("mistralai/Codestral-22B-v0.1", "codestral", "mnpl"),
        ("mistralai/Mamba-Codestral-7B-v0.1", "codestral", "apache-2.0"),
        ("mistralai/Ministral-8B-Instruct-2410", "ministral", "mrl"),
        ("deepseek-ai/deepseek-coder-6.7b-base", "deepseek-coder", "deepseek-license"),
        ("deepseek-ai/DeepSeek-V3", "deepseek-v3", "deepseek-license"),
        ("deepseek-ai/DeepSeek-V3-0324", "deepseek-v3-0324", "mit"),
        ("deepseek-ai/Janus-Pro-7B", "deepseek-vl", None),
        ("tiiuae/falcon-7b", "falcon-1", "apache-2.0"),
        ("tiiuae/falcon-180B", "falcon-180b", "falcon-180b"),
        ("tiiuae/Falcon3-7B-Base", "falcon-3", "falcon-llm-license"),
    ],
)
def test_terms_hang_on_the_model_where_sizes_of_a_release_differ(
    model: str, release: str, owed: str | None
) -> None:
    home = next(id for id in families_with_terms() if find_release(release, [family(id)]))
    terms = license_terms(home).license_terms_of_root(model, release)
    assert (terms and terms.id) == owed


def test_two_rules_of_one_kind_in_one_text_are_refused(tmp_path: Path) -> None:
    twice = '\n[[rule]]\nid = "noncommercial"\nof = ["llama1"]\nclause = "1"\n'
    broken = tmp_path / "llama.toml"
    broken.write_text(BUNDLED.read_text("utf-8") + twice, "utf-8")
    with pytest.raises(SettingsError, match="two rules"):
        load_terms_file(broken)
