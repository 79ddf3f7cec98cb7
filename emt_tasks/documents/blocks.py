"""The parts of a document."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FILE = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[\w.-]+)*", re.ASCII)
Cell = str | tuple[str, ...]
"""Text of unknown origin; a tuple is shown on several lines where lines are short, and on one elsewhere."""


def joined(cell: Cell) -> str:
    """A cell's text on one line."""
    return cell if isinstance(cell, str) else " ".join(part for part in cell if part)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 2 stands below the document's title."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences."""

    text: str


@dataclass(frozen=True, slots=True)
class Items:
    """Short remarks, one after another."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its head, and whether it holds numbers, which stand to the right."""

    head: Cell
    number: bool = False
    folds: bool = False
    """Whether its text may go on in a second line where the page is narrow."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: what it shows, its columns, and one tuple of cells a row.

    Raises:
        ValueError: a row has another number of cells than there are columns.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"{len(row)} cells for {len(self.columns)} columns in the table {self.caption!r}: {row}"
                )


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that lies beside the document: where a form can show it, it is shown; where not, its file is named.

    Attributes:
        file: its path from the document, with `/`; our own name, of letters, digits and `._-`.
        caption: what it shows.
    """

    file: str
    caption: str

    def __post_init__(self) -> None:
        if not _FILE.fullmatch(self.file):
            raise ValueError(
                f"a picture's file is called {self.file!r}; letters, digits, '.', '_', '-' and '/' are safe."
            )


Block = Heading | Paragraph | Items | Table | Picture


@dataclass(frozen=True, slots=True)
class Document:
    """A title and what stands below it."""

    title: str
    blocks: tuple[Block, ...]

    @property
    def tables(self) -> Iterator[Table]:
        """Its tables, in order."""
        return (block for block in self.blocks if isinstance(block, Table))


def spread(table: Table) -> Table:
    """The same table for wide pages and for programs: each line of a column of numbers becomes a column of its own.

    Cells of the result are text on one line.
    """
    widths = [_lines(column, cells) for column, cells in zip(table.columns, _cells(table), strict=True)]
    columns = tuple(
        Column(head, column.number, column.folds)
        for column, width in zip(table.columns, widths, strict=True)
        for head in _parts(column.head, width)
    )
    rows = tuple(
        tuple(part for cell, width in zip(row, widths, strict=True) for part in _parts(cell, width))
        for row in table.rows
    )
    return Table(table.caption, columns, rows, table.note)


def _cells(table: Table) -> list[tuple[Cell, ...]]:
    return [tuple(row[place] for row in table.rows) for place in range(len(table.columns))]


def _lines(column: Column, cells: tuple[Cell, ...]) -> int:
    """Into how many columns a column of numbers goes; text stays together."""
    return max((len(cell) for cell in cells if column.number and not isinstance(cell, str)), default=1)


def _parts(cell: Cell, width: int) -> tuple[str, ...]:
    parts = (cell,) if isinstance(cell, str) else cell if len(cell) <= width else (joined(cell),)
    return (*parts, *("",) * (width - len(parts)))
