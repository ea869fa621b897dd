"""License findings of which every word of a stranger is an attack, spelled in every format."""

from dataclasses import replace
from itertools import islice

from lineage.analysis.licenses.statements import LicenseFindings
from lineage.reporting.files import license_report_files
from lineage.reporting.language import Language
from lineage.store.manifest import Manifest
from lineage.store.reader import Snapshot
from tests.unit.analysis.declared import declaring, judged

LLAMA_2 = "meta-llama/Llama-2-7b-hf"
ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "](javascript:alert(1)) [x",
    "``` `<b>` ```",
    "a|b||c",
    '=HYPERLINK("https://evil.example")',
    "@SUM(1)",
    "\u202etxt.exe \x1b[31m red \x00",
    "line\nbreak\r\n# heading",
    "https://evil.example/ www.evil.example evil@evil.example",
    "</style><style>*{display:none}</style>",
    "{0} {n} {places} {{ site.evil }} {% evil %} {{< evil >}} <%= evil %> {!evil!}",
    "r system('evil')",
    "x;=cmd|'/C calc'!A0;y",
    "&lt;b&gt; &#60;",
)
ROWS = [
    declaring(LLAMA_2, tag="llama2"),
    *(declaring(f"a/free-{at}", LLAMA_2, "mit", downloads=at) for at in range(len(ATTACKS))),
    declaring("a/wild", LLAMA_2, "other", name="<b>", link="javascript:alert(1)"),
]


def attacked_findings(snapshot: Snapshot) -> LicenseFindings:
    """Findings on a snapshot of ROWS, with an attack in place of each word."""
    found = judged(snapshot)
    attacks = [*ATTACKS, ""]
    rows = [
        row._replace(
            model=attack,
            tag=attack,
            license_name=attack,
            license_link=attack,
            path=(attack, attack, LLAMA_2),
        )
        for row, attack in zip(found.rows, attacks, strict=True)
    ]
    return replace(found, rows=rows)


def spelled(found: LicenseFindings, manifest: Manifest, language: Language) -> dict[str, str]:
    """Return page, Markdown, picture and table; what is painted comes last and is left out."""
    files = license_report_files(found, manifest, language)
    texts = {name: content.decode() for name, content in islice(files, 5)}
    stem = f"licenses.llama.{language.value}"
    return {
        "html": texts[f"{stem}.html"],
        "markdown": texts[f"{stem}.md"],
        "svg": texts[f"licenses.llama.tags.{language.value}.svg"],
        "csv": texts["licenses.llama.models.csv"],
    }
