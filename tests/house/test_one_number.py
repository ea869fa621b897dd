"""A subject has one default number: in every command, export, report and function."""

import base64
import csv
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import chdir
from datetime import timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
import networkx as nx
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from pyiceberg.table import StaticTable
from starlette.testclient import TestClient

import lineage as package
from lineage.analysis.tree.rows import RowKind
from lineage.cli.main import lineage
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.export import FORMATS
from lineage.families.registry import all_families
from lineage.serve.app import Server, make_app
from lineage.serve.mcp_tools import call_tool
from lineage.serve.open_snapshots import OpenSnapshots
from lineage.store.store import ParquetStore
from tests.builders import key_of, published, row
from tests.fakes.data_set_hub import TOKEN, DataSetHub
from tests.fakes.fake_clock import NOON
from tests.own_loop import run_in_own_loop

LLAMA_2, LLAMA_3 = "meta-llama/Llama-2-7b-hf", "meta-llama/Llama-3.1-8B"
MISTRAL, MIRROR = "mistralai/Mistral-7B-v0.1", "huggyllama/llama-7b"
UNDATED = "2022-03-02T23:29:04.000Z"
SUBJECTS = (
    *("family:llama", "release:llama-1", "release:llama-2", "release:llama-3.1"),
    *("family:mistral", LLAMA_2, LLAMA_3, MIRROR, MISTRAL),
    *("o/child", "o/new-name", "o/circle-a", "o/deleted", "o/leaf"),
)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days: a deletion, a rename, merges, a mirror, circles, undated and inferred models."""
    folder = tmp_path_factory.mktemp("one-number")
    stays = [
        *(row(LLAMA_2), row(LLAMA_3), row(MISTRAL), row(MIRROR)),
        row("o/child", [LLAMA_2]),
        row("o/grandchild", ["o/child"], "adapter"),
        row("o/of-the-mirror", [MIRROR]),
        row("o/merge-of-releases", [LLAMA_2, LLAMA_3], "merge"),
        row("o/merge-of-families", ["o/child", MISTRAL], "merge"),
        row("o/circle-a", ["o/circle-b", LLAMA_3], "merge"),
        row("o/circle-b", ["o/circle-a"]),
        row("o/own-parent", ["o/own-parent", MISTRAL]),
        row("o/undated", [LLAMA_2], "quantized", createdAt=UNDATED),
        row("o/of-the-deleted", ["o/deleted"]),
        row("o/of-the-unlisted", ["somebody/unlisted"]),
        row("o/of-the-renamed", ["o/old-name"]),
        row("o/Llama-2-7b-hf-by-its-name-alone"),
        row("o/leaf", [LLAMA_3]),
        *(row(f"aside/{number}") for number in range(40)),
    ]
    renamed = row("o/old-name", [LLAMA_3])
    families = all_families()
    published([*stays, renamed, row("o/deleted", [LLAMA_2])], folder, families=families)
    rows = [*stays, renamed | {"id": "o/new-name"}]
    published(rows, folder, families=families, taken_at=NOON + timedelta(days=1))
    return folder


class Asking:
    """Runs commands on the history, each once; JSON is read, files go to a folder of its own."""

    def __init__(self, history: Path, folder: Path) -> None:
        self.history, self.folder = history, folder
        self.run = cache(self._run)

    def _run(self, *words: str) -> str:
        outcome = CliRunner().invoke(lineage, ["--store", str(self.history), *words])
        assert outcome.exit_code == 0, (words, outcome.exception, outcome.output)
        return outcome.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self.run("--format", "json", *words))

    def count(self, subject: str, *words: str) -> Any:
        """What `count` says of one subject when it is asked for all of them."""
        return self.json("count", *SUBJECTS, *words)[SUBJECTS.index(subject)]


@pytest.fixture(scope="module")
def asking(history: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    """In a folder without settings, as most users are."""
    folder = tmp_path_factory.mktemp("asking")
    with chdir(folder):
        yield Asking(history, folder)


Number = Callable[[Asking, str], int | None]
"""Asks for a subject's number; None where this is not asked about such a subject."""


def of_count(asking: Asking, subject: str) -> int:
    (count,) = asking.json("count", subject)
    compared = asking.count(subject, "--explain")
    (default,) = [step for step in compared["steps"] if step["default"]]
    assert default["number"] == count["total"], "--explain"
    assert sum(count["by_relation"].values()) == count["total"], "by_relation"
    for by in ("relation", "month", "library", "license", "author", "release"):
        divided = asking.count(subject, "--by", by)
        assert sum(group["total"] for group in divided["groups"]) == count["total"], by
    return int(count["total"])


