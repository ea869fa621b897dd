"""Who asks to be left out is in no value of a new table and in no answer, in whatever disguise."""

import base64
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from starlette.testclient import TestClient

from lineage import count_derivatives, diff_snapshots, open_store, trace_model
from lineage.build.opt_out import OptOutFilter
from lineage.cli.main import lineage
from lineage.crawl.dump import crawl_dump
from lineage.crawl.notify import describe_change_of_crawl
from lineage.crawl.plan import CrawlMode
from lineage.demo.catalog import Row
from lineage.domain.opt_outs import OptOuts
from lineage.errors import SettingsError, UnknownModel
from lineage.families.registry import all_families
from lineage.serve.app import Server, make_app
from lineage.serve.open_snapshots import OpenSnapshots
from lineage.sources.interface import RecordPage
from lineage.sources.listing_pages import parse_page
from lineage.store import schema
from lineage.store.manifest import SnapshotKind
from lineage.store.store import ParquetStore
from tests.fakes.fake_hub import FakeHub
from tests.fakes.live_catalog import LiveCatalog
from tests.story.conftest import Play
from tests.story.stage import PLENTY, Stage
from tests.unit.demo.rows import a_child, a_row

DAY = 24 * 3600
ROOT = "meta-llama/Llama-2-7b-hf"
LIST = "Shyowl, some-body/Hidden.Gem"
SECRETS = ("shyowl", "hidden.gem", "renamedowl", "hidden-again")
"""All that may be read nowhere; the last two are names that theirs had at other times."""

ID = "shyowl/nest"
DISGUISES = (
    "shyowl/nest",
    "SHYOWL/Nest",
    "https://huggingface.co/shyowl/nest",
    "http://www.huggingface.co/shyowl/nest/blob/main/LICENSE",
    "hf.co/shyowl/nest/",
    "https://huggingface.co/shyowl%2Fnest",
    "https://example.com/?to=https%253A%252F%252Fhf.co%252Fshyowl%252Fnest",
    "shyowl--nest",
    "models--shyowl--nest",
    "shyowl__nest",
    r"shyowl\nest",
    r"shyowl\u002fnest",
    r"{\"base\": \"shyowl\/nest\"}",
    "shyowl&#47;nest",
    "shyowl / nest",
    "\uff53\uff48\uff59\uff4f\uff57\uff4c/nest",
    "shy\u200bowl/nest",
    "%73hyowl/nest",
    "git clone https://huggingface.co/shyowl/nest.git",
    "/home/me/models/shyowl/nest/checkpoint-5",
    "https://github.com/shyowl",
    "a merge of shyowl's models and others",
)
FIELDS = ("license_link", "license_name", "library", "author", "model_type", "tags", "config")


def naming(number: int, text: str, field: str) -> Row:
    """Somebody else's model, of which one field names the forgotten."""
    card = {"license_link": "license_link", "license_name": "license_name"}
    if field in card:
        return a_row(number, cardData={"license": "other", card[field]: text})
    if field == "model_type":
        return a_row(number, config={"model_type": text})
    if field == "config":
        return a_row(number, config={"_name_or_path": text})
    if field == "tags":
        return a_row(number, tags=["base_model:" + text, "plain", text, "dataset:" + text])
    return a_row(number, **{{"library": "library_name"}.get(field, field): text})


def a_hub() -> list[Row]:
    """A family with two who ask, their children, and everybody else who names them."""
    root = a_row(0, id=ROOT, author="meta-llama")
    theirs = a_child(1, root, id=ID, author="shyowl")
    gem = a_child(2, root, id="some-body/Hidden.Gem", author="some-body")
    rows = [root, theirs, gem, a_child(3, theirs, "quantized"), a_child(4, gem, "merge")]
    rows += [a_child(5, root, tags=["license:other"]), a_row(6, id="shyowlet/nest")]
    for text in DISGUISES:
        rows += [naming(len(rows) + at, text, field) for at, field in enumerate(FIELDS)]
    unreadable = a_row(len(rows), id="no/repo/id", tags=list(DISGUISES))
    return [*rows, unreadable, *(a_row(len(rows) + number) for number in range(1, 60))]


