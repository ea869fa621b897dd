"""`import lineage` as the README shows it: four functions, and nothing loaded before its time."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import networkx
import pytest

import lineage
from lineage.errors import NoSuchSnapshot, UnknownModel
from lineage.settings import Settings
from lineage.store.reader import Snapshot
from tests.builders import published, row
from tests.fakes.fake_clock import NOON
from tests.fakes.fake_hub import FakeHub
from tests.fakes.live_catalog import LiveCatalog

README = Path(__file__).parents[2] / "README.md"
BASE, OTHER = "meta-llama/Llama-2-7b-hf", "meta-llama/Llama-3.1-8B"
HEAVY = ("pyarrow", "numpy", "networkx", "httpx", "huggingface_hub", "msgspec", "click", "rich")
ROWS = [
    row(BASE),
    row(OTHER, license="llama3.1"),
    row("owner/tuned", [BASE], "adapter"),
    row("owner/later", ["owner/tuned"], downloads=40),
    row("owner/of-3.1", [OTHER]),
]


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    return published(ROWS, tmp_path / "snapshots")


def loaded_by(code: str) -> set[str]:
    """The heavy packages that a fresh interpreter has loaded after this code."""
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(HEAVY) & set(ran.stdout.split())


def test_importing_lineage_loads_nothing_heavy() -> None:
    assert loaded_by("import lineage; lineage.Definition()") == set()


def test_opening_a_store_loads_no_network_and_no_graph() -> None:
    found = loaded_by("import lineage; lineage.open_store('none').manifests()")
    assert "pyarrow" in found
    assert found.isdisjoint({"networkx", "httpx", "huggingface_hub", "click", "rich"})


def test_all_that_is_promised_is_there() -> None:
    assert sorted(lineage.__all__) == lineage.__all__
    assert {"take_snapshot", "open_store", "load_family", "count_derivatives"} <= set(
        lineage.__all__
    )
    assert all(hasattr(lineage, name) for name in lineage.__all__)


def test_the_readmes_python_runs_as_it_stands(
    snapshot: Snapshot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(code, names)
    assert capsys.readouterr().out.startswith("2 {<Relation.ADAPTER: 'adapter'>: 1")
    assert isinstance(names["count"], type(lineage.count_derivatives(BASE, snapshot=snapshot)))
    assert isinstance(names["snapshot"], Snapshot)


def test_a_crawl_gives_the_snapshot_it_published(tmp_path: Path) -> None:
    with FakeHub(LiveCatalog(ROWS)) as box:
        settings = Settings(
            store=str(tmp_path / "snapshots"), cache=str(tmp_path / "cache"), endpoint=box.url
        )
        taken = lineage.take_snapshot(settings)
        below = lineage.take_snapshot(replace(settings, store=str(tmp_path / "small")), below=BASE)
    assert lineage.open_store(settings.store).snapshot().id == taken.id
    assert (taken.manifest.models, below.manifest.models) == (5, 3)
    assert lineage.count_derivatives(BASE, snapshot=below).total == 2


def test_the_latest_snapshot_of_this_folder_is_asked_by_default(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert lineage.count_derivatives(BASE).snapshot == snapshot.id
    assert sorted(lineage.load_family(BASE)) == [BASE, "owner/later", "owner/tuned"]


def test_where_there_is_no_snapshot_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoSuchSnapshot):
        lineage.count_derivatives(BASE)


def test_a_definition_and_a_grouping_can_be_given(snapshot: Snapshot) -> None:
    rule = lineage.Definition(closure=lineage.Closure.DIRECT)
    count = lineage.count_derivatives(
        BASE, snapshot=snapshot, definition=rule, by=lineage.Grouping.RELATION
    )
    assert (count.direct, count.total) == (1, 1)
    assert [(group.value, group.total) for group in count.groups] == [("adapter", 1)]


def test_a_family_is_counted_by_its_name(snapshot: Snapshot) -> None:
    count = lineage.count_derivatives(
        "family:llama", snapshot=snapshot, by=lineage.Grouping.RELEASE
    )
    assert (count.subject, count.total) == ("family:llama", 3)
    assert [group.value for group in count.groups] == ["Llama 2", "Llama 3.1"]
    with pytest.raises(UnknownModel):
        lineage.count_derivatives("family:none", snapshot=snapshot)


def test_a_family_a_release_and_a_base_are_graphs(snapshot: Snapshot) -> None:
    assert len(lineage.load_family("llama", snapshot=snapshot)) == 5
    release = lineage.load_family("llama-3.1", snapshot=snapshot)
    assert list(release.edges) == [(OTHER, "owner/of-3.1")]
    assert release.nodes[OTHER]["root"]
    below = lineage.load_family("owner/tuned", snapshot=snapshot)
    assert below.edges["owner/tuned", "owner/later"] == {
        "relation": "finetune",
        "strength": "confirmed",
        "created_at": "2024-03-24T10:00:00Z",
    }


def test_every_writer_of_networkx_takes_a_family(snapshot: Snapshot) -> None:
    graph = lineage.load_family("llama", snapshot=snapshot)
    assert graph.nodes["owner/of-3.1"]["release"] == "Llama 3.1"
    for write in (networkx.write_graphml, networkx.write_gexf, networkx.write_gml):
        write(graph, BytesIO())
    assert json.dumps(networkx.node_link_data(graph, edges="links"))


def test_a_misspelt_name_is_told_its_neighbours(snapshot: Snapshot) -> None:
    with pytest.raises(UnknownModel) as caught:
        lineage.load_family("meta-llama/Llama-2-7b", snapshot=snapshot)
    assert BASE in caught.value.hint


def test_two_snapshots_are_compared(snapshot: Snapshot, tmp_path: Path) -> None:
    grown = [*ROWS, row("owner/new", [OTHER])]
    diff = lineage.diff_snapshots(snapshot, published(grown, tmp_path / "later"))
    assert (diff.added, diff.edges_added) == (("owner/new",), 1)


def test_a_word_that_divides_nothing_is_refused_with_those_that_do(snapshot: Snapshot) -> None:
    with pytest.raises(ValueError, match="relation, release, month, library, license, author"):
        lineage.count_derivatives(BASE, snapshot=snapshot, by="nope")
    assert lineage.count_derivatives(BASE, snapshot=snapshot, by="relation").groups


@pytest.mark.parametrize("odd", [None, 5, b"x", [BASE]])
def test_an_argument_of_another_kind_is_a_value_error(snapshot: Snapshot, odd: Any) -> None:
    zero: Any = 0
    for ask in (
        lambda: lineage.count_derivatives(odd, snapshot=snapshot),
        lambda: lineage.count_derivatives(BASE, snapshot=snapshot, definition=odd or zero),
        lambda: lineage.count_derivatives(BASE, snapshot=odd or zero),
        lambda: lineage.explain_count(odd, snapshot=snapshot),
        lambda: lineage.trace_model(odd, snapshot=snapshot),
        lambda: lineage.trace_model(BASE, family=odd, snapshot=snapshot),
        lambda: lineage.trace_models([odd], snapshot=snapshot),
        lambda: lineage.trace_models(zero, snapshot=snapshot),
        lambda: lineage.load_family(odd, snapshot=snapshot),
        lambda: lineage.find_anomalies(odd or zero, snapshot=snapshot),
        lambda: lineage.find_anomalies(examples=-1, snapshot=snapshot),
        lambda: lineage.find_anomalies(bounds=odd or zero, snapshot=snapshot),
        lambda: lineage.find_anomalies(kind=odd or "cycl", snapshot=snapshot),
        lambda: lineage.diff_snapshots(odd, snapshot),
        lambda: lineage.open_store(odd),
        lambda: lineage.take_snapshot(odd or zero),
        lambda: lineage.check_models(BASE, deny=["a/b"], snapshot=snapshot),
        lambda: lineage.check_models([zero], deny=["a/b"], snapshot=snapshot),
        lambda: lineage.check_models([BASE], deny=zero, snapshot=snapshot),
        lambda: lineage.Definition(min_downloads=10**30),
    ):
        with pytest.raises(ValueError, match="got"):
            ask()


def test_a_store_gives_its_snapshots_oldest_first_and_says_what_it_is(tmp_path: Path) -> None:
    early = published([row("a/a")], tmp_path / "store")
    late = published(
        [row("a/a"), row("b/b")], tmp_path / "store", taken_at=NOON + timedelta(days=1)
    )
    store = lineage.open_store(tmp_path / "store")
    assert [snapshot.id for snapshot in store] == [early.id, late.id]
    assert repr(store) == f"<ParquetStore {tmp_path / 'store'}>"
    assert repr(late) == f"<Snapshot {late.id}: 2 models>"


def test_many_subjects_are_a_table_of_their_counts(snapshot: Snapshot) -> None:
    table = lineage.count_many([BASE, OTHER], snapshot=snapshot)
    totals = [lineage.count_derivatives(it, snapshot=snapshot).total for it in (BASE, OTHER)]
    assert (table["subject"].to_pylist(), table["total"].to_pylist()) == ([BASE, OTHER], totals)
    assert {"direct", "at_most", "finetune", "snapshot"} <= set(table.column_names)
    for wrong in ("llama", [], [None], None):
        with pytest.raises((ValueError, TypeError)):
            lineage.count_many(wrong, snapshot=snapshot)  # type: ignore[arg-type]
