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