def values(table: pa.Table) -> Iterator[str]:
    """Every text of a table, and every text in a list of it."""
    for row in table.to_pylist():
        for value in row.values():
            yield from (str(one) for one in (value if isinstance(value, list) else [value]))


def told(stage: Stage, id: str) -> str:
    snapshot = stage.store.snapshot(id)
    return "\n".join(text for file in schema.TABLES for text in values(snapshot.table(file)))


def opted_out_named_in(text: str) -> list[str]:
    """Which of them a text names, but for another owner whose name begins alike."""
    lowered = text.lower().replace("shyowlet", "")
    return [secret for secret in SECRETS if secret in lowered]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("text", DISGUISES)
def test_no_field_of_anybody_names_them_in_any_disguise(field: str, text: str) -> None:
    rows = parse_page(json.dumps([naming(0, text, field), a_row(1)]).encode())
    page = RecordPage(rows.records)
    cleaned = OptOutFilter(OptOuts.parse(LIST)).redact(page)
    assert len(cleaned.records) == 2
    assert [str(value) for value in cleaned.records[0] if "nest" in str(value)] == []
    assert not opted_out_named_in(str(cleaned.records))
    assert cleaned.records[1] == page.records[1]


def test_a_snapshot_holds_them_under_no_name_they_ever_had(play: Play) -> None:
    box, stage = play(a_hub())
    stage.crawl()
    box.catalog.rename(ID, "renamedowl/nest-2")
    box.catalog.rename("some-body/Hidden.Gem", "hidden-again/gem")
    stage.clock.sleep(DAY)
    before = stage.crawl().manifest
    assert set(opted_out_named_in(told(stage, before.id))) == set(SECRETS)
    stage.clock.sleep(DAY)
    box.catalog.rename("renamedowl/nest-2", "renamedowl/nest-3")
    after = stage.crawl(opt_outs=LIST).manifest
    assert not opted_out_named_in(told(stage, after.id))
    assert "nest-" not in told(stage, after.id)
    keys = [a_row(1)["_id"], a_row(2)["_id"]]
    assert not [key for key in keys if key in told(stage, after.id)]
    assert not opted_out_named_in(after.to_json().decode())
    assert (after.models, after.tombstones) == (before.models - 2, 0)
    assert after.bad_rows == before.bad_rows - 1


def test_they_are_known_again_when_no_snapshot_tells_their_names_any_more(play: Play) -> None:
    box, stage = play(a_hub())
    stage.crawl()
    box.catalog.rename(ID, "renamedowl/nest-2")
    models = []
    for mode in (CrawlMode.FULL, CrawlMode.AUTO, CrawlMode.FULL, CrawlMode.FULL):
        stage.clock.sleep(DAY)
        manifest = stage.crawl(mode=mode, opt_outs=LIST).manifest
        models.append(manifest.models)
        assert not opted_out_named_in(told(stage, manifest.id)), mode
        if mode is CrawlMode.AUTO:
            assert manifest.origin.kind is SnapshotKind.UPDATE
            box.catalog.rename("renamedowl/nest-2", "renamedowl/nest-4")
    assert len(set(models)) == 1
    stage.clock.sleep(DAY)
    back = stage.crawl(opt_outs="some-body/hidden.gem").manifest
    assert back.models == models[0] + 1
    assert "renamedowl/nest-4" in stage.column(back.id, schema.MODELS_FILE, "id")


@pytest.mark.parametrize("field", FIELDS)
def test_crawl_auto_takes_a_full_crawl_for_whatever_it_would_clean(play: Play, field: str) -> None:
    _, stage = play([*(a_row(number) for number in range(20)), naming(20, DISGUISES[3], field)])
    stage.crawl()
    stage.clock.sleep(DAY)
    kinds = []
    for _ in range(2):
        manifest = stage.crawl(mode=CrawlMode.AUTO, opt_outs=LIST).manifest
        kinds.append(manifest.origin.kind)
        assert not opted_out_named_in(told(stage, manifest.id))
        stage.clock.sleep(DAY)
    assert kinds == [SnapshotKind.FULL, SnapshotKind.UPDATE]


