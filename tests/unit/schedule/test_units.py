"""Printed units: each held to its own tool, and each says what was asked, whatever it is named."""

import io
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from ruamel.yaml import YAML

from lineage.cli.schedule import _SCHEDULERS
from lineage.errors import SettingsError
from lineage.schedule.plan import Plan, parse_schedule_interval, plan_schedule_here
from lineage.schedule.units import UNITS
from lineage.settings import Settings
from tests.unit.schedule.hostile import COMMANDS, DAY, HOSTILE, NOT_IN_A_UNIT, PATHS, a_plan

INTERVALS = ("1h", "2h", "6h", "12h", "24h", "7d")
PROGRAMS = Path(sys.executable).parent


def written(texts: Mapping[str, str], folder: Path) -> list[Path]:
    paths = [folder / name for name in texts]
    for path in paths:
        path.write_text(texts[path.name], "utf-8")
    return paths


def said_by(command: Sequence[str | Path]) -> tuple[int, str]:
    outcome = subprocess.run(command, check=False, capture_output=True, text=True)
    return outcome.returncode, outcome.stdout + outcome.stderr


def documents(text: str) -> list[Any]:
    return list(YAML(typ="safe", pure=True).load_all(io.StringIO(text)))


def assignments(text: str) -> dict[str, str]:
    """The variables of a crontab, as crontab(5) reads lines whose values are not quoted."""
    lines = (line for line in text.split("\n") if re.match(r"[A-Z_]+=", line))
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def unquoted(value: str) -> str:
    """A crontab's value without the quotes around it, as crontab(5) reads it."""
    if not value.startswith(("'", '"')):
        return value
    assert value.count(value[0]) == 2
    assert value.endswith(value[0])
    return value[1:-1]


def environment(service: str) -> dict[str, str]:
    """The variables of a unit, as systemd.syntax(7) reads a quoted word with specifiers."""
    words = re.findall(r'^Environment="(.*)"$', service, re.MULTILINE)
    unquoted = (re.sub(r"\\(.)", r"\1", word).replace("%%", "%") for word in words)
    return {name: value for name, _, value in (word.partition("=") for word in unquoted)}


def container(plan: Plan) -> Any:
    _, job = documents(UNITS["kubernetes"](plan)["lineage.yaml"])
    return job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]


def value_in_container(plan: Plan, name: str) -> str:
    """An environment variable as Kubernetes expands it: two dollars are one."""
    values = {one["name"]: one.get("value", "") for one in container(plan)["env"]}
    assert not re.search(r"(?<!\$)(\$\$)*\$\(", values[name])
    return str(values[name]).replace("$$", "$")


def value_in_workflow(plan: Plan, name: str) -> str:
    """An environment variable as GitHub evaluates it: a literal is the one expression in it."""
    (workflow,) = documents(UNITS["github-actions"](plan)["lineage.yml"])
    value = str(workflow["env"][name])
    literal = "${{ '${{' }}"
    assert "${{" not in value.replace(literal, "")
    return value.replace(literal, "${{")


# Each by its own tool


@pytest.mark.needs("systemd-analyze")
@pytest.mark.parametrize("path", ["/srv/plain", *HOSTILE])
def test_systemd_takes_the_service_and_its_timer(tmp_path: Path, path: str) -> None:
    program = tmp_path / "a program $x ${x} %h ; z"
    program.symlink_to("/usr/bin/env")
    plan = a_plan(path, program=str(program), folder=path, token_file=path)
    paths = written(UNITS["systemd"](plan), tmp_path)
    assert said_by(["systemd-analyze", "verify", *paths]) == (0, "")


@pytest.mark.needs("systemd-analyze")
@pytest.mark.parametrize("every", INTERVALS)
def test_systemd_takes_every_interval(tmp_path: Path, every: str) -> None:
    plan = Plan(parse_schedule_interval(every), "s", "c", "/usr/bin/env", "/srv", "root")
    paths = written(UNITS["systemd"](plan), tmp_path)
    assert said_by(["systemd-analyze", "verify", *paths]) == (0, "")


