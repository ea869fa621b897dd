"""The words of the house: names that say what a thing is, and nothing a reader must learn first."""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "lineage").rglob("*.py"))

# A ratchet: whoever can lower a share, lowers it here too.
MOST_MODULES = 253
MOST_LINES = 50_360
MOST_VAGUE_NAMES = 0.01
MOST_ONE_WORD_FUNCTIONS = 0.40
FEWEST_COMMENTS, MOST_COMMENTS = 0.02, 0.05

# Bare participles and pronouns: they say that something happened to something, and not what it is.
VAGUE = frozenset(
    """
    one other found known said told kept asked wanted seen met held heard given taken made gone done
    there here all others rest both these those whoever nobody somebody everyone left meant due owed
    sure shown sent looked added dropped named called written read drawn grown laid sewn spelled
    waiting standing missing lost
    """.split()  # noqa: SIM905
)

# Words of our own that a reader would have to learn, and phrases that were replaced by plain ones.
OURS = (
    *("witness", "witnesses", "testimony", "testify", "hearing", "hearings", "ground", "burial"),
    *("bury", "grave", "graves", "sewn", "ladder", "ladders", "rung", "rungs", "grove", "twig"),
    *("twigs", "habit", "habits", "sweep", "sweeps", "swept", "bulk", "guessed", "unstated"),
    *("salvage", "whoever"),
)
PHRASES = (
    "not stated",
    "who is gone",
    "the dead",
    "listed no more",
    "told apart",
    "who has no known number",
    "can it tell",
    "not this sample",
    "cannot tell",
    "roots each base alone",
    "counted in four ways",
    "plain re-upload",
    "its way up",
    "ways lead through",
    "window is spent",
    "was taken before",
    "is no day",
    "is no setting",
    "share is a share",
    "grants more",
    "wants mending",
    "benign",
    "over none",
    "nobody can be believed",
    "and its kin",
    "days lived",
    "bloße Kopie",
    "Repositorium",
    "kann es nicht sagen",
)


# Where an old spelling must be named, so that it can be answered or read.
OLD_SPELLINGS = {
    "CHANGELOG.md": ("bulk",),
    "docs/data.md": ("unstated", "guessed", "sweep", "bulk"),
    "lineage/cli/options.py": ("bulk", "guessed", "unstated"),
    "lineage/store/former_schemas.py": ("unstated", "guessed", "sweep", "bulk"),
}


def _is_vague(name: str) -> bool:
    return name in VAGUE


@cache
def _nodes() -> list[ast.AST]:
    """Every node of every module: read once, for all that is asked of them."""
    return [node for path in MODULES for node in ast.walk(ast.parse(path.read_text("utf-8")))]


def _names() -> Iterator[str]:
    """Yield every parameter and every name that is assigned to."""
    for node in _nodes():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            yield from (each.arg for each in arguments if each.arg not in ("self", "cls"))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _functions() -> Iterator[str]:
    for node in _nodes():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[:2] != "__":
            yield node.name


def _comments(path: Path) -> Iterator[str]:
    """Yield the comments that say something to a reader, and not to a tool."""
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT and not re.match(r"#\s*(noqa|type:)", token.string):
                yield token.string


def _texts_for_readers() -> Iterator[tuple[str, str]]:
    """Yield name and text of everything that a reader or a user meets; quoted sources stay out."""
    for pattern in ("docs/*.md", "README.md", "CHANGELOG.md", "lineage/**/*.py"):
        for path in sorted(ROOT.glob(pattern)):
            yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
    for ending in ("toml", "js", "html", "css", "j2"):
        for path in sorted((ROOT / "lineage" / "reporting").rglob(f"*.{ending}")):
            yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")


def test_few_names_are_bare_participles_or_pronouns() -> None:
    names = list(_names())
    vague = Counter(filter(_is_vague, names))
    assert sum(vague.values()) / len(names) <= MOST_VAGUE_NAMES, vague.most_common()


def test_few_functions_are_named_by_one_word() -> None:
    functions = list(_functions())
    short = [name for name in functions if "_" not in name.strip("_")]
    assert len(short) / len(functions) <= MOST_ONE_WORD_FUNCTIONS, Counter(short).most_common(40)


def test_no_class_name_stands_twice() -> None:
    classes = Counter(node.name for node in _nodes() if isinstance(node, ast.ClassDef))
    assert not {name: count for name, count in classes.items() if count > 1}


def test_comments_say_why_and_are_few() -> None:
    comments = sum(1 for path in MODULES for _ in _comments(path))
    texts = (path.read_text("utf-8") for path in MODULES)
    lines = sum(bool(line.strip()) for text in texts for line in io.StringIO(text))
    assert FEWEST_COMMENTS <= comments / lines <= MOST_COMMENTS


def test_the_house_stays_small() -> None:
    assert len(MODULES) <= MOST_MODULES
    assert sum(path.read_text("utf-8").count("\n") for path in MODULES) <= MOST_LINES


def test_no_reader_meets_a_word_of_our_own() -> None:
    words = re.compile(rf"\b({'|'.join(OURS)})\b", re.IGNORECASE)
    phrases = re.compile(rf"\b(?:{'|'.join(map(re.escape, PHRASES))})\b", re.IGNORECASE)
    met = [
        f"{name}:{number} {match.group()}"
        for name, text in _texts_for_readers()
        for number, line in enumerate(text.splitlines(), 1)
        for match in (*words.finditer(line), *phrases.finditer(line))
        if match.group().lower() not in OLD_SPELLINGS.get(name, ())
    ]
    assert not met, "\n".join(met)