def test_an_owner_called_like_a_license_takes_no_license_along(play: Play) -> None:
    rows = [a_row(number, tags=["license:mit"], cardData={"license": "mit"}) for number in range(9)]
    _, stage = play([*rows, a_row(9, id="mit/model", author="mit")])
    swept = stage.crawl(opt_outs="mit").manifest
    assert swept.models == 9
    assert set(stage.column(swept.id, schema.MODELS_FILE, "license")) == {"mit"}
    stage.clock.sleep(DAY)
    assert (
        stage.crawl(mode=CrawlMode.AUTO, opt_outs="mit").manifest.origin.kind is SnapshotKind.UPDATE
    )


def test_what_is_announced_does_not_tell_that_they_are_gone(play: Play) -> None:
    _, stage = play(a_hub())
    stage.crawl()
    stage.clock.sleep(DAY)
    after = stage.crawl(opt_outs=LIST).manifest
    said = describe_change_of_crawl(stage.settings(opt_outs=LIST), after)
    assert not opted_out_named_in(json.dumps(said))
    assert said["removed"] == []
    assert "shyowl/nest" in json.dumps(describe_change_of_crawl(stage.settings(), after))


def test_nobody_walks_below_them(play: Play) -> None:
    box, stage = play(a_hub())
    asked = len(box.requests)
    for name in (ID, "https://hf.co/SHYOWL/other/", "some-body/hidden.gem"):
        with pytest.raises(SettingsError, match="is left out"):
            stage.crawl(base=name, opt_outs=LIST)
    assert len(box.requests) == asked


def test_their_names_are_cut_out_of_what_cards_say(play: Play) -> None:
    link = "[{0}](https://huggingface.co/{0})"
    both = f"A merge of {link.format(ID)} and {link.format(ROOT)}."
    rows = [
        a_row(0, id=ROOT, author="meta-llama", config={"model_type": "llama"}),
        a_row(1, id=ID, author="shyowl"),
        a_row(2, config={"model_type": "llama"}, _readme=both),
        a_row(3, config={"model_type": "llama"}, _readme=f"Original model: {link.format(ID)}"),
        *(a_row(number) for number in range(4, 40)),
    ]
    _, stage = play(rows)
    before = stage.crawl(cards=True).manifest
    assert "shyowl" in told(stage, before.id)
    copy = ParquetStore(stage.settings().store, OptOuts.parse(LIST)).snapshot(before.id)
    stage.clock.sleep(DAY)
    with_cards = stage.crawl(cards=True, opt_outs=LIST).manifest
    stage.clock.sleep(DAY)
    carried = stage.crawl(mode=CrawlMode.AUTO, opt_outs=LIST).manifest
    for snapshot in (copy, *(stage.store.snapshot(one.id) for one in (with_cards, carried))):
        said = snapshot.table(schema.EVIDENCE_FILE, ["parent_as_written", "rule", "quote"])
        assert said.to_pylist() == [
            {"parent_as_written": ROOT, "rule": "card_text", "quote": "(opted out)"}
        ]
        assert snapshot.manifest.models == 39


def test_a_dump_brings_nobody_back(tmp_path: Path) -> None:
    stage = Stage(tmp_path, "https://huggingface.co")
    settings, today = stage.settings(opt_outs=LIST), stage.clock.now()
    taken = crawl_dump(settings, a_dump(tmp_path), taken_at=today, clock=stage.clock).manifest
    assert taken.models == sum(1 for row in a_hub() if "/repo/" not in row["id"]) - 2
    assert not opted_out_named_in(told(stage, taken.id))


def test_the_functions_of_the_package_leave_them_out_too(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, stage = play(a_hub())
    stage.crawl()
    counted = count_derivatives(ROOT, snapshot=open_store(stage.settings().store).snapshot()).total
    monkeypatch.setenv("LINEAGE_OPT_OUTS", LIST)
    snapshot = open_store(stage.settings().store).snapshot()
    assert count_derivatives(ROOT, snapshot=snapshot).total == 1 < counted
    assert diff_snapshots(snapshot, snapshot).removed == ()
    with pytest.raises(UnknownModel):
        trace_model(ID, snapshot=snapshot)


# Every command, asked about a snapshot of before


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, list[str]]]:
    """A store with a snapshot that names them, one with them as tombstones, and one without."""
    with FakeHub(LiveCatalog(a_hub()), quotas=PLENTY) as box:
        stage = Stage(tmp_path_factory.mktemp("old"), box.url)
        ids = [stage.crawl().manifest.id]
        box.catalog.rename("some-body/Hidden.Gem", "hidden-again/gem")
        box.catalog.delete(ID)
        stage.clock.sleep(DAY)
        ids.append(stage.crawl().manifest.id)
        stage.clock.sleep(DAY)
        ids.append(stage.crawl(opt_outs=LIST).manifest.id)
        yield stage, ids


