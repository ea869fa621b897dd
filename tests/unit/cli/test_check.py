"""`lineage check`: exit codes, formats, and every kind of list that names models."""

import csv
import io
import json
from pathlib import Path

import jsonschema_rs
import pytest

from tests.conftest import SARIF_SCHEMA
from tests.unit.cli.conftest import BASE, OTHER, Program

SHA = "0123456789abcdef0123456789abcdef01234567"


def test_a_broken_rule_ends_with_6_and_names_the_path(program: Program, store: Path) -> None:
    told = program("check", "owner/tuned", "--deny", "family:llama", "--store", store)
    assert told.code == 6
    assert f"{BASE}, 1 link up, matches the denied family:llama" in told.out


def test_a_clean_model_ends_with_0(program: Program, store: Path) -> None:
    told = program("check", "owner/tuned", "--deny", "Qwen/*", "--store", store)
    assert told.code == 0


@pytest.mark.parametrize(("policy", "code"), [("fail", 6), ("warn", 0), ("pass", 0)])
def test_an_unknown_name_is_no_exit_5(
    program: Program, store: Path, policy: str, code: int
) -> None:
    asked = ("check", "owner/none", "--deny", "Qwen/*", "--unknown", policy, "--store", store)
    told = program(*asked, "--format", "json")
    assert told.code == code
    assert told.json["models"][0]["unknown"] == "name"
    assert ("the origin of 1 models is unknown" in told.err) == (policy == "warn")


def test_json_has_the_fields_of_the_contract(program: Program, store: Path) -> None:
    told = program("check", "owner/tuned", "--deny", BASE, "--store", store, "--format", "json")
    assert told.json["verdict"] == "fail"
    (model,) = told.json["models"]
    assert {"model", "verdict", "matches", "unknown", "license", "sha"} <= set(model)
    (match,) = model["matches"]
    assert (match["ancestor"], match["pattern"]) == (BASE, BASE)
    assert {"parent", "child", "relation", "strength", "evidence"} == set(match["path"][0])


def test_csv_has_a_row_a_broken_rule(program: Program, store: Path) -> None:
    told = program(
        "check", "owner/tuned", OTHER, "--deny", BASE, "--store", store, "--format", "csv"
    )
    rows = list(csv.DictReader(io.StringIO(told.out)))
    assert [(it["model"], it["verdict"], it["pattern"]) for it in rows] == [
        ("owner/tuned", "fail", BASE),
        (OTHER, "pass", ""),
    ]


def test_lines_are_one_a_model(program: Program, store: Path) -> None:
    told = program(
        "check", "owner/tuned", OTHER, "--deny", BASE, "--store", store, "--format", "lines"
    )
    assert [line.partition(":")[0] for line in told.out.splitlines()] == ["fail", "pass"]


def test_sarif_names_file_and_line(program: Program, store: Path, tmp_path: Path) -> None:
    (tmp_path / "models.txt").write_text("# ours\nowner/tuned\n", "utf-8")
    asked = ("check", "--from", "models.txt", "--deny", BASE, "--store", store)
    told = program(*asked, "--format", "sarif")
    assert told.code == 6
    (run,) = told.json["runs"]
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("deny", "error")
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "models.txt"
    assert place["region"]["startLine"] == 2
    assert "models.txt: 1 models" in told.err


@pytest.mark.needs("sarif")
def test_sarif_is_in_its_schema(program: Program, store: Path, tmp_path: Path) -> None:
    (tmp_path / "a list.txt").write_text("owner/tuned\nnobody/at-all\n", "utf-8")
    rules = ("--deny", BASE, "--deny", "Nobody/*", "--allow", "google/*")
    asked = ("check", OTHER, "--from", "a list.txt", *rules, "--deny-license", "monthly_users")
    told = program(*asked, "--store", store, "--format", "sarif")
    # One expression has a bracket too many, which not every validator takes.
    schema = json.loads(SARIF_SCHEMA.read_text("utf-8").replace("{2}]?$", "{2}$"))
    errors = jsonschema_rs.Draft4Validator(schema).iter_errors(told.json)
    assert [error.message for error in errors] == []
    assert {it["ruleId"] for it in told.json["runs"][0]["results"]} >= {"deny", "allow"}


def test_other_commands_have_no_sarif(program: Program, store: Path) -> None:
    told = program("count", "llama", "--store", store, "--format", "sarif")
    assert told.code == 2
    assert "table, json, csv" in told.err


