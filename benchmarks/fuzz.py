"""A hundred thousand hostile inputs at the boundaries: each ends in a result or a LineageError.

`python -m benchmarks.fuzz [--tries N] [--seed S] [TARGET ...]` prints what every target answered;
exit 1 where anything else was raised, with the first trace of each kind.
"""

import argparse
import json
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping

from lineage.domain.subjects import parse_subject
from lineage.errors import LineageError, SettingsError
from lineage.sources.listing_pages import parse_page
from tests.builders import key_of, row
from tests.hostile import HOSTILE

TEXTS = (
    *HOSTILE,
    *("owner/name", "None", "null", "/workspace/model", "../llm/base", "C:\\models\\base", "~/x"),
    *("base_model:merge:a/b", "models--owner--name", "https://huggingface.co/owner/name/tree/main"),
    *("2022-03-02T23:29:05.000Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"),
    *("nan", "1e400", "\ufeff", "%00", "a" * 24, "0" * 24, "s3://key:secret@bucket/?x=y"),
)
NUMBERS = (0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**400, 0.5, -0.0, 1e308, float("inf"))
NAMES = (
    *("_id", "id", "author", "baseModels", "cardData", "config", "createdAt", "downloads"),
    *("downloadsAllTime", "gated", "lastModified", "library_name", "likes", "pipeline_tag"),
    *("private", "sha", "siblings", "tags", "safetensors", "base_model", "models", "relation"),
    *("base_model_relation", "license", "peft", "_name_or_path", "base_model_name_or_path"),
)
_DEEP = 400

Target = Callable[[random.Random], object]
"""Makes one hostile input of its own and gives it to the program."""


def hostile_text(random: random.Random) -> str:
    """Return a text that is odd by itself, or by a letter that was put into it."""
    text = random.choice(TEXTS)
    if random.random() < 0.3:
        at = random.randint(0, len(text))
        text = text[:at] + chr(random.choice((0, 10, 34, 92, 0xA0, 0x200B, 0xD800))) + text[at:]
    return text


def hostile_value(random: random.Random, depth: int = 4) -> object:
    """Return any JSON value; now and then one that is nested deeper than most readers like."""
    pick = random.random()
    if pick < 0.35 or depth == 0:
        return hostile_text(random)
    if pick < 0.65:
        return random.choice((None, True, False, *NUMBERS))
    if pick < 0.82:
        return [hostile_value(random, depth - 1) for _ in range(random.randint(0, 4))]
    if pick < 0.99:
        return hostile_object(random, NAMES, depth - 1)
    nested: object = None
    for _ in range(_DEEP):
        nested = [nested]
    return nested


def hostile_object(
    random: random.Random, names: tuple[str, ...], depth: int = 4
) -> dict[str, object]:
    """Return an object with some of these names, and at times a stranger's."""
    chosen = random.sample(names, random.randint(0, min(5, len(names))))
    chosen += [hostile_text(random)] if random.random() < 0.1 else []
    return {name: hostile_value(random, depth) for name in chosen}


def read_row(random: random.Random) -> None:
    """A row among good ones: it is a record or a bad row, and costs no neighbour."""
    odd = hostile_object(random, NAMES)
    mixed = [row("a/b"), {**row("c/d"), **odd} if random.random() < 0.8 else odd, row("e/f")]
    page = parse_page(json.dumps(mixed).encode())
    assert page.problem is None
    assert {key_of("a/b"), key_of("e/f")} <= {record.key for record in page.records}


def read_subject(random: random.Random) -> None:
    """A SUBJECT as a stranger spells it."""
    spelling = "".join(hostile_text(random) for _ in range(random.randint(1, 2)))
    try:
        parse_subject(spelling)
    except ValueError as error:
        raise SettingsError(str(error)) from error


TARGETS: Mapping[str, Target] = {"rows": read_row, "subjects": read_subject}
"""One entry for each boundary; all get the same number of tries."""


def main() -> None:
    """Try every target, print a line for each, and end with 1 where one raised what it must not."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    arguments.add_argument("--tries", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=random.randrange(10**9))
    given = arguments.parse_args()
    chosen = given.targets or list(TARGETS)
    print(f"seed {given.seed}")
    other = sum(try_target(name, given.tries // len(chosen), given.seed) for name in chosen)
    sys.exit(1 if other else 0)


def try_target(name: str, tries: int, seed: int) -> int:
    """Give a target so many inputs; print and return how many ended in another exception."""
    source, target = random.Random(f"{seed} {name}"), TARGETS[name]
    ends = Counter[str]()
    began = time.perf_counter()
    for number in range(tries):
        try:
            target(source)
            ends["result"] += 1
        except LineageError:
            ends["LineageError"] += 1
        except Exception as error:
            kind = type(error).__name__
            ends[kind] += 1
            if ends[kind] == 1:
                print(f"{name}, try {number}:", *traceback.format_exception(error), sep="\n")
    others = tries - ends["result"] - ends["LineageError"]
    seconds = time.perf_counter() - began
    print(
        f"{name}: {tries:,} tries in {seconds:.0f} s: {ends['result']:,} results, "
        f"{ends['LineageError']:,} LineageErrors, {others:,} other exceptions"
    )
    return others


if __name__ == "__main__":
    main()
