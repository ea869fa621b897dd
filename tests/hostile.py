"""What strangers may write where a name, a license or a quotation is expected."""

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