def of_tree(asking: Asking, subject: str) -> int:
    return int(asking.json("tree", subject)["total"])


def of_trend(asking: Asking, subject: str) -> int | None:
    if subject.startswith("release:"):
        by_release = asking.json("snapshots", "trend", "llama", "--by", "release")
        name = {"llama-1": "LLaMA 1", "llama-2": "Llama 2", "llama-3.1": "Llama 3.1"}[subject[8:]]
        parts = {part["key"]: part["values"][-1]["total"] for part in by_release["parts"]}
        return int(parts.get(name, 0))
    if subject == "o/deleted":
        return None  # a curve is of listed models
    return int(asking.json("snapshots", "trend", subject)["whole"]["values"][-1]["total"])


def of_recount(asking: Asking, subject: str) -> int:
    curve = asking.json("recount", *SUBJECTS, "--every", "day")[SUBJECTS.index(subject)]
    return int(curve["whole"]["values"][-1]["total"])


def of_diff(asking: Asking, subject: str) -> int | None:
    if not subject.startswith("family:"):
        return None
    families = {one["family"]: one for one in asking.json("snapshots", "diff")["families"]}
    return int(families[subject[7:]]["after"])


def of_family_tree(asking: Asking, subject: str) -> int | None:
    out = asking.folder / "tree"
    files = asking.run("report", "family-tree", subject, "--out", str(out)).split()
    page = next(Path(file) for file in files if file.endswith(".md")).read_text("utf-8")
    return headline_number(page)


def headline_number(page: str) -> int:
    """Return the number of models that a page says to descend from its subject."""
    match = re.search(r"([\d,]+) models?( in this snapshot| that)? descends? from", page)
    assert match is not None, page[:400]
    return int(match[1].replace(",", ""))


def of_report_trend(asking: Asking, subject: str) -> int | None:
    if not subject.startswith("family:"):
        return None
    files = asking.run("report", "trend", subject, "--out", str(asking.folder / "trend")).split()
    page = next(Path(file) for file in files if file.endswith(".md")).read_text("utf-8")
    return headline_number(page)


def of_licenses(asking: Asking, subject: str) -> int | None:
    if not subject.startswith(("family:", "release:")):
        return None  # of a model that belongs to no family there are no terms
    out = asking.folder / "licenses"
    files = asking.run("report", "licenses", subject, "--out", str(out)).split()
    page = next(Path(file) for file in files if file.endswith(".md")).read_text("utf-8")
    match = re.match(r"# .* of (?:the )?([\d,]+) ", page)
    return int(match[1].replace(",", "")) if match else 0


def of_parquet(asking: Asking, subject: str) -> int:
    out = asking.folder / f"cut-{re.sub(r'[^a-z0-9]', '-', subject.lower())}"
    asking.run("export", "parquet", subject, "--out", str(out))
    count = asking.count(subject)
    (tables,) = [path.parent for path in out.rglob("models.parquet")]
    ids = pq.read_table(tables / "models.parquet", columns=["id"])["id"].to_pylist()
    return len(set(ids) - set(count["definition"]["roots"]))


def of_stored_count(asking: Asking, subject: str, table: pa.Table) -> int | None:
    """Of a table of counts, which has a row for each model with children and no family."""
    roots = asking.count(subject)["definition"]["roots"]
    if subject.startswith("release:") or len(roots) != 1:
        return None
    return int(sum(table.filter(pc.equal(table["id"], roots[0]))["total"].to_pylist()))


def of_iceberg(asking: Asking, subject: str) -> int | None:
    out = asking.folder / "iceberg"
    asking.run("export", "iceberg", "--out", str(out))
    table = StaticTable.from_metadata(f"file://{out}/counts").scan().to_arrow()
    return of_stored_count(asking, subject, table)


@cache
def published_counts(asking: Asking) -> pa.Table:
    token = asking.folder / "token"
    token.write_text(TOKEN, "utf-8")
    with DataSetHub() as hub:
        asking.run(
            *("publish", "hf://datasets/owner/counts", "--sample", "--endpoint", hub.url),
            *("--token-file", str(token)),
        )
        content = hub.files("owner/counts")["latest/counts.parquet"]
    return pq.read_table(pa.BufferReader(content))


def of_publish(asking: Asking, subject: str) -> int | None:
    return of_stored_count(asking, subject, published_counts(asking))


def of_graph(format: str) -> Number:
    def number(asking: Asking, subject: str) -> int:
        text = asking.run("export", format, subject)
        count = asking.count(subject)
        return len(models_in(format, text) - set(count["definition"]["roots"]))

    return number


