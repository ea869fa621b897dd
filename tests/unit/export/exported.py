"""Family graphs to export, and the attacks that every exit is fed with."""

from lineage.export.xml_formats import About, describe_export
from lineage.graph.lineage_graph import FamilyGraph, build_graph
from tests.unit.cli.drawn import count, manifest

BORN = "2024-03-24T10:00:00Z"

ATTACKS = (
    '"><script>alert(1)</script>',
    "]]></data><node id='evil'/><!--",
    "&lt;&amp;&#8238;&quot;&undefined;",
    "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>",
    '"]; evil -> worse; x [label=<<b>html</b>>, URL="javascript:alert(1)"]; "',
    'back\\slash\\" \\N \\G \\L \\',
    "trailing backslash\\",
    'n0["x"]; click n0 "javascript:alert(1)"',
    "%%{init: {'securityLevel': 'loose'}}%%",
    "`**markdown**` [link](javascript:alert(1)) _x_ 1. list",
    "end; subgraph evil -->|x| n0:::evil@{ shape: circle }",
    "=cmd|' /C calc'!A0",
    "x;=cmd|'/C calc'!A0;y",
    "{{ site.x }} {% include x %} {{< x >}} ${x}",
    "::error::evil ##[error]evil ##vso[x]",
    "+1+1",
    "@SUM(A1)",
    "-2+3",
    "a,b;c\td'\"",
    "\x1b[2J\x1b]0;owned\x07",
    "nul\x00 \x01\x0b\x0c\x1f\x7f\x85",
    "\u202eevil\u2066bidi\u200b\ufeff\u2028\u2029",
    "line\nbreak\r\n\n}",
    "\ufffe\uffff",
    "🦙 ümläut 模型 العربية",
    "#35;#quot;",
    "//comment /* x */ # y",
    " spaces  around ",
    "",
)


def words_about(title: str = "owner/base") -> About:
    return describe_export(title, [title], count(title), manifest())


def a_family() -> FamilyGraph:
    """A base, its child with everything known, a merge of both, a guess, a name nobody lists."""
    names = ["owner/base", "owner/child", "owner/merge", "owner/guess", "gone/elder"]
    nothing: list[object] = [None] * len(names)
    columns: dict[str, list[object]] = {
        "key": [*(f"{number:024x}" for number in range(4)), "name:gone/elder"],
        "author": [*["owner"] * 4, None],
        "created_at": [BORN, BORN, BORN, None, None],
        "license": ["llama2", "mit", *nothing[2:]],
        "library": ["transformers", *nothing[1:]],
        "downloads": [2**40, 0, 7, None, None],
        "likes": [3, *nothing[1:]],
        "root": [True, False, False, False, True],
        "relation": ["unspecified", "finetune", "merge", "adapter", "unspecified"],
    }
    edges: dict[str, list[object]] = {
        "relation": ["finetune", "merge", "merge", "adapter", "finetune"],
        "strength": ["confirmed", "declared", "declared", "inferred", "declared"],
        "created_at": [BORN, BORN, BORN, None, BORN],
    }
    return build_graph(names, columns, [0, 0, 1, 2, 4], [1, 2, 2, 3, 1], edges)


def a_hostile_family() -> FamilyGraph:
    """Every attack as name, author, license and library of a model below the first."""
    known = list(ATTACKS)
    count = len(known)
    columns: dict[str, list[object]] = {
        "key": list(known),
        "author": list(known),
        "license": list(known),
        "library": list(known),
        "root": [True, *[False] * (count - 1)],
        "relation": ["finetune"] * count,
    }
    edges = {"relation": ["finetune"] * (count - 1), "strength": ["declared"] * (count - 1)}
    return build_graph(known, columns, [0] * (count - 1), list(range(1, count)), edges)
