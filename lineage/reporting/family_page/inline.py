"""Styles and scripts as they stand in a page: one block each, allowed by its hash and no other."""

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources

_SEALED = (
    "default-src 'none'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
)


def asset(name: str) -> str:
    """Return a file of this package's assets."""
    return (resources.files("lineage.reporting.family_page") / "assets" / name).read_text("utf-8")


def script(names: Sequence[str]) -> str:
    """Return some files as one script that leaves no name behind."""
    body = "\n".join(asset(name) for name in names)
    return f'(() => {{\n"use strict";\n{body}}})();\n'


def policy(style: str, script: str) -> str:
    """Return a content-security policy: nothing but these two blocks runs, nothing is asked for.

    No text may become HTML either, whoever tries.
    """
    allowed = (f"style-src {_hash(style)}", f"script-src {_hash(script)}")
    return "; ".join((*_SEALED, *allowed))


def _hash(block: str) -> str:
    digest = hashlib.sha256(block.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
