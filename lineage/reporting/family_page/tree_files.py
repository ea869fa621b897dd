"""Every file of a family tree: the page, the same as Markdown, and as a poster in two forms."""

import re
from collections.abc import Iterator

from lineage.reporting.charts.png import painted
from lineage.reporting.family_page.family_tree import page
from lineage.reporting.family_tree import FamilyTreeReport
from lineage.reporting.family_tree_document import family_tree_document
from lineage.reporting.language import Language, texts
from lineage.reporting.markdown import markdown
from lineage.reporting.posters.svg import poster

_NOT_IN_A_NAME = re.compile(r"[^\w.-]+", re.ASCII)


def tree_files(report: FamilyTreeReport, language: Language) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file, one at a time.

    Same report, same bytes; a PNG as long as the library that paints it is the same.
    """
    said, name = texts(language), _NOT_IN_A_NAME.sub("--", report.family.id)
    stem = f"family-tree.{name}.{language.value}"
    yield f"{stem}.html", page(report, said).encode("utf-8", "backslashreplace")
    yield f"{stem}.md", markdown(family_tree_document(report, said, stem)).encode()
    drawn = poster(report, said)
    yield f"{stem}.svg", drawn.encode()
    yield f"{stem}.png", painted(drawn)
