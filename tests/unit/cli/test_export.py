"""`lineage export`: every format of a base or family, whole files or none, the same bytes."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from lineage.cli.export import GRAPH_FORMATS
from lineage.cli.output import print_text_output
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.errors import SettingsError
from lineage.export import FORMATS
from lineage.store.store import ParquetStore
from tests.unit.cli.conftest import BASE, OTHER, Program

BELOW = {"owner/tuned", "owner/adapter", "owner/merge", "owner/quantized"}


def models(text: str) -> set[str]:
    return {row["model"] for row in csv.DictReader(io.StringIO(text))}


def test_every_format_has_a_command() -> None:
    assert list(GRAPH_FORMATS) == list(FORMATS)


@pytest.mark.parametrize("format", GRAPH_FORMATS)
def test_a_file_holds_what_standard_output_would(
    program: Program, store: Path, tmp_path: Path, format: str
) -> None:
    shown = program("export", format, BASE, "--store", store)
    assert (shown.code, shown.err) == (0, "")
    told = program("export", format, BASE, "--store", store, "--out", tmp_path / "x.file")
    assert (told.code, told.out) == (0, "")
    assert (tmp_path / "x.file").read_text("utf-8") == shown.out
    assert [path.name for path in tmp_path.iterdir()] == ["x.file"]


def test_tables_of_iceberg_are_written_once(program: Program, store: Path, tmp_path: Path) -> None:
    words = ("export", "iceberg", "--store", store, "--out", tmp_path / "tables")
    first, again = program(*words), program(*words)
    days = len(list(ParquetStore(str(store), NO_OPT_OUTS)))
    assert (first.code, first.err) == (again.code, again.err) == (0, "")
    assert first.out == f"{tmp_path}/tables: {days} snapshots in 6 tables, {days} new\n"
    assert again.out == f"{tmp_path}/tables: {days} snapshots in 6 tables, 0 new\n"
    assert "every snapshot is registered" in program(*words, "--snapshot", "latest").err


def test_the_bytes_hang_on_no_run(store: Path) -> None:
    command = ["export", "gexf", "llama", "--depth", "2", "--store", str(store)]
    runs = {
        subprocess.run(
            [sys.executable, "-m", "lineage", *command],
            env={"PYTHONHASHSEED": seed, "LC_ALL": locale},
            check=True,
            capture_output=True,
        ).stdout
        for seed, locale in (("1", "C"), ("2", "C.UTF-8"))
    }
    assert len(runs) == 1


def test_a_base_comes_with_its_descendants(program: Program, store: Path) -> None:
    assert models(program("export", "csv", BASE, "--store", store).out) == {BASE, *BELOW}


def test_a_release_can_be_asked_for(program: Program, store: Path) -> None:
    rows = csv.DictReader(io.StringIO(program("export", "csv", "llama-2", "--store", store).out))
    assert {row["model"] for row in rows if row["root"] == "false"} == BELOW - {"owner/merge"}


def test_the_filters_of_a_count_hold(program: Program, store: Path) -> None:
    asked = ["export", "csv", BASE, "--relations", "finetune", "--store", store]
    assert models(program(*asked).out) == {BASE, "owner/tuned"}
    asked = ["export", "csv", BASE, "--direct", "--store", store]
    assert models(program(*asked).out) == {BASE, "owner/tuned", "owner/quantized"}


def test_a_graph_can_be_made_smaller(program: Program, store: Path) -> None:
    told = program("export", "jsonl", BASE, "--min-size", 2, "--store", store)
    assert [json.loads(line)["model"] for line in told.out.splitlines()] == [BASE, "owner/tuned"]
    whole = program("export", "jsonl", BASE, "--store", store).out
    assert all(
        program("export", "jsonl", BASE, "--min-size", least, "--store", store).out == whole
        for least in (0, 1)
    )
    told = program("export", "mermaid", BASE, "--depth", 1, "--store", store)
    assert "%% shown - 2 of 4 models#58; 1 generation\n" in told.out
    assert "owner/adapter" not in told.out


@pytest.mark.parametrize("format", ["graphml", "gexf"])
def test_the_rule_is_told(program: Program, store: Path, format: str) -> None:
    told = program("export", format, "llama", "--store", store).out
    assert "curated links" in told
    assert "20261121T120000Z" in told


def test_a_hostile_license_is_harmless(program: Program, store: Path) -> None:
    told = program("export", "csv", BASE, "--store", store).out
    licenses = {row["license"] for row in csv.DictReader(io.StringIO(told))}
    assert "'=1+1" in licenses


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        (["csv"], 2, "Missing argument"),
        (["csv", BASE, "llama"], 2, "unexpected extra argument"),
        (["csv", "owner/tund"], 5, "owner/tuned"),
        (["csv", "family:lama"], 5, "no family"),
        (["parquet", "--out", "x", "--direct"], 2, "as it is"),
        (["parquet", BASE], 2, "--out"),
        (["csv", BASE, "--out", "no/such/folder/x.csv"], 2, "cannot be written"),
        (["cyclonedx", "owner/tund"], 5, "owner/tuned"),
    ],
)
def test_what_cannot_be_done_is_said(
    program: Program, store: Path, asked: list[str], code: int, said: str
) -> None:
    told = program("export", *asked, "--store", store)
    assert (told.code, told.out) == (code, "")
    assert said in told.err
    assert not list(Path.cwd().iterdir())


def test_an_export_that_fails_spares_the_file_before_it(tmp_path: Path) -> None:
    def breaks_off() -> Iterator[str]:
        yield "half"
        raise SettingsError("too many models")

    kept = tmp_path / "x.mmd"
    kept.write_text("dear")
    with pytest.raises(SettingsError):
        print_text_output(breaks_off(), str(kept))
    assert [path.read_text() for path in tmp_path.iterdir()] == ["dear"]


# Parquet


def test_a_whole_snapshot_is_the_same_bytes(program: Program, store: Path, tmp_path: Path) -> None:
    assert program("export", "parquet", "--out", "all", "--store", store).code == 0
    (folder,) = store.iterdir()
    for path in folder.iterdir():
        assert (tmp_path / "all" / path.name).read_bytes() == path.read_bytes()


def test_a_cut_can_be_asked_like_any_snapshot(
    program: Program, store: Path, tmp_path: Path
) -> None:
    id = ParquetStore(str(store), NO_OPT_OUTS).snapshot().id
    assert program("export", "parquet", BASE, "--out", f"cut/{id}", "--store", store).code == 0
    where = ["--store", "cut", "--snapshot", id, "--format", "json"]
    ours, theirs = (
        program("count", BASE, *place).json[0]
        for place in (where, ["--store", store, "--format", "json"])
    )
    assert ours == theirs
    assert program("snapshots", "verify", id, "--store", "cut").code == 0
    ids = ParquetStore("cut", NO_OPT_OUTS).snapshot(id).column("models.parquet", "id").to_pylist()
    assert OTHER not in ids


# Bills of materials


def test_a_bill_names_the_ancestors(program: Program, store: Path) -> None:
    told = program("export", "cyclonedx", "owner/merge", "--store", store)
    subject: Any = told.json["metadata"]["component"]
    names = {f"{one['group']}/{one['name']}" for one in subject["pedigree"]["ancestors"]}
    assert names == {"owner/tuned", BASE, OTHER}


def test_networkx_reads_the_whole_llama_family(
    program: Program, corpus_snapshot: Any, tmp_path: Path
) -> None:
    store = corpus_snapshot.files.location
    asked = ["llama", "--store", store, "--out"]
    assert program("export", "graphml", *asked, "x.graphml").code == 0
    assert program("export", "gexf", *asked, "x.gexf").code == 0
    one, two = nx.read_graphml("x.graphml"), nx.read_gexf("x.gexf", version="1.3")
    assert set(one.edges) == set(two.edges)
    assert one.number_of_nodes() == two.number_of_nodes() > 20_000
