"""`check_models`: which rule a model breaks, by which path, and when nothing can be said."""

from datetime import timedelta
from pathlib import Path

import pytest

from lineage.analysis.check import (
    CheckedModel,
    CheckOutcome,
    CheckVerdict,
    RuleKind,
    UnknownOrigin,
    check_models,
    explain_check_match,
)
from lineage.analysis.scope import Scope
from lineage.domain.check_rules import ListedModel, read_check_rules
from lineage.errors import SettingsError
from lineage.families.registry import all_families
from tests.builders import Row, outlived, published, row
from tests.fakes.fake_clock import NOON

LLAMA, QWEN = "meta-llama/Llama-3.1-8B", "Qwen/Qwen2.5-7B"
MIRROR = "unsloth/Meta-Llama-3.1-8B"
ROWS: list[Row] = [
    row(LLAMA, tags=["license:llama3.1"]),
    row(QWEN, tags=["license:apache-2.0"]),
    row("owner/tuned", [LLAMA], sha="a" * 40, tags=["license:mit"]),
    row("owner/copy", ["owner/tuned"], "quantized"),
    row("owner/merge", ["owner/tuned", QWEN], "merge"),
    row("owner/below-mirror", [MIRROR]),
    row("owner/orphan"),
    row("owner/of-stranger", ["stranger/unlisted"]),
    row("owner/half-known", [LLAMA, "stranger/unlisted"], "merge"),
    row("owner/round", ["owner/trip"]),
    row("owner/trip", ["owner/round"]),
    row("owner/tuned-gguf", tags=["gguf"]),
]


@pytest.fixture(scope="module")
def scope(tmp_path_factory: pytest.TempPathFactory) -> Scope:
    return Scope(published(ROWS, tmp_path_factory.mktemp("check")), all_families())


def ask(scope: Scope, *models: str | ListedModel, **rules: object) -> CheckOutcome:
    listed = [ListedModel(it) if isinstance(it, str) else it for it in models]
    return check_models(scope, listed, read_check_rules(rules))


def verdict(scope: Scope, model: str, **rules: object) -> CheckedModel:
    return ask(scope, model, **rules).models[0]


@pytest.mark.parametrize(
    ("pattern", "ancestor", "links"),
    [
        ("meta-llama/*", LLAMA, 2),
        ("META-LLAMA/llama-3.1-8b", LLAMA, 2),
        (f"https://huggingface.co/{LLAMA}", LLAMA, 2),
        ("family:llama", LLAMA, 2),
        ("release:llama-3.1", LLAMA, 2),
        ("owner/t*d", "owner/tuned", 1),
        ("*/copy", "owner/copy", 0),
        # A name that the root had before: the deny list may be older than the rename.
        ("meta-llama/Meta-Llama-3.1-8B", LLAMA, 2),
    ],
)
def test_a_denied_ancestor_fails_at_any_depth(
    scope: Scope, pattern: str, ancestor: str, links: int
) -> None:
    checked = verdict(scope, "owner/copy", deny=[pattern])
    assert checked.verdict is CheckVerdict.FAIL
    (match,) = checked.matches
    assert (match.rule, match.pattern, match.ancestor) == (RuleKind.DENY, pattern, ancestor)
    assert len(match.path) == links
    assert all(edge.evidence for edge in match.path)


@pytest.mark.parametrize("pattern", ["Qwen/*", "family:qwen", "meta-llama", "*", "llama-3.1"])
def test_what_matches_no_ancestor_passes(scope: Scope, pattern: str) -> None:
    assert verdict(scope, "owner/copy", deny=[pattern]).verdict is CheckVerdict.PASS


def test_a_star_crosses_no_slash(scope: Scope) -> None:
    assert verdict(scope, "owner/copy", deny=["*/*"]).verdict is CheckVerdict.FAIL
    assert verdict(scope, "owner/copy", deny=["o*"]).verdict is CheckVerdict.PASS


