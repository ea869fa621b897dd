"""What strangers may write where a name, a license or a quotation is expected."""

import re

ACTS = "globalThis.acted = true"
"""What a script of theirs would do; nobody may find it done."""

HOSTILE = (
    f"<script>{ACTS}</script>",
    f"</script><script>{ACTS}</script>",
    f"</title></style><svg onload='{ACTS}'>",
    f'"><img src=x onerror="{ACTS}">',
    f"' onmouseover='{ACTS}' x='",
    f"<iframe srcdoc='<script>parent.{ACTS}</script>'></iframe>",
    f"javascript:{ACTS}",
    f"]]><script>{ACTS}</script>",
    "<!--<script>",
    "<link rel=stylesheet href=https://outside.example/a.css>",
    "<img src=https://outside.example/pixel.png>",
    "<base href=https://outside.example/>",
    '<meta http-equiv=refresh content="0;url=https://outside.example/">',
    "<style>@import url(https://outside.example/a.css)</style>",
    "${title} $data {n} {0.__class__} %s {{7*7}}",
    *(
        "{{ site.evil }} {% include evil %} {%raw%}{{{evil}}} ${evil} #{evil}",
        "{{< evil >}} {{% evil %}} {!evil!} {# evil #} {: onclick=evil }",
        "<%= evil %><% evil %><?php evil ?><#evil>",
        "r system('evil')",
        "::error file=a,line=1::evil%0A::set-output name=a::b",
        "##[error]evil ##vso[task.setvariable]evil ##teamcity[evil] ###[evil]",
        "\x1b]8;;https://outside.example\x07link\x1b]8;;\x07",
        "x;=cmd|'/C calc'!A0;y",
        "\u00a0\uff1d1|+2\t-3\n@4",
    ),
    '=HYPERLINK("https://outside.example")',
    "__proto__",
    "constructor",
    "\u202eevil\u202c right to left",
    "zero\u200bwidth\ufeff",
    "\x1b[31mred\x07\x00",
    "line\u2028separator\u2029paragraph\nbreak",
    "lone \ud800 surrogate",
    "&lt;b&gt; &amp;amp; &#x3c;",
    "a" * 4000,
    "Z\u0335\u0321" * 200,
    "",
    " ",
)


def acting_in_a_template(markdown: str) -> list[str]:
    """What a site generator or a macro would read as its own, before Markdown is read."""
    return re.findall(r"\{[^\w\s}]|[$#@%]\{|<[%?#]|(?<!`)`r[ #]", markdown)


def acting_in_a_log(text: str) -> list[str]:
    """What the runner of a job would obey."""
    return re.findall(r"^\s*::.*|##\w*\[", text, re.MULTILINE)
