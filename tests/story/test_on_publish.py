"""`--on-publish`: a command of one's own hears what a snapshot changed, and changes nothing."""

import fcntl
import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from lineage.analysis.diffs import AlertKind
from lineage.crawl.notify import describe_change_of_crawl, notify
from lineage.demo.catalog import Row
from lineage.errors import SettingsError
from lineage.settings import load_settings
from tests.story.conftest import Play
from tests.story.stage import Stage, a_world
from tests.unit.demo.rows import a_child, a_row

ROOT = "meta-llama/Llama-2-7b-hf"
FACTS = ("before", "after", "added", "removed", "renamed", "edges_added", "edges_removed")


def python(code: str) -> str:
    """A command line that runs some Python."""
    return shlex.join([sys.executable, "-c", code])


def a_listener(heard: Path) -> str:
    """A command that keeps what it hears, and what it sees of the environment."""
    return python(
        "import json, os, sys;"
        f"json.dump([json.load(sys.stdin), dict(os.environ)], open({str(heard)!r}, 'w'))"
    )


@pytest.fixture
def told(tmp_path: Path) -> Callable[[], tuple[Any, Mapping[str, str]]]:
    def read() -> tuple[Any, Mapping[str, str]]:
        document, environment = json.loads((tmp_path / "heard").read_text("utf-8"))
        return document, environment

    return read


def a_family(children: int) -> list[Row]:
    root = a_row(0, id=ROOT, author="meta-llama")
    return [root, *(a_child(number, root) for number in range(1, children + 1))]


def crawled(stage: Stage) -> Any:
    """Crawl, and return what would be announced."""
    manifest = stage.crawl().manifest
    stage.clock.sleep(60)
    return describe_change_of_crawl(stage.settings(), manifest)


def alerts(document: Any, kind: AlertKind) -> list[str]:
    return [one["about"] for one in document["alerts"] if one["kind"] == kind]


def test_the_first_snapshot_has_nothing_to_differ_from(play: Play) -> None:
    _, stage = play(a_world(50))
    document = crawled(stage)
    assert [document[name] for name in FACTS if name != "after"] == [None] * 6
    assert document["after"] == stage.published()[0]
    assert document["alerts"] == []


def test_the_next_one_tells_what_changed(play: Play) -> None:
    rows = a_world(50)
    box, stage = play(rows)
    crawled(stage)
    box.catalog.add(a_row(50))
    box.catalog.delete("owner/model-49")
    box.catalog.rename("owner/model-48", "owner/renamed")
    document = crawled(stage)
    assert [document["before"], document["after"]] == stage.published()
    assert (document["added"], document["removed"]) == (["owner/model-50"], ["owner/model-49"])
    assert document["renamed"] == [{"from": "owner/model-48", "to": "owner/renamed"}]
    assert document["kind"] == "full"


def test_a_root_that_vanished_is_an_alert_and_a_renamed_one_is_none(play: Play) -> None:
    box, stage = play([*a_family(9), *[a_row(number) for number in range(10, 40)]])
    crawled(stage)
    box.catalog.rename(ROOT, "meta-llama/Another-Name")
    assert crawled(stage)["alerts"] == []
    box.catalog.rename("meta-llama/Another-Name", ROOT)
    crawled(stage)
    box.catalog.delete(ROOT)
    assert alerts(crawled(stage), AlertKind.ROOT_VANISHED) == [ROOT]


def test_a_family_that_lost_much_is_an_alert(play: Play) -> None:
    box, stage = play([*a_family(18), *[a_row(number) for number in range(20, 100)]])
    crawled(stage)
    box.catalog.delete("owner/model-1")
    document = crawled(stage)
    assert alerts(document, AlertKind.FAMILY_LOST) == ["llama"]
    (alert,) = document["alerts"]
    assert "from 18 to 17 derivatives" in alert["says"]
    manifest = stage.store.manifests()[-1]
    assert describe_change_of_crawl(stage.settings(alert_lost_share=0.1), manifest)["alerts"] == []


