"""A document on a terminal, or in a pipe of 80 columns."""

from typing import Literal

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from emt_tasks.documents.blocks import Block, Cell, Column, Document, Heading, Items, Paragraph, Picture, Table
from emt_tasks.escaping import terminal


def shown(document: Document, console: Console) -> None:
    """Print `document` on `console`."""
    console.print(Text(terminal(document.title), style="bold"))
    for block in document.blocks:
        if not isinstance(block, Heading):
            console.print()
        console.print(renderable(block))


def renderable(block: Block) -> RenderableType:
    """A block as `rich` prints it; no text of it is read as rich's own markup."""
    match block:
        case Heading():
            return Text("\n" + terminal(block.text), style="bold")
        case Paragraph():
            return Text(terminal(block.text))
        case Items():
            return Group(*(Text(f"- {terminal(text)}") for text in block.texts))
        case Table():
            return _table(block)
        case Picture():
            return Text(f"{terminal(block.caption)}: {block.file}")


def _table(table: Table) -> RichTable:
    drawn = RichTable(
        title=_text(table.caption),
        caption=_text(table.note) if table.note else None,
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        show_edge=False,
        pad_edge=False,
    )
    for column in table.columns:
        _add(drawn, column)
    for row in table.rows:
        drawn.add_row(*(_text(cell) for cell in row))
    return drawn


def _add(drawn: RichTable, column: Column) -> None:
    justify: Literal["left", "right"] = "right" if column.number else "left"
    folds = column.folds
    drawn.add_column(_text(column.head), justify=justify, no_wrap=not folds, overflow="fold" if folds else "ellipsis")


def _text(cell: Cell) -> Text:
    lines = (cell,) if isinstance(cell, str) else cell
    return Text("\n".join(terminal(line) for line in lines))