@pytest.mark.needs("systemd-analyze")
def test_systemd_would_have_told_of_a_mistake(tmp_path: Path) -> None:
    texts = UNITS["systemd"](a_plan(program="/no/such/program"))
    code, said = said_by(["systemd-analyze", "verify", *written(texts, tmp_path)])
    assert code != 0
    assert "/no/such/program" in said


@pytest.mark.needs("crontab")
@pytest.mark.parametrize("path", ["/srv/plain", *HOSTILE])
def test_cron_takes_the_crontab(tmp_path: Path, path: str) -> None:
    plan = a_plan(path, program=path, folder=path, token_file=path)
    code, said = said_by(["crontab", "-n", *written(UNITS["cron"](plan), tmp_path)])
    assert code == 0, said


@pytest.mark.needs("crontab")
@pytest.mark.parametrize("every", INTERVALS)
def test_cron_takes_every_interval(tmp_path: Path, every: str) -> None:
    plan = Plan(parse_schedule_interval(every), "s", "c", "/usr/bin/env", "/srv", "root")
    code, said = said_by(["crontab", "-n", *written(UNITS["cron"](plan), tmp_path)])
    assert code == 0, said


ODD_PLANS = (
    a_plan(),
    a_plan("s3://bucket/history"),
    a_plan("/srv/$(X) (a) - 🦙"),
    *(a_plan(on_publish=command) for command in COMMANDS),
    a_plan(publish="hf://datasets/owner/name"),
)


def unit_files(scheduler: str, folder: Path) -> list[Path]:
    """One file for each odd plan that the scheduler takes: its tool starts slowly."""
    files = []
    for number, plan in enumerate(ODD_PLANS):
        with suppress(SettingsError):
            ((name, text),) = UNITS[scheduler](plan).items()
            files.append(folder / f"{number}-{name}")
            files[-1].write_text(text, "utf-8")
    assert len(files) >= len(ODD_PLANS) - 1
    return files


def test_every_workflow_is_in_its_schema(tmp_path: Path) -> None:
    schema = ["--builtin-schema", "vendor.github-workflows"]
    files = unit_files("github-actions", tmp_path)
    code, said = said_by([PROGRAMS / "check-jsonschema", *schema, *files])
    assert code == 0, said


def test_every_manifest_is_in_its_schema(tmp_path: Path) -> None:
    files = unit_files("kubernetes", tmp_path)
    code, said = said_by([PROGRAMS / "kubernetes-validate", "--strict", *files])
    assert code == 0, said
    assert said.count("persistentvolumeclaim/lineage") == len(files)
    assert said.count("cronjob/lineage") == len(files)


# They say what was asked


def test_the_server_of_a_store_asks_nobody_and_writes_nothing() -> None:
    local, remote = (
        UNITS["systemd"](a_plan(store, on_publish="tell")) for store in ("/srv/s", "s3://b/s")
    )
    server = local["lineage-serve.service"]
    assert environment(server)["LINEAGE_STORE"] == "/srv/s"
    assert "LINEAGE_ON_PUBLISH" not in environment(server)
    assert "ReadWritePaths" not in server
    assert "IPAddressDeny=any" in server
    assert "IPAddressDeny" not in remote["lineage-serve.service"]


@given(PATHS)
def test_whatever_the_store_is_named_systemd_and_cron_are_told(path: str) -> None:
    plan, path = a_plan(path), str(Path(path))  # without a slash too many
    assert environment(UNITS["systemd"](plan)["lineage.service"])["LINEAGE_STORE"] == path
    assert assignments(UNITS["cron"](plan)["lineage.cron"])["LINEAGE_STORE"] == path


@settings(max_examples=20)
@given(PATHS)
def test_whatever_the_store_is_named_kubernetes_is_told(path: str) -> None:
    plan = a_plan(path)
    with suppress(SettingsError):  # no folder of its own, or a colon: see below
        assert value_in_container(plan, "LINEAGE_STORE") == path


