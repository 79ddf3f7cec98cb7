"""Tables of a document as CSV."""

import csv
import io

from emt_tasks.documents.blocks import Document, Table, joined, spread
from emt_tasks.escaping import csv_cell


def written(document: Document) -> str:
    """The document's tables, a blank line between two; nothing in them becomes a spreadsheet's formula."""
    return "\n".join(_table(spread(table)) for table in document.tables)


def _table(table: Table) -> str:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow([csv_cell(joined(column.head)) for column in table.columns])
    for row in table.rows:
        cells = zip(table.columns, row, strict=True)
        lines.writerow([joined(cell) if column.number else csv_cell(joined(cell)) for column, cell in cells])
    return text.getvalue()