def a_dump(folder: Path) -> str:
    rows = [{name: row.get(name) for name in ("_id", "id", "author")} for row in a_hub()]
    pq.write_table(pa.Table.from_pylist(rows), folder / "dump.parquet")
    return str(folder / "dump.parquet")


def questions(ids: list[str], folder: Path) -> dict[str, list[list[str]]]:
    """Every command that answers from snapshots, with what it is asked."""
    graphs = ("graphml", "gexf", "dot", "mermaid", "csv", "jsonl")
    whole = [["--snapshot", id] for id in ids]
    out = str(folder / "out")
    return {
        "count": [
            *(["--top", "50", *one] for one in whole),
            *(["llama", "--by", "author", "--deleted", *one] for one in whole),
            *([ROOT, "--explain", *one] for one in whole),
            *([ROOT, "--format", "json", "--by", "author", *one] for one in whole),
        ],
        "tree": [["llama", "--depth", "9", *one] for one in whole]
        + [[ROOT, *one] for one in whole],
        "trace": [
            ["owner/model-4", "owner/model-12", "--format", format, *one]
            for format in ("table", "json")
            for one in whole
        ],
        "check": [
            ["owner/model-4", "owner/model-12", "--deny", "owner/*", "--format", format, *one]
            for format in ("table", "json", "csv", "lines", "sarif")
            for one in whole
        ],
        "anomalies": [["--examples", "500", "--format", "json", *one] for one in whole],
        "evaluate": [[*one] for one in whole],
        "report family-tree": [["--out", out, *one] for one in whole],
        "report trend": [["--out", out, *one] for one in whole],
        "report licenses": [["--out", out, *one] for one in whole],
        **{f"export {graph}": [["llama", *one] for one in whole] for graph in graphs},
        "export parquet": [
            *(["--out", f"{out}/whole-{id}", "--snapshot", id] for id in ids),
            *([ROOT, "--out", f"{out}/cut-{id}", "--snapshot", id] for id in ids),
        ],
        "export iceberg": [["--out", f"{out}/iceberg"]],
        "export cyclonedx": [["owner/model-4", *one] for one in whole],
        "snapshots list": [["--format", "json"]],
        "snapshots show": [[id, "--format", "json"] for id in ids],
        "snapshots diff": [[a, b, "--format", "json"] for a in ids for b in ids],
        "snapshots verify": [[id] for id in ids],
        "snapshots prune": [["--dry-run"]],
        "snapshots trend": [["--by", "release"], [ROOT, "--by", "month"], ["--format", "json"]],
        "recount": [
            ["llama", "--every", "day", "--by", "author"],
            [ROOT, "--every", "day", "--deleted", "--format", "json"],
        ],
        "snapshots check-against": [["--examples", "99", a_dump(folder), *one] for one in whole],
        "families check": [[*one] for one in whole],
    }


_ASK_NO_SNAPSHOT = frozenset(
    {
        *("crawl", "doctor", "demo", "hub", "schedule print", "schedule run"),
        *("families list", "families show", "snapshots accept"),
    }
)

_ASKED_ELSEWHERE = {"serve", "publish"}
"""The one below, the other in test_publish.py, which has a Hub to publish to."""


