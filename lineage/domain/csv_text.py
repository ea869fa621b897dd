"""Results as CSV: a header and one row a document, harmless in a spreadsheet and a terminal."""

import csv
import io
from collections.abc import Iterable, Sequence

from lineage.domain.documents import Document
from lineage.domain.escape import cell


def table(rows: Sequence[Document]) -> str:
    """Spell flat documents; the columns are those of all rows, in the order they are met.

    Lists are joined by spaces, which no id holds; what is not known is empty.
    """
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([cell(name) for name in columns])
    writer.writerows([_spelled(row.get(name)) for name in columns] for row in rows)
    return text.getvalue()


def _spelled(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            return cell(value)
        case Iterable():
            return cell(" ".join(str(one) for one in value))
        case _:
            raise TypeError(f"a cell cannot hold {type(value).__name__}")
