"""What a section of the report is."""

from dataclasses import dataclass

from emt_tasks.documents.blocks import Cell, Column, Table


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report.

    Attributes:
        key: its name in links and file names.
        title: its heading.
        says: what the reader should know.
        tables: what it shows in numbers.
    """

    key: str
    title: str
    says: str
    tables: tuple[Table, ...]


def numbers(*heads: Cell) -> tuple[Column, ...]:
    """Columns of numbers with these heads."""
    return tuple(Column(head, number=True) for head in heads)
