"""What a figure of the report is."""

from collections.abc import Sequence
from dataclasses import dataclass

from emt_tasks.documents.blocks import Column, Table
from leaderboard.figures.theme import Spec


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure.

    Attributes:
        name: of its files, without ending.
        section: the key of the section that it stands in.
        caption: one sentence.
        spec: Vega-Lite, with its data.
        data: the same as a table.
    """

    name: str
    section: str
    caption: str
    spec: Spec
    data: Table


def data_table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """A figure's data: text to the left, numbers to the right with four decimals."""
    numbers = [bool(rows) and not isinstance(rows[0][place], str) for place in range(len(heads))]
    columns = tuple(Column(head, number=number) for head, number in zip(heads, numbers, strict=True))
    return Table(caption, columns, tuple(tuple(map(_in_csv, row)) for row in rows))


def _in_csv(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)
