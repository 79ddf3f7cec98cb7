"""Tables of a document as CSV."""

import csv
import io
from collections.abc import Iterable

from emt_tasks.documents.blocks import Cell, Document, Table, joined
from emt_tasks.escaping import csv_cell


def written(document: Document) -> str:
    """The document's tables, a blank line between two; nothing in them becomes a spreadsheet's formula."""
    return "\n".join(_table(table) for table in document.tables)


def _table(table: Table) -> str:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    widths = [_width(cells) for cells in zip(*table.rows, strict=True)] or [1] * len(table.columns)
    lines.writerow(
        [
            csv_cell(part)
            for column, width in zip(table.columns, widths, strict=True)
            for part in _parts(column.head, width)
        ]
    )
    for row in table.rows:
        cells = zip(table.columns, row, widths, strict=True)
        lines.writerow(
            [part if column.number else csv_cell(part) for column, cell, width in cells for part in _parts(cell, width)]
        )
    return text.getvalue()


def _width(cells: Iterable[Cell]) -> int:
    """How many columns of CSV a column takes: one for each line of its cells."""
    return max((1 if isinstance(cell, str) else len(cell)) for cell in cells)


def _parts(cell: Cell, width: int) -> list[str]:
    parts = [cell] if isinstance(cell, str) else list(cell) if len(cell) <= width else [joined(cell)]
    return [*parts, *[""] * (width - len(parts))]