def test_a_mirror_matches_as_itself_and_as_what_it_mirrors(scope: Scope) -> None:
    for pattern in (MIRROR, LLAMA, "family:llama", "release:llama-3.1"):
        checked = verdict(scope, "owner/below-mirror", deny=[pattern])
        assert checked.verdict is CheckVerdict.FAIL, pattern


def test_every_root_must_be_allowed(scope: Scope) -> None:
    checked = verdict(scope, "owner/merge", allow=["meta-llama/*"])
    assert checked.verdict is CheckVerdict.FAIL
    (match,) = checked.matches
    assert (match.rule, match.pattern, match.ancestor) == (RuleKind.ALLOW, None, QWEN)
    allowed = verdict(scope, "owner/merge", allow=["meta-llama/*", "family:qwen"])
    assert allowed.verdict is CheckVerdict.PASS


def test_a_root_is_its_own_root(scope: Scope) -> None:
    assert verdict(scope, LLAMA, allow=["meta-llama/*"]).verdict is CheckVerdict.PASS
    assert verdict(scope, LLAMA, allow=["Qwen/*"]).verdict is CheckVerdict.FAIL


def test_a_root_that_no_snapshot_lists_is_known_to_the_registry(scope: Scope) -> None:
    checked = verdict(scope, "mistralai/Mistral-7B-v0.1", deny=["family:mistral"])
    assert checked.verdict is CheckVerdict.FAIL
    assert verdict(scope, "mistralai/Mistral-7B-v0.1", deny=["Qwen/*"]).verdict is CheckVerdict.PASS


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("nobody/nothing", UnknownOrigin.NAME),
        ("https://huggingface.co/datasets/squad", UnknownOrigin.NAME),
        ("owner/orphan", UnknownOrigin.NO_ROOT),
        ("owner/round", UnknownOrigin.NO_ROOT),
        ("owner/of-stranger", UnknownOrigin.PARENT),
        ("owner/half-known", UnknownOrigin.PARENT),
    ],
)
def test_an_unknown_origin_is_never_clean(scope: Scope, model: str, reason: UnknownOrigin) -> None:
    result = ask(scope, model, deny=["Qwen/*"])
    assert (result.verdict, result.models[0].verdict) == (CheckVerdict.UNKNOWN,) * 2
    assert result.models[0].unknown is reason


def test_a_denied_ancestor_beside_an_unknown_parent_fails(scope: Scope) -> None:
    checked = verdict(scope, "owner/half-known", deny=["family:llama"])
    assert (checked.verdict, checked.unknown) == (CheckVerdict.FAIL, UnknownOrigin.PARENT)


@pytest.mark.parametrize("policy", ["fail", "warn", "pass"])
def test_a_denied_name_that_nobody_knows_fails(scope: Scope, policy: str) -> None:
    outcome = ask(scope, "qwen/nobody", deny=["Qwen/*"], unknown=policy)
    (model,) = outcome.models
    assert outcome.verdict is model.verdict is CheckVerdict.FAIL
    assert (model.id, model.unknown) == (None, UnknownOrigin.NAME)


@pytest.mark.parametrize(
    ("model", "verdict"),
    [
        ("model:owner/copy", CheckVerdict.FAIL),
        ("family:llama", CheckVerdict.UNKNOWN),
        ("meta-llama/Meta-Llama-3.1-70B", CheckVerdict.FAIL),
    ],
)
def test_a_model_is_read_as_every_subject(scope: Scope, model: str, verdict: CheckVerdict) -> None:
    assert ask(scope, model, deny=["family:llama"]).verdict is verdict


@pytest.mark.parametrize("policy", ["warn", "pass"])
def test_a_policy_changes_the_outcome_and_no_models_verdict(scope: Scope, policy: str) -> None:
    result = ask(scope, "owner/orphan", deny=["Qwen/*"], unknown=policy)
    assert result.verdict is CheckVerdict.PASS
    assert result.models[0].verdict is CheckVerdict.UNKNOWN


def test_an_inferred_link_warns_and_changes_no_verdict(scope: Scope) -> None:
    checked = verdict(scope, "owner/tuned-gguf", deny=["owner/tuned"])
    assert (checked.verdict, checked.matches) == (CheckVerdict.UNKNOWN, ())
    (warning,) = checked.warnings
    assert warning.ancestor == "owner/tuned"


