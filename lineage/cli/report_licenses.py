"""The command `lineage report licenses`."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lineage.cli import options
from lineage.cli.report import FAMILY, LANG, OUT
from lineage.domain.definitions import Definition

if TYPE_CHECKING:
    from lineage.analysis.licenses import LicenseFindings
    from lineage.store.manifest import Manifest


@click.command(
    short_help="What derivatives declare as their license, beside the terms above them.",
    epilog=options.examples(
        "lineage report licenses",
        "lineage report licenses --lang de --out public --relations finetune,merge",
    ),
)
@options.options(
    *(FAMILY, options.FAMILIES, LANG, OUT, options.defined),
    *(options.SNAPSHOT, options.STORE, options.logged),
)
def licenses(
    *,
    family: str,
    families: str | None,
    lang: str,
    out: Path,
    definition: Definition,
    snapshot: str | None,
    store: str | None,
) -> None:
    """Hold every derivative's license against the terms of the release it stems from.

    Written are a page, the same as Markdown, and every model as CSV. No legal advice: it finds
    what somebody should look at.
    """
    from lineage.analysis.licenses.judging import judge_licenses
    from lineage.cli import context
    from lineage.cli.output_file import deliver, folder_for
    from lineage.families.license_terms import license_terms
    from lineage.families.registry import family as family_called

    asked = context.open_snapshot(store, snapshot, definition.as_of)
    known = context.known_families(families)
    whole = family_called(family, known)
    found = judge_licenses(asked, whole, license_terms(whole.id), definition, known)
    folder_for(out)
    for name, spelled in files(found, asked.manifest, lang):
        deliver(iter((spelled,)), str(out / name))
        click.echo(out / name)


def files(found: "LicenseFindings", manifest: "Manifest", lang: str) -> "Iterator[tuple[str, str]]":
    """Yield the name and the text of each file, one at a time: every model is a long table."""
    from lineage.domain import csv_text
    from lineage.reporting.html import html
    from lineage.reporting.language import Language
    from lineage.reporting.license_report import license_document
    from lineage.reporting.license_rows import license_rows
    from lineage.reporting.markdown import markdown

    name = f"licenses.{found.family.id}"
    document = license_document(found, manifest, Language(lang), f"{name}.csv")
    yield f"{name}.{lang}.html", html(document)
    yield f"{name}.{lang}.md", markdown(document)
    yield f"{name}.csv", csv_text.table(list(license_rows(found)))