def commands(group: click.Group, before: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield before + name


def asked(stage: Stage, command: str, arguments: Iterable[str], **environment: str) -> Result:
    words = ["--store", stage.settings().store, *command.split(), *arguments]
    return CliRunner().invoke(lineage, words, env={"LINEAGE_OPT_OUTS": LIST, **environment})


def test_every_command_that_asks_a_snapshot_is_asked_here(tmp_path: Path) -> None:
    asked_here = {*questions(["x"], tmp_path), *_ASKED_ELSEWHERE}
    assert set(commands(lineage)) == asked_here | _ASK_NO_SNAPSHOT


@pytest.mark.parametrize(
    "command", sorted(set(commands(lineage)) - _ASK_NO_SNAPSHOT - _ASKED_ELSEWHERE)
)
def test_no_answer_names_them(old: tuple[Stage, list[str]], tmp_path: Path, command: str) -> None:
    stage, ids = old
    for arguments in questions(ids, tmp_path)[command]:
        answer = asked(stage, command, arguments)
        assert answer.exception is None or isinstance(answer.exception, (SystemExit, UnknownModel))
        assert not opted_out_named_in(answer.output), (command, arguments)
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != "dump.parquet":
            assert not opted_out_named_in(readable(path)), path


def test_the_server_names_them_nowhere(old: tuple[Stage, list[str]]) -> None:
    stage, ids = old
    opt_outs = OptOuts.parse(LIST)
    store = ParquetStore(stage.settings().store, opt_outs)
    snapshots = OpenSnapshots(store, all_families(), opt_outs.digest())
    snapshots.refresh_served_snapshots()
    client = TestClient(make_app(Server(snapshots)))
    places = [
        f"/api/models/{ROOT}",
        f"/models/{ROOT}",
        "/api/families/llama/tree",
        "/api/snapshots",
    ]
    places += [f"/api/models/{ROOT}/derivatives?deleted=true", "/families/llama", "/"]
    places += [f"/api/models/owner/model-{number}/lineage" for number in (4, 12)]
    places += [f"/api/search?q={word}" for word in ("shy", "hidden", "renamed", "nest")]
    places += [f"/models/{ID}", f"/api/models/{ID}/lineage"]
    for place in places:
        for snapshot in ids:
            mark = "&" if "?" in place else "?"
            answer = client.get(f"{place}{mark}snapshot={snapshot}")
            # What was asked for is said back where it is unknown.
            text = answer.text.replace(ID, "")
            assert answer.status_code < 500, place
            assert not opted_out_named_in(text.replace(place, "")), (place, snapshot)


def readable(path: Path) -> str:
    """What a file says: of Parquet every value, of a page also what it carries packed."""
    if path.suffix == ".parquet":
        return "\n".join(values(pq.read_table(path)))
    return path.read_bytes().decode("utf-8", "replace")


@pytest.mark.parametrize(
    "command", ["count", "tree", "trace", "anomalies", "snapshots diff", "export csv"]
)
def test_without_the_list_the_same_questions_do_name_them(
    old: tuple[Stage, list[str]], tmp_path: Path, command: str
) -> None:
    stage, ids = old
    asked_about = questions(ids, tmp_path)[command]
    outputs = [asked(stage, command, one, LINEAGE_OPT_OUTS="").output for one in asked_about]
    assert any(map(opted_out_named_in, outputs))


def test_an_old_snapshot_counts_as_if_they_had_not_been(old: tuple[Stage, list[str]]) -> None:
    stage, ids = old
    arguments = [ROOT, "--format", "json", "--snapshot"]
    first, last = (
        json.loads(asked(stage, "count", [*arguments, id]).output)[0] for id in (ids[0], ids[2])
    )
    assert {name: first[name] for name in ("direct", "total", "by_relation", "undated")} == {
        name: last[name] for name in ("direct", "total", "by_relation", "undated")
    }
    raw = asked(stage, "count", [*arguments, ids[0]], LINEAGE_OPT_OUTS="")
    assert json.loads(raw.output)[0]["total"] > first["total"] == 1


def test_live_questions_are_refused_too(old: tuple[Stage, list[str]]) -> None:
    stage, _ = old
    refused = asked(stage, "trace", [ID, "--live", "--endpoint", stage.endpoint])
    assert isinstance(refused.exception, SettingsError)
    assert "is left out" in str(refused.exception)
    child = asked(stage, "trace", ["owner/model-3", "--live", "--endpoint", stage.endpoint])
    assert not opted_out_named_in(child.output)


def test_base64_is_a_disguise_that_nobody_undoes() -> None:
    hidden = base64.b64encode(ID.encode()).decode()
    assert not OptOuts.parse(LIST).opted_out_named_in(hidden)
