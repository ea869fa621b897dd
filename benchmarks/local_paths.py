"""How often a folder named like an official model holds it: the rule `local_path`, measured.

`python -m benchmarks.local_paths FOLDER` writes there the bundled corpus as a dump, in which each
model that declares one parent and has no children names a local path instead, that ends in its
parent's name, and the declared parents as labels. It prints the commands that measure the rule.
"""

import argparse
import csv
import json
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lineage.demo.catalog import Row, corpus_rows
from lineage.families.registry import all_families

FIELDS = ("_id", "id", "author", "sha", "createdAt", "lastModified", "private", "tags")
PATH = "/workspace/models/"


def list_card_parents(row: Row) -> list[str]:
    """Return `base_model` of a row's card."""
    parents = row.get("cardData", {}).get("base_model", [])
    return [parents] if isinstance(parents, str) else parents


def hide_parents(rows: Iterable[Row]) -> tuple[list[Row], list[tuple[str, str]]]:
    """Return rows of a dump with paths in place of parents, and the pairs that they hide."""
    rows = list(rows)
    # What others come from keeps its own parents: they say where a hidden parent leads.
    kept = {parent.lower() for row in rows for parent in list_card_parents(row)}
    for family in all_families():
        kept |= {id.lower() for id in family.root_repo_ids()}
        kept |= {id.lower() for release in family.releases for id in release.official}
    shown, hidden = [], []
    for row in rows:
        parents = list_card_parents(row)
        plain: Row = {field: row[field] for field in FIELDS}
        if len(parents) == 1 and row["id"].lower() not in kept:
            hidden.append((row["id"], parents[0]))
            path = PATH + parents[0].rpartition("/")[2]
            plain |= {"tags": [], "config": json.dumps({"peft": {"base_model_name_or_path": path}})}
        else:
            fields = [field for field in ("cardData", "baseModels") if field in row]
            plain |= {field: json.dumps(row[field]) for field in fields}
        shown.append(plain)
    return shown, hidden


def main() -> None:
    """Write dump and labels, and print what to run."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    folder: Path = arguments.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    shown, hidden = hide_parents(corpus_rows())
    columns = (*FIELDS, "config", "cardData", "baseModels")
    table = pa.table({name: [row.get(name) for row in shown] for name in columns})
    pq.write_table(table, folder / "dump.parquet")
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(hidden)
    print(f"{len(shown):,} models, {len(hidden):,} hidden parents")
    print(f"lineage --store {folder}/store crawl --dump {folder}/dump.parquet")
    print(f"lineage --store {folder}/store evaluate --labels {folder}/labels.csv")


if __name__ == "__main__":
    main()