@settings(max_examples=20)
@given(PATHS)
def test_whatever_the_store_is_named_github_is_told(path: str) -> None:
    plan = a_plan(path)
    with suppress(SettingsError):  # a pattern: see below
        assert value_in_workflow(plan, "LINEAGE_STORE") == path


def test_an_address_that_looks_like_an_expression_is_none() -> None:
    address = "s3://bucket/${{ secrets.HF_TOKEN }}"
    assert value_in_workflow(a_plan(address), "LINEAGE_STORE") == address


@pytest.mark.parametrize("path", NOT_IN_A_UNIT)
@pytest.mark.parametrize(
    "where", ["store", "cache", "program", "folder", "user", "token_file", "on_publish"]
)
def test_what_no_unit_can_hold_is_refused(where: str, path: str) -> None:
    with pytest.raises(SettingsError, match="cannot stand in a unit"):
        a_plan(**{where: path})


def test_relative_paths_begin_where_it_was_printed() -> None:
    plan = a_plan("history", folder="/srv/here")
    assert assignments(UNITS["cron"](plan)["lineage.cron"])["LINEAGE_STORE"] == "/srv/here/history"


def test_a_store_of_its_own_folder_is_mounted_there() -> None:
    plan = a_plan("/history/llama/snapshots")
    assert container(plan)["volumeMounts"][0]["mountPath"] == "/history/llama"
    assert value_in_container(plan, "LINEAGE_CACHE") == "/history/llama/cache"


@pytest.mark.parametrize("store", ["a*", "[a]", "!a", "~a", "a?", "{a}"])
def test_a_pattern_is_no_folder_of_a_workflow(store: str) -> None:
    with pytest.raises(SettingsError, match="as a pattern"):
        UNITS["github-actions"](a_plan(store))


@pytest.mark.parametrize("program", ["/a'b", '/a"b', "/a\\b"])
def test_a_program_that_systemd_would_not_run_is_refused(program: str) -> None:
    with pytest.raises(SettingsError, match="runs no program"):
        UNITS["systemd"](a_plan(program=program))


@pytest.mark.parametrize("store", ["../outside", "/snapshots", "/srv/a:b/snapshots"])
def test_what_no_volume_can_hold_is_refused(store: str) -> None:
    with pytest.raises(SettingsError, match="does not lie on the volume"):
        UNITS["kubernetes"](a_plan(store))


def test_an_object_store_leaves_the_volume_to_recorded_pages() -> None:
    plan = a_plan("s3://bucket/history")
    assert value_in_container(plan, "LINEAGE_STORE") == "s3://bucket/history"
    assert value_in_container(plan, "LINEAGE_CACHE") == "/data/cache"
    assert "env.LINEAGE_STORE" not in UNITS["github-actions"](plan)["lineage.yml"]


# They name the command that hears of a snapshot


@pytest.mark.parametrize("command", COMMANDS)
def test_every_unit_hands_the_command_on_word_for_word(command: str) -> None:
    plan, name = a_plan(on_publish=command), "LINEAGE_ON_PUBLISH"
    assert environment(UNITS["systemd"](plan)["lineage.service"])[name] == command
    assert value_in_container(plan, name) == command
    assert value_in_workflow(plan, name) == command
    with suppress(SettingsError):  # it begins with one quote and holds the other: see below
        assert unquoted(assignments(UNITS["cron"](plan)["lineage.cron"])[name]) == command


@settings(max_examples=20)
@given(PATHS)
def test_whatever_the_command_is_named_all_are_told(path: str) -> None:
    plan, name = a_plan(on_publish=path), "LINEAGE_ON_PUBLISH"
    assert environment(UNITS["systemd"](plan)["lineage.service"])[name] == path
    assert assignments(UNITS["cron"](plan)["lineage.cron"])[name] == path
    assert value_in_container(plan, name) == path
    assert value_in_workflow(plan, name) == path