@pytest.mark.parametrize(
    ("license", "ancestor"),
    [
        ("llama3.1", LLAMA),
        ("LLAMA3.1", LLAMA),
        ("monthly_users", LLAMA),
        ("mit", "owner/tuned"),
    ],
)
def test_a_denied_license_is_looked_for_along_the_paths(
    scope: Scope, license: str, ancestor: str
) -> None:
    checked = verdict(scope, "owner/copy", deny_license=[license])
    assert checked.verdict is CheckVerdict.FAIL
    assert checked.matches[0].ancestor == ancestor


def test_a_clause_is_quoted_with_its_address(scope: Scope) -> None:
    (match,) = verdict(scope, "owner/copy", deny_license=["monthly_users"]).matches
    assert " up: " in explain_check_match(match)
    assert "700 million" in str(match.quote)
    assert str(match.url).startswith("https://")


def test_a_license_nobody_knows_is_refused(scope: Scope) -> None:
    with pytest.raises(SettingsError, match="no license is called lama3"):
        ask(scope, "owner/copy", deny_license=["lama3"])


@pytest.mark.parametrize(
    ("sha", "expected", "unknown"),
    [
        ("a" * 40, CheckVerdict.PASS, None),
        ("a" * 7, CheckVerdict.PASS, None),
        ("b" * 40, CheckVerdict.FAIL, None),
        (None, CheckVerdict.UNKNOWN, UnknownOrigin.REVISION),
    ],
)
def test_a_pinned_model_must_have_the_snapshots_revision(
    scope: Scope, sha: str | None, expected: CheckVerdict, unknown: UnknownOrigin | None
) -> None:
    (checked,) = ask(scope, ListedModel("owner/tuned", sha), pinned=True).models
    assert (checked.verdict, checked.unknown) == (expected, unknown)


def test_a_pattern_that_matches_nothing_is_told(scope: Scope) -> None:
    patterns = ["Quen/*", "family:lama", "release:llama-9", "owner/tuned", "Qwen/*", "gpt2x"]
    result = ask(scope, LLAMA, deny=patterns)
    assert result.unmatched == ("Quen/*", "family:lama", "release:llama-9", "gpt2x")


def test_without_a_rule_nothing_is_checked(scope: Scope) -> None:
    with pytest.raises(SettingsError, match="no rule"):
        ask(scope, LLAMA)


def test_a_snapshot_older_than_a_rename_is_checked_under_the_later_name(tmp_path: Path) -> None:
    rows = [row("owner/base", [LLAMA]), row("owner/child", ["owner/base"])]
    first = published(rows, tmp_path)
    renamed = [row("later/base", [LLAMA]) | {"_id": rows[0]["_id"]}]
    published([*renamed, rows[1]], tmp_path, taken_at=NOON + timedelta(days=1))
    scope = Scope(first, all_families())
    assert verdict(scope, "owner/child", deny=["later/base"]).verdict is CheckVerdict.FAIL


def test_a_deleted_ancestor_counts(tmp_path: Path) -> None:
    snapshot = outlived(ROWS, {"owner/tuned"}, tmp_path, families=all_families())
    checked = verdict(Scope(snapshot, all_families()), "owner/copy", deny=["owner/tuned"])
    assert checked.verdict is CheckVerdict.FAIL


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"deney": ["a/b"]}, "unknown key 'deney'"),
        ({"deny": "a/b"}, "deny is a list"),
        ({"deny": [""]}, "none of them empty"),
        ({"deny": [1]}, "deny is a list"),
        ({"deny": ["family:ll*"]}, "names of models alone"),
        ({"deny": ["https://huggingface.co/datasets/squad"]}, "a data set"),
        ({"pinned": "yes"}, "true or false"),
        ({"unknown": "maybe"}, "fail, warn, pass"),
    ],
)
def test_a_wrong_rule_is_refused_with_what_is_allowed(rules: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_check_rules(rules)