def test_a_burst_is_an_alert_once(play: Play) -> None:
    rows = a_family(19)
    box, stage = play(rows)
    crawled(stage)
    box.catalog.add(a_child(20, rows[0]))
    assert alerts(crawled(stage), AlertKind.UPLOAD_BURST) == [ROOT]
    box.catalog.add(a_child(21, rows[0]))
    assert alerts(crawled(stage), AlertKind.UPLOAD_BURST) == []


def test_a_walk_below_a_base_is_compared_with_the_last_one_like_it(play: Play) -> None:
    rows = a_family(3)
    box, stage = play(rows)
    crawled(stage)

    def below() -> Any:
        stage.clock.sleep(60)
        manifest = stage.crawl(base=ROOT).manifest
        return manifest.id, describe_change_of_crawl(stage.settings(), manifest)

    first, document = below()
    assert document["before"] is None
    box.catalog.add(a_child(4, rows[0]))
    _, document = below()
    assert (document["before"], document["added"]) == (first, ["owner/model-4"])


# The command itself


def ran(stage: Stage, command: str, environment: Mapping[str, str] | None = None) -> None:
    settings = stage.settings(on_publish=command, on_publish_seconds=20.0, token="hf_secret")
    notify(settings, stage.store.manifests()[-1], environment or dict(os.environ))


@pytest.fixture
def stage(play: Play) -> Stage:
    _, stage = play(a_world(20))
    stage.crawl()
    return stage


def test_the_command_sees_no_token(
    stage: Stage, tmp_path: Path, told: Callable[[], tuple[Any, Mapping[str, str]]]
) -> None:
    secrets = {
        "HF_TOKEN": "hf_other",
        "LINEAGE_TOKEN_FILE": "token",
        "LINEAGE_ON_PUBLISH": "again",
        "MINE": "Bearer hf_secret",
    }
    ran(stage, a_listener(tmp_path / "heard"), os.environ | secrets | {"LC_ALL": "C.UTF-8"})
    _, seen = told()
    assert seen["LC_ALL"] == "C.UTF-8"
    assert not set(secrets) & set(seen)


def test_no_shell_reads_the_command(stage: Stage, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    ran(stage, python("pass") + f" ; touch {victim} && $(touch {victim}) > {victim}")
    assert not victim.exists()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (python("import sys; sys.exit(7)"), "exit code 7"),
        ("no-such-program-anywhere", "there is no program no-such-program-anywhere"),
        ("'an open quote", "No closing quotation"),
        (" ", "could not be run"),
        ("cat > out", "no shell reads"),
    ],
)
def test_what_goes_wrong_is_a_warning(
    stage: Stage, caplog: pytest.LogCaptureFixture, command: str, words: str
) -> None:
    ran(stage, command)
    (said,) = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert words in said


def test_a_command_that_takes_too_long_is_ended_with_its_children(
    stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lock = tmp_path / "lock"
    endless = f"exec 9> {shlex.quote(str(lock))}; flock 9; sleep 600 & wait"
    began = time.monotonic()
    command = shlex.join(["sh", "-c", endless])
    settings = stage.settings(on_publish=command, on_publish_seconds=0.5)
    notify(settings, stage.store.manifests()[-1], os.environ)
    assert "took over 0.5 s and was ended" in caplog.text
    with lock.open("w") as held:  # whoever still runs holds it
        fcntl.flock(held, fcntl.LOCK_EX)
    assert time.monotonic() - began < 500


def test_a_projects_file_may_not_name_a_command(tmp_path: Path) -> None:
    (tmp_path / "lineage.toml").write_text('on_publish = "rm"', "utf-8")
    with pytest.raises(SettingsError, match="which a project's file may not"):
        load_settings({}, {}, tmp_path, with_token=False)
    (tmp_path / "lineage.toml").unlink()
    environment = {"LINEAGE_ON_PUBLISH": "mine", "XDG_CONFIG_HOME": str(tmp_path / "home")}
    assert load_settings({}, environment, tmp_path, with_token=False).on_publish == "mine"
    (tmp_path / "home" / "lineage").mkdir(parents=True)
    (tmp_path / "home" / "lineage" / "lineage.toml").write_text('on_publish = "yours"', "utf-8")
    del environment["LINEAGE_ON_PUBLISH"]
    assert load_settings({}, environment, tmp_path, with_token=False).on_publish == "yours"