@pytest.mark.needs("systemd-analyze")
@pytest.mark.parametrize("command", COMMANDS)
def test_systemd_takes_the_command(tmp_path: Path, command: str) -> None:
    paths = written(UNITS["systemd"](a_plan(on_publish=command)), tmp_path)
    assert said_by(["systemd-analyze", "verify", *paths]) == (0, "")


@pytest.mark.needs("crontab")
@pytest.mark.parametrize("command", ["'/opt/my tools/notify' --to me", *COMMANDS[2:3]])
def test_cron_takes_the_command(tmp_path: Path, command: str) -> None:
    texts = UNITS["cron"](a_plan(on_publish=command))
    code, said = said_by(["crontab", "-n", *written(texts, tmp_path)])
    assert code == 0, said


def test_cron_is_given_no_value_that_it_would_cut_at_a_quote() -> None:
    with pytest.raises(SettingsError, match="cron takes no such value"):
        UNITS["cron"](a_plan(on_publish="'/my tools/notify' \"me\""))


@pytest.mark.parametrize("command", ["notify 'me", "", " "])
def test_what_is_no_command_is_refused_when_it_is_printed(command: str) -> None:
    with pytest.raises(SettingsError, match=r"on-publish|not a command"):
        plan_schedule_here(Settings(on_publish=command), DAY)


def test_without_a_command_no_unit_names_one() -> None:
    for unit in UNITS.values():
        assert "ON_PUBLISH" not in "".join(unit(a_plan()).values())


# A crawl and then a publication, as one unit


PUBLISHED = "publish hf://datasets/owner/name"


def test_every_unit_publishes_after_its_crawl() -> None:
    plan = a_plan(publish=PUBLISHED.partition(" ")[2])
    texts = {name: "".join(unit(plan).values()) for name, unit in UNITS.items()}
    service = UNITS["systemd"](plan)["lineage.service"]
    crawl, publication = re.findall("^ExecStart=(.*)$", service, re.MULTILINE)
    assert crawl.endswith("crawl --auto -v")
    assert publication.endswith(f"{PUBLISHED} -v")
    for scheduler in ("cron", "github-actions", "kubernetes"):
        assert f" schedule run --once --{PUBLISHED} " in texts[scheduler]
    for text in texts.values():
        assert "a token that may write to hf://datasets/owner/name" in text
    for unit in UNITS.values():
        assert "publish" not in "".join(unit(a_plan()).values()).replace("--on-publish", "")


@pytest.mark.needs("systemd-analyze")
def test_systemd_takes_a_publication(tmp_path: Path) -> None:
    plan = a_plan(publish="hf://datasets/owner/name", program="/usr/bin/env")
    paths = written(UNITS["systemd"](plan), tmp_path)
    assert said_by(["systemd-analyze", "verify", *paths]) == (0, "")


@pytest.mark.needs("crontab")
def test_cron_takes_a_publication(tmp_path: Path) -> None:
    plan = a_plan(publish="hf://datasets/owner/name")
    code, said = said_by(["crontab", "-n", *written(UNITS["cron"](plan), tmp_path)])
    assert code == 0, said


@pytest.mark.parametrize("address", ["hf://datasets/owner", "owner/name", "hf://datasets/a/b;c"])
def test_what_is_no_data_set_is_refused_when_it_is_printed(address: str) -> None:
    with pytest.raises(SettingsError, match="no address of a data set"):
        plan_schedule_here(Settings(), DAY, address)


# They hold no secret, and name where it comes from


@pytest.mark.parametrize("scheduler", UNITS)
def test_no_unit_holds_a_token(scheduler: str) -> None:
    own = Settings(token="hf_secret", token_file="/etc/lineage/hf_token")
    for text in UNITS[scheduler](plan_schedule_here(own, DAY)).values():
        assert "hf_secret" not in text


