"""Edges, outsiders, copies and sources are read as written, or refused with the place."""

import re
from datetime import date
from pathlib import Path

import pytest

from lineage.domain.claims import Relation
from lineage.domain.families import (
    CuratedEdge,
    CuratedSource,
    FormerName,
    Outsider,
    OutsiderReason,
    Proof,
    Reupload,
)
from lineage.errors import SettingsError
from lineage.families.family_file import load_family_file

DOCS = Path(__file__).parents[3] / "docs" / "families.md"
EXAMPLE = re.search(r"```toml\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
assert EXAMPLE is not None
WORKED = EXAMPLE[1]
CHILD = "farm/Alpaca-7B-Instruct"

WRONG = {
    "edge key": ('proof = "card', 'prove = "card', f"edge {CHILD}: unknown key prove"),
    "proof": ('"card_sentence"', '"hearsay"', "proof must be one of card_sentence, table"),
    "relation": ('relation = "finetune"', 'relation = "son"', "relation must be one of adapter"),
    "reason": ('"other_root"', '"else"', "reason must be one of own_pretraining"),
    "sentence": ('sentence = "It comes', '# "', "Andes-7B: sentence is missing"),
    "no source": ('source = "[FN] README"\nquote', "quote", f"edge {CHILD}: source is missing"),
    "long quote": ("Instruct is Alpaca", "so " * 40 + "it is", "the quote has 47 words"),
    "script for link": ("https://farm.example", "javascript:alert()", "begins with https://"),
    "control in link": ("https://farm.example", "https://farm\\u001b[2J", "begins with https://"),
    "child no id": (
        f'child = "{CHILD}"',
        'child = "farm/*"',
        "child must be a repository id",
    ),
    "own parent": (
        'parent = "farm/Alpaca-7B"',
        f'parent = "{CHILD.upper()}"',
        "it is its own parent",
    ),
    "edge twice": (
        f'child = "{CHILD}"',
        'child = "barn/alpaca-7b-pruned"',
        "its edge to farm/Alpaca-7B is listed twice",
    ),
    "root outside": (
        "farm/Llama-of-the-Andes-7B",
        "Barn/Alpaca-7B",
        "is a mirror in alpaca-farm-1 and also an outsider",
    ),
    "child outside": (
        "farm/Llama-of-the-Andes-7B",
        "barn/alpaca-7b-bnb-4bit",
        "is a child of barn/alpaca-7b and also an outsider",
    ),
    "deleted no root": ("deleted = []", 'deleted = ["farm/Paca-7B"]', "'farm/Paca-7B' is no root"),
    "gate": ('gated = "auto"', 'gated = "closed"', "gated must be one of auto, false, manual"),
    "size": ('sizes = ["7B"]', "sizes = [7]", "7 in sizes must be a text"),
    "copy without source": (
        'of = "barn/alpaca-7b", source = "its card"',
        'of = "barn/alpaca-7b"',
        "quantized barn/alpaca-7b-bnb-4bit: nothing says why",
    ),
    "copy of a stranger": ('of = "barn/alpaca-7b"', 'of = "barn/x"', "'barn/x' is no checkpoint"),
    "copy twice": (
        "barn/alpaca-7b-pruned",
        "barn/alpaca-7b-bnb-4bit",
        "is a quantized copy in alpaca-farm-1 and also a changed copy",
    ),
    "unknown mark": ("[FN] README: date", "[FM] README: date", "[FM] in '[FM] README"),
    "marks no texts": ('FN = "farm/news@1a2b3c4"', "FN = 1", "sources must be a table of texts"),
    "old name used": (
        '"meadow/alpaca-tuned"',
        f'"{CHILD.upper()}"',
        "is official in alpaca-farm-1 and also an old name",
    ),
    "line too short": (" | README.md l.14", "", "is no line of 5 cells"),
    "line without quote": ("| Alpaca Farm (7B)", "|", "is no line of 5 cells"),
    "relation in a line": ("| adapter |", "| son |", "'son' is no relation"),
    "child in a line": ("hill/alpaca-de-7b", "hill/*", "'hill/*' is not a repository id"),
    "release in a line": ("release:alpaca-farm-1", "release:farm-9", "no release:farm-9"),
    "edge twice in lines": (
        "hill/alpaca-de-7b | adapter | release:alpaca-farm-1",
        "meadow2/alpaca-chat | adapter | farm/Alpaca-7B-Instruct",
        "is listed twice",
    ),
    "escape in a line": ("Alpaca Farm (7B)", "Alpaca \u202e Farm", "is no line of 5 cells"),
    "long quote in a line": ("Alpaca Farm (7B)", "so " * 41, "the quote has 41 words"),
    "id of an outsider": ("zoo/vicugna-1b", "zoo/..", "'zoo/..' is not a repository id"),
    "edge to an old name": (
        'parent = "farm/Alpaca-7B"',
        'parent = "farm/Paca-7B"',
        "farm/Paca-7B is an old name of farm/Alpaca-7B",
    ),
}


def write(folder: Path, text: str) -> Path:
    file = folder / "mine.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_worked_example_of_the_docs_is_read_as_it_says(tmp_path: Path) -> None:
    farm = load_family_file(write(tmp_path, WORKED))

    (release,) = farm.releases
    assert (farm.id, farm.organization) == ("alpaca-farm", "The Farm")
    assert (release.released, release.gated, release.sizes) == (date(2025, 3, 1), "auto", ("7B",))
    assert release.source == "farm/news@1a2b3c4 README: date and sizes"
    shared = "the owners' pages, read on 2025-04-01"
    assert release.mirrors == (
        Reupload("barn/alpaca-7b", "farm/Alpaca-7B", shared),
        Reupload("shed/alpaca-7b-bf16", "farm/Alpaca-7B", "equal checksums; re-sharded"),
    )
    assert release.quantized[0].of == "barn/alpaca-7b"
    assert release.changed[0].id == "barn/alpaca-7b-pruned"
    quote = "Instruct is Alpaca 7B, fine-tuned on our conversations."
    source = CuratedSource("farm/news@1a2b3c4 README", quote, "https://farm.example/readme")
    edge = CuratedEdge(CHILD, "farm/Alpaca-7B", Relation.FINETUNE, Proof.CARD_SENTENCE, source)
    assert farm.edges[0] == edge
    of_list = "https://github.com/herd/list/blob/5e6f7a8/README.md"
    assert farm.edges[1:] == (
        CuratedEdge(
            "meadow2/alpaca-chat",
            CHILD,
            Relation.FINETUNE,
            Proof.TABLE,
            CuratedSource("herd/list@5e6f7a8, README.md l.12", "Alpaca 7B Instruct", of_list),
        ),
        CuratedEdge(
            "hill/alpaca-de-7b",
            "release:alpaca-farm-1",
            Relation.ADAPTER,
            Proof.TABLE,
            CuratedSource("herd/list@5e6f7a8, README.md l.14", "Alpaca Farm (7B)", of_list),
        ),
    )
    paper = "https://arxiv.org/abs/2501.00001"
    assert farm.outsiders[1] == Outsider(
        "zoo/vicugna-1b",
        OutsiderReason.OWN_PRETRAINING,
        "Trained from scratch; the animal alone is the same.",
        CuratedSource(
            "their papers, arxiv.org/abs/2501.00001",
            "Vicugna: A Language Model from Scratch",
            paper,
        ),
    )
    assert farm.outsiders[:1] == (
        Outsider(
            "farm/Llama-of-the-Andes-7B",
            OutsiderReason.OTHER_ROOT,
            "It comes from Llama 2; the owner alone is the same.",
            CuratedSource("its card"),
            "meta-llama/Llama-2-7b-hf",
        ),
    )
    assert list(farm.former_names()) == [
        FormerName("farm/Paca-7B", "farm/Alpaca-7B"),
        FormerName("meadow/alpaca-tuned", "meadow2/alpaca-tuned"),
    ]


@pytest.mark.parametrize(("right", "wrong", "complaint"), WRONG.values(), ids=WRONG)
def test_a_wrong_entry_is_refused_with_its_place(
    tmp_path: Path, right: str, wrong: str, complaint: str
) -> None:
    assert right in WORKED
    file = write(tmp_path, WORKED.replace(right, wrong, 1))

    with pytest.raises(SettingsError) as refusal:
        load_family_file(file)

    assert refusal.value.message.startswith("mine.toml")
    assert complaint in refusal.value.message


def test_a_file_without_sources_keeps_its_brackets(tmp_path: Path) -> None:
    plain = WORKED.replace("[sources]", "").replace('FN = "farm/news@1a2b3c4"', "")

    farm = load_family_file(write(tmp_path, plain))

    assert farm.releases[0].source == "[FN] README: date and sizes"


def test_a_quote_of_forty_words_is_taken(tmp_path: Path) -> None:
    quote = " ".join(["word"] * 40)
    text = re.sub(r'quote = ".*"', f'quote = "{quote}"', WORKED)

    assert load_family_file(write(tmp_path, text)).edges[0].source.quote == quote