def models_in(format: str, text: str) -> set[str]:
    match format:
        case "graphml":
            return set(nx.parse_graphml(text).nodes)
        case "gexf":
            return set(re.findall(r'<node id="[^"]*" label="([^"]*)"', text))
        case "dot":
            return set(re.findall(r'^  "([^"]*)" \[', text, re.MULTILINE))
        case "mermaid":
            return set(re.findall(r'^\s*n\d+[\[(]+"([^"]*)"', text, re.MULTILINE))
        case "csv":
            return {record["model"] for record in csv.DictReader(io.StringIO(text))}
        case "jsonl":
            return {json.loads(line)["model"] for line in text.splitlines()}
    raise NotImplementedError(format)


@cache
def served(history: Path) -> tuple[TestClient, Server]:
    snapshots = OpenSnapshots(
        ParquetStore(str(history), NO_OPT_OUTS), all_families(), NO_OPT_OUTS.digest()
    )
    snapshots.refresh_served_snapshots()
    server = Server(snapshots)
    return TestClient(make_app(server)), server


def of_api(asking: Asking, subject: str) -> int:
    """Every route that says how many: alone, in a batch, in a list, of a family or a model."""
    client, server = served(asking.history)
    total = int(client.get(f"/api/models/{subject}/counts").json()["total"])
    (item,) = client.post("/api/batch", json={"subjects": [subject]}).json()["items"]
    listed = client.get(f"/api/models/{subject}/derivatives").json()["items"]
    others = {item["counts"]["total"], len(listed)}
    if subject.startswith(("family:", "release:")):
        family = "mistral" if subject == "family:mistral" else "llama"
        place = f"{family}/{subject[8:]}" if subject.startswith("release:") else family
        others |= {
            client.get(f"/api/families/{place}/{it}").json()["total"] for it in ("counts", "tree")
        }
    else:
        others.add(client.get(f"/api/models/{subject}").json()["counts"]["total"])
    answer = run_in_own_loop(call_tool, server, "count_derivatives", {"subject": subject})
    others.add(answer.structured_content["total"])
    assert others == {total}
    return total


NUMBERS: dict[str, Number] = {
    "serve": of_api,
    "count": of_count,
    "tree": of_tree,
    "snapshots trend": of_trend,
    "recount": of_recount,
    "snapshots diff": of_diff,
    "report family-tree": of_family_tree,
    "report trend": of_report_trend,
    "report licenses": of_licenses,
    "export parquet": of_parquet,
    "export iceberg": of_iceberg,
    "publish": of_publish,
    **{f"export {format}": of_graph(format) for format in FORMATS},
}
NO_NUMBER_OF_A_SUBJECT = frozenset(
    {
        *("crawl", "doctor", "hub", "demo", "schedule print", "schedule run"),
        *("trace", "check", "anomalies", "evaluate", "export cyclonedx"),
        *("families list", "families show", "families check"),
        *("snapshots list", "snapshots show", "snapshots verify", "snapshots accept"),
        *("snapshots prune", "snapshots check-against"),
    }
)