def test_the_token_comes_from_each_schedulers_own_secrets() -> None:
    plan = a_plan(token_file="/etc/lineage/token")
    texts = {name: "".join(unit(plan).values()) for name, unit in UNITS.items()}
    assert "\nLoadCredential=hf_token:/etc/lineage/token\n" in texts["systemd"]
    assert "\nLINEAGE_TOKEN_FILE=/etc/lineage/token\n" in texts["cron"]
    assert "secretKeyRef" in texts["kubernetes"]
    assert "${{ secrets.HF_TOKEN }}" in texts["github-actions"]


def test_without_a_token_file_nothing_needs_one() -> None:
    for scheduler in ("systemd", "cron"):
        text = "".join(UNITS[scheduler](a_plan()).values())
        assert not re.search(r"^(LoadCredential|Environment|LINEAGE)\S*oken", text, re.MULTILINE)


# They may do no more than a crawl needs


def directives(service: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-Z]\w+)=(.*)$", service, re.MULTILINE))


def parsed_workflow(plan: Plan) -> tuple[Any, list[Any]]:
    (workflow,) = documents(UNITS["github-actions"](plan)["lineage.yml"])
    return workflow, workflow["jobs"]["crawl"]["steps"]


def job_spec(plan: Plan) -> Any:
    _, job = documents(UNITS["kubernetes"](plan)["lineage.yaml"])
    return job["spec"]["jobTemplate"]["spec"]


@pytest.mark.needs("systemd-analyze")
@pytest.mark.parametrize("store", ["snapshots", "s3://bucket/history"])
def test_the_service_is_exposed_to_little(tmp_path: Path, store: str) -> None:
    server, service, _ = written(UNITS["systemd"](a_plan(store)), tmp_path)
    asked = ["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=20"]
    code, said = said_by([*asked, server, service])
    assert code == 0, said


def test_the_service_has_bounds_and_writes_its_own_folders_alone() -> None:
    plan = a_plan("/srv/a b/%h", "pages")
    known = directives(UNITS["systemd"](plan)["lineage.service"])
    assert known["ReadWritePaths"] == '"/srv/a b/%%h" "/srv/lineage/pages"'
    assert (known["ProtectSystem"], known["NoNewPrivileges"]) == ("strict", "yes")
    assert known["CapabilityBoundingSet"] == ""
    assert {"TimeoutStartSec", "TimeoutStopSec", "MemoryMax", "TasksMax"} <= set(known)
    remote = directives(UNITS["systemd"](a_plan("s3://bucket/x"))["lineage.service"])
    assert remote["ReadWritePaths"] == '"/srv/lineage/cache"'


