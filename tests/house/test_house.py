"""The house rules that a machine can check: sizes, names, docstrings, and what no file may say."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_LINES_OF_A_MODULE = 450
MOST_LINES_OF_A_FUNCTION = 60
EMPTY_NAMES = {"utils", "util", "helpers", "common", "base", "manager", "misc", "core"}
NOT_IN_A_TEST = {"time.sleep", "pytest.importorskip", "pytest.mark.skipif"} | {
    f"{owner}.{way}" for owner in ("pytest", "pytest.mark") for way in ("skip", "xfail")
}

# In two halves, so that this file does not say them either.
MACHINE_PATHS = ("/wo" + "rk/", "/fa" + "rm/", "/.lib" + "rary")
REGISTRY_HOSTS = ("py" + "pi.org", "python" + "hosted.org", "deb." + "debian.org", "npm" + "js.org")

Function = ast.FunctionDef | ast.AsyncFunctionDef
MODULES = sorted((ROOT / "lineage").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _files_of_the_repository() -> Iterator[Path]:
    """Give what is tracked and what is about to be; safe.directory lets root test anyone's."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-zco", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in set(listed.stdout.split("\0")) - {""}:
        path = ROOT / name
        if path.is_file():
            yield path


def _length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _dotted(node: ast.AST | None) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (owner := _dotted(node.value)) is not None:
        return f"{owner}.{node.attr}"
    return None


def _names_used(path: Path) -> set[str]:
    """Every dotted name of a file, `time.sleep`, also where it is imported as `sleep`."""
    nodes = list(ast.walk(_tree(path)))
    dotted = {name for node in nodes if (name := _dotted(node)) is not None}
    imports = (node for node in nodes if isinstance(node, ast.ImportFrom))
    return dotted | {f"{node.module}.{alias.name}" for node in imports for alias in node.names}


def test_there_is_a_house_to_check() -> None:
    assert len(MODULES) > 10
    assert ROOT / "pyproject.toml" in set(_files_of_the_repository())


def test_no_module_is_long() -> None:
    lengths = {_name(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert not {name: n for name, n in lengths.items() if n > MOST_LINES_OF_A_MODULE}


def test_no_function_is_long() -> None:
    lengths = {
        f"{_name(path)}:{node.lineno} {node.name}": _length(node)
        for path in MODULES
        for node in ast.walk(_tree(path))
        if isinstance(node, Function)
    }
    assert not {name: n for name, n in lengths.items() if n > MOST_LINES_OF_A_FUNCTION}


def test_every_module_says_why_it_exists_in_its_first_line() -> None:
    silent = [
        _name(path) for path in MODULES if not path.read_text("utf-8").startswith(('"""', 'r"""'))
    ]
    assert not silent


def test_what_is_public_says_what_it_promises() -> None:
    silent = [
        f"{_name(path)}:{node.lineno} {node.name}"
        for path in MODULES
        for node in _tree(path).body
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_")
        if not ast.get_docstring(node)
    ]
    assert not silent


def test_no_module_has_an_empty_name() -> None:
    named = [path.relative_to(ROOT).with_suffix("") for path in (*MODULES, *TESTS)]
    assert not [path for path in named if EMPTY_NAMES.intersection(path.parts)]


def test_no_file_names_a_machine_or_a_registry() -> None:
    words = [word.encode() for word in (*MACHINE_PATHS, *REGISTRY_HOSTS)]
    told = []
    for path in _files_of_the_repository():
        content = path.read_bytes()
        told += [f"{_name(path)} says {word.decode()}" for word in words if word in content]
    assert not told


def test_no_test_sleeps_or_is_passed_over() -> None:
    sinners = {_name(path): _names_used(path) & NOT_IN_A_TEST for path in TESTS}
    assert not {name: sins for name, sins in sinners.items() if sins}
