"""What a bare Debian's Python gets wrong must not stand in the house."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_STRING = re.compile(r"""r(?:f)?(["'])(.*?)\1""")
_POSSESSIVE = re.compile(r"[*+?}]\+")


def test_no_regular_expression_is_possessive() -> None:
    """Python 3.11.2, which Debian 12 ships, matches them wrongly: a Link header was overlooked."""
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (ROOT / "lineage").rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for _, text in _STRING.findall(line)
        if _POSSESSIVE.search(text)
    ]
    assert found == []