@pytest.mark.parametrize("user", ["root", "0"])
def test_nothing_runs_as_root_though_root_printed_it(user: str) -> None:
    plan = a_plan(user=user)
    assert directives(UNITS["systemd"](plan)["lineage.service"])["User"] == "lineage"
    assert directives(UNITS["systemd"](a_plan(user="me"))["lineage.service"])["User"] == "me"
    assert "not as root" in UNITS["cron"](plan)["lineage.cron"]
    pod = job_spec(plan)["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert (pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (False, False)


def test_the_line_of_cron_runs_for_everybody_but_root(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\necho result\necho log >&2\n", "utf-8")
    program.chmod(0o755)
    plan = a_plan(program=str(program), folder=str(tmp_path))
    (line,) = re.findall(r"^17 4 \* \* \* (.*)$", UNITS["cron"](plan)["lineage.cron"], re.MULTILINE)
    (tmp_path / "logger").write_text(f"#!/bin/sh\ncat > {tmp_path}/log\n", "utf-8")
    (tmp_path / "id").write_text('#!/bin/sh\necho "$ID"\n', "utf-8")
    for name in ("logger", "id"):
        (tmp_path / name).chmod(0o755)
    variables = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "LINEAGE_PROGRAM": str(program),
        "LINEAGE_FOLDER": str(tmp_path),
        "LINEAGE_RESULTS": str(tmp_path / "results"),
    }
    for id in ("0", "1000"):
        outcome = subprocess.run(["sh", "-c", line], env=variables | {"ID": id}, check=False)
        assert outcome.returncode == 0
        assert (tmp_path / "results").exists() is (id != "0")
    assert (tmp_path / "results").read_text("utf-8") == "result\n"
    assert (tmp_path / "log").read_text("utf-8") == "log\n"


def test_logs_and_results_go_to_places_of_their_own() -> None:
    plan = a_plan()
    known = directives(UNITS["systemd"](plan)["lineage.service"])
    assert known["StandardOutput"] == "append:/var/log/lineage-results.json"
    assert known["StandardError"] == "journal"
    assert container(plan)["command"][-1] == 'exec lineage crawl --auto -v >>"$LINEAGE_RESULTS"'
    assert value_in_container(plan, "LINEAGE_RESULTS") == "/data/lineage-results.json"
    _, steps = parsed_workflow(plan)
    (crawl,) = (step for step in steps if step.get("name") == "crawl")
    assert crawl["run"].endswith('> "$RUNNER_TEMP/lineage-results.json"')


def test_a_workflow_runs_no_code_that_can_change_under_it() -> None:
    workflow, steps = parsed_workflow(a_plan())
    actions = [step["uses"] for step in steps if "uses" in step]
    assert len(actions) == 5
    assert all(re.fullmatch(r"actions/[a-z/-]+@[0-9a-f]{40}", action) for action in actions)
    assert workflow["permissions"] == {"contents": "read"}
    with_token = [step for step in steps if "secrets." in str(step)]
    assert [step["name"] for step in with_token] == ["crawl"]
    assert "pip" not in with_token[0]["run"]
    installs = [
        line for step in steps for line in step.get("run", "").splitlines() if "pip" in line
    ]
    assert all("--no-index" in line or "--require-hashes" in line for line in installs)


def test_no_unit_installs_what_no_registry_has() -> None:
    for unit in UNITS.values():
        assert "llama-lineage" not in "".join(unit(a_plan()).values())


def test_a_job_of_kubernetes_has_bounds() -> None:
    job, bounds = job_spec(a_plan()), container(a_plan())["resources"]
    assert job["activeDeadlineSeconds"] == 6 * 3600
    assert (
        set(bounds["limits"]) == {"cpu", "memory", "ephemeral-storage"} == set(bounds["requests"])
    )
    volumes = {one["name"]: one for one in job["template"]["spec"]["volumes"]}
    assert volumes["tmp"]["emptyDir"] == {"sizeLimit": "5Gi"}
    security = container(a_plan())["securityContext"]
    assert security["readOnlyRootFilesystem"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}


def test_a_scheduled_crawl_leaves_out_who_asked_for_it() -> None:
    plan = a_plan(opt_outs="an-owner,owner/model", families="my.toml")
    for known in (
        environment(UNITS["systemd"](plan)["lineage.service"]),
        assignments(UNITS["cron"](plan)["lineage.cron"]),
    ):
        assert known["LINEAGE_OPT_OUTS"] == "an-owner,owner/model"
        assert known["LINEAGE_FAMILIES"] == "/srv/lineage/my.toml"
    for scheduler in ("kubernetes", "github-actions"):
        with pytest.raises(SettingsError, match="lies on no other"):
            UNITS[scheduler](plan)
        (text,) = UNITS[scheduler](a_plan(opt_outs="an-owner")).values()
        assert "LINEAGE_OPT_OUTS" in text
        assert "an-owner" not in text


@pytest.mark.parametrize(
    "store", ["s3://key:secret@bucket/x", "s3://bucket/x?secret_key=secret", "https://u:secret@h/x"]
)
def test_a_store_whose_address_holds_a_secret_is_in_no_unit(store: str) -> None:
    with pytest.raises(SettingsError, match="holds a secret") as caught:
        a_plan(store)
    assert "secret@" not in str(caught.value)
    assert "=secret" not in str(caught.value)


def test_the_command_knows_every_unit() -> None:
    assert tuple(UNITS) == _SCHEDULERS