LISTS = {
    "list.txt": f"# ours\n\n  owner/tuned  # the good one\nhttps://hf.co/owner/tuned/tree/{SHA}\n",
    "bom.json": json.dumps(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "metadata": {"component": {"type": "application", "name": "app"}},
            "components": [
                {"type": "library", "name": "torch", "purl": "pkg:pypi/torch@2"},
                {
                    "type": "machine-learning-model",
                    "name": "x",
                    "purl": f"pkg:huggingface/owner/tuned@{SHA}",
                },
                {
                    "type": "application",
                    "name": "app",
                    "components": [
                        {"type": "machine-learning-model", "group": "owner", "name": "tuned"}
                    ],
                },
            ],
        }
    ),
    "train.py": (
        "from transformers import AutoModel\n"
        'model = AutoModel.from_pretrained("owner/tuned")\n'
        "other = AutoModel.from_pretrained('./local')\n"
    ),
    "config.yaml": "model: owner/tuned\nrun: 7\nbase_model:\n  - owner/tuned\n  - ./here\n",
}


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("list.txt", ["list.txt:3", "list.txt:4"]),
        ("bom.json", ["bom.json: x", "bom.json: tuned"]),
        ("train.py", ["train.py:2"]),
        ("config.yaml", ["config.yaml:1", "config.yaml:4"]),
    ],
)
def test_models_are_read_from_what_people_have(
    program: Program, store: Path, tmp_path: Path, name: str, places: list[str]
) -> None:
    (tmp_path / name).write_text(LISTS[name], "utf-8")
    asked = ("check", "--from", name, "--deny", BASE, "--store", store, "--format", "json")
    told = program(*asked)
    assert [it["place"] for it in told.json["models"]] == places
    assert {it["verdict"] for it in told.json["models"]} == {"fail"}


def test_a_cache_folder_gives_models_and_revisions(
    program: Program, store: Path, tmp_path: Path
) -> None:
    repository = tmp_path / "hub" / "models--owner--tuned"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(SHA, "utf-8")
    (tmp_path / "hub" / "datasets--owner--set").mkdir()
    asked = ("check", "--from", "hub", "--pinned", "--store", store, "--format", "json")
    (model,) = program(*asked).json["models"]
    assert (model["id"], model["verdict"]) == ("owner/tuned", "unknown")


def test_a_rules_file_holds_the_same(program: Program, store: Path, tmp_path: Path) -> None:
    rules = 'deny = ["Qwen/*"]\nallow = ["mistralai/*"]\nunknown = "pass"\n'
    (tmp_path / "lineage-check.toml").write_text(rules, "utf-8")
    asked = (
        "check",
        "owner/tuned",
        "owner/none",
        "--rules",
        "lineage-check.toml",
        "--store",
        store,
    )
    told = program(*asked, "--format", "json")
    assert told.code == 6
    assert [it["verdict"] for it in told.json["models"]] == ["fail", "unknown"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("owner/tuned",), "no rule to check by"),
        (("--deny", "a/b"), "give a MODEL or --from FILE"),
        (("owner/tuned", "--deny", "family:ll*"), "names of models alone"),
        (("owner/tuned", "--deny-license", "lama3"), "no license is called lama3"),
        (("owner/tuned", "--deny", "tpyo/*", "--strict"), "1 patterns match nothing"),
        (("owner/tuned", "--rules", "none.toml"), "none.toml cannot be read"),
        (("--from", "none.txt", "--deny", "a/b"), "none.txt cannot be read"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_to_do(
    program: Program, store: Path, asked: tuple[str, ...], words: str
) -> None:
    told = program("check", *asked, "--store", store)
    assert (told.code, words in told.err) == (2, True), told.err


def test_a_typo_in_a_deny_list_is_told(program: Program, store: Path) -> None:
    told = program("check", OTHER, "--deny", "tpyo/*", "--store", store)
    assert told.code == 0
    assert "tpyo/* matches nothing" in told.err


def test_a_rules_file_may_be_strict(program: Program, store: Path, tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text('deny = ["tpyo/*"]\nstrict = true\n', "utf-8")
    told = program("check", OTHER, "--rules", "rules.toml", "--store", store)
    assert (told.code, "1 patterns match nothing" in told.err) == (2, True)