def commands(group: click.Group, before: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield before + name


def test_every_command_is_asked_or_has_no_number() -> None:
    assert set(commands(lineage)) == {*NUMBERS, *NO_NUMBER_OF_A_SUBJECT}
    assert not NUMBERS.keys() & NO_NUMBER_OF_A_SUBJECT


@pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # the Hub's client
@pytest.mark.parametrize("command", NUMBERS)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_has_one_number(subject: str, command: str, asking: Asking) -> None:
    number = NUMBERS[command](asking, subject)
    assert number is None or number == asking.count(subject)["total"]


Told = dict[str, int]
"""The number beside each model that a picture names."""


def told_by_json(nodes: list[dict[str, Any]]) -> Told:
    named = [node for node in nodes if node["kind"] not in ("family", "group")]
    return {node["name"]: node["total"] for node in named}


def told_by_terminal(text: str) -> Told:
    lines = re.finditer(
        r"^[ \u2500-\u257f]*(\S+/\S+)  +(?:[a-z, ]+(?: \+\d+)? +)?([\d,]+)(?: +[\d,]+)?$",
        text,
        re.MULTILINE,
    )
    return {line[1]: int(line[2].replace(",", "")) for line in lines}


def told_by_markdown(page: str) -> Told:
    lines = re.finditer(
        r"^ *- `([^`]+)`(?:: ([\d,]+))?(?:, drawn here: [\d,]+)?(?: \(.*\))?$", page, re.MULTILINE
    )
    return {line[1]: int((line[2] or "0").replace(",", "")) for line in lines}


def told_by_poster(picture: str) -> Told:
    """Beside a name or below it stands its number; a box without descendants has none."""
    drawn = ElementTree.fromstring(picture)
    texts = [one.text or "" for one in drawn.iter("{http://www.w3.org/2000/svg}text")]
    told: Told = {}
    for name, beside in pairwise(texts):
        if re.fullmatch(r"\S+/\S+", name):
            number = re.search(r"(?:^|\u00b7 )([\d,]+)(?:, here|$| \u00b7)", beside)
            told[name] = int(number[1].replace(",", "")) if number else 0
    return told


def told_by_page(page: str) -> Told:
    (data,) = re.findall(r'<script type="[^"]*" id="data"[^>]*>([^<]*)<', page)
    digits = data.translate(str.maketrans(",./:", "<>&`"))
    block = zlib.decompress(base64.b85decode(digits), -zlib.MAX_WBITS)
    length = int.from_bytes(block[:8], "little")
    head = json.loads(block[8 : 8 + length])

    def column(name: str) -> list[int]:
        kind, at, size = head["columns"][name]
        numbers = np.frombuffer(block, np.dtype(f"<{kind}"), size, 8 + length + at)
        return [int(number) for number in numbers]

    names: list[str] = []
    line: list[str] = []
    for owner, model, depth in zip(column("owner"), head["models"], column("depth"), strict=True):
        bare = model.replace("/", line[depth - 1]) if owner else model
        line[depth:] = [bare]
        names.append(f"{head['owners'][owner - 1]}/{bare}" if owner else bare)
    rows = zip(names, column("kind"), column("total"), strict=True)
    return {name: total for name, kind, total in rows if kind >= RowKind.OFFICIAL}


@pytest.mark.parametrize(
    ("subject", "filters"),
    [
        *(
            ("family:llama", filters)
            for filters in ((), ("--deleted",), ("--mirrors", "--curated"))
        ),
        ("release:llama-2", ("--mirrors", "--curated")),
        (LLAMA_3, ()),
        ("o/deleted", ("--deleted",)),
    ],
)
def test_every_model_named_in_a_tree_has_the_number_of_count(
    subject: str, filters: tuple[str, ...], asking: Asking, tmp_path: Path
) -> None:
    files = asking.run("report", "family-tree", subject, "--out", str(tmp_path), *filters).split()
    written = {Path(file).suffix: Path(file) for file in files}
    every = ("--depth", "99", "--min-size", "0", *filters)
    pictures = {
        "JSON": told_by_json(asking.json("tree", subject, *every)["nodes"]),
        "terminal": told_by_terminal(asking.run("tree", subject, *every)),
        "Markdown": told_by_markdown(written[".md"].read_text("utf-8")),
        "poster": told_by_poster(written[".svg"].read_text("utf-8")),
        "page": told_by_page(written[".html"].read_text("utf-8")),
    }
    counts = asking.json("count", *{name for told in pictures.values() for name in told}, *filters)
    totals = {count["subject"]: count["total"] for count in counts}
    for picture, told in pictures.items():
        assert told == {name: totals[name] for name in told}, picture
        # A poster of one box names it in its title alone.
        assert told or (picture, subject) == ("poster", "o/deleted")


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_package_says_the_same(subject: str, history: Path, asking: Asking) -> None:
    count = asking.count(subject)
    snapshot = ParquetStore(str(history), NO_OPT_OUTS).snapshot()
    assert package.count_derivatives(subject, snapshot=snapshot).total == count["total"]
    graph = package.load_family(subject, snapshot=snapshot)
    roots = set(count["definition"]["roots"])
    assert len(set(graph.nodes) - roots) == count["total"]


def test_the_numbers_are_not_all_alike(asking: Asking) -> None:
    totals = {subject: asking.count(subject)["total"] for subject in SUBJECTS}
    releases = asking.count("family:llama", "--by", "release")["groups"]
    assert totals["family:llama"] == sum(group["total"] for group in releases)
    assert totals["o/leaf"] == 0
    assert len(set(totals.values())) > 5


def test_a_comparison_excludes_the_deleted_until_its_last_steps(asking: Asking) -> None:
    for subject in SUBJECTS:
        compared = asking.count(subject, "--explain")
        counted = [step["definition"]["deleted"] for step in compared["steps"]]
        assert not any(counted[:-2])
        assert [step["step"] for step in compared["steps"]][-2:] == [
            "with deleted models",
            "with inferred edges",
        ]


def test_a_former_name_has_the_number_of_the_new_one(asking: Asking) -> None:
    old, new = (asking.json("count", name)[0] for name in ("o/old-name", "o/new-name"))
    assert (old["total"], old["id"], old["key"]) == (1, "o/new-name", key_of("o/old-name"))
    assert old["total"] == new["total"]
