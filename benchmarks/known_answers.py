"""How often rules are right about models of which the names alone are known.

`python -m benchmarks.known_answers ANSWERS.csv FOLDER` writes the bundled corpus as a dump, each
model of the answers (columns `child` and `parent`) added to it or robbed of its parents, and the
labels for `evaluate`. It prints the commands that measure the rules. Who has no parent by the
answers is added without a label.
"""

import argparse
import csv
import json
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.local_paths import FIELDS
from lineage.demo.catalog import Row, box_moment, corpus_rows
from lineage.domain.clock import UNKNOWN_CREATION


def hide_answers(rows: Mapping[str, Row], children: set[str]) -> list[Row]:
    """Return rows of a dump in which the children say nothing but their names."""
    shown: list[Row] = []
    for id, row in rows.items():
        plain: Row = {field: row[field] for field in FIELDS}
        if id.lower() in children:
            plain |= {"tags": []}
        else:
            kept = [field for field in ("cardData", "baseModels") if field in row]
            plain |= {field: json.dumps(row[field]) for field in kept}
        shown.append(plain)
    like = {**next(iter(rows.values())), "tags": [], "createdAt": box_moment(UNKNOWN_CREATION)}
    missing = sorted(children - {id.lower() for id in rows})
    for number, id in enumerate(missing):
        own = {"_id": f"{number:024x}", "id": id, "author": id.partition("/")[0]}
        shown.append({field: (like | own)[field] for field in FIELDS})
    return shown


def main() -> None:
    """Write dump and labels, and print what to run."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("answers", type=Path)
    arguments.add_argument("folder", type=Path)
    given = arguments.parse_args()
    folder: Path = given.folder
    folder.mkdir(parents=True, exist_ok=True)
    with given.answers.open(encoding="utf-8") as file:
        answers = list(csv.DictReader(file))
    rows = {row["id"]: row for row in corpus_rows()}
    spelled = {id.lower(): id for id in (*(it["child"] for it in answers), *rows)}
    shown = hide_answers(rows, {it["child"].lower() for it in answers})
    for row in shown:
        row["id"] = spelled[row["id"].lower()]
    columns = (*FIELDS, "cardData", "baseModels")
    table = pa.table({name: [row.get(name) for row in shown] for name in columns})
    pq.write_table(table, folder / "dump.parquet")
    pairs = [(it["child"], it["parent"]) for it in answers if it["parent"]]
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(pairs)
    print(f"{len(shown):,} models, {len(pairs):,} labels")
    print(f"lineage --store {folder}/store crawl --dump {folder}/dump.parquet")
    print(f"lineage --store {folder}/store evaluate llama --labels {folder}/labels.csv")


if __name__ == "__main__":
    main()
