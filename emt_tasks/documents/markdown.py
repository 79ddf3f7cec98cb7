"""A document as Markdown, with GitHub's tables."""

from emt_tasks.documents.blocks import Block, Document, Heading, Items, Paragraph, Picture, Table, joined, spread
from emt_tasks.escaping import markdown


def written(document: Document) -> str:
    """`document` as Markdown, ending in a line end."""
    return "\n\n".join([f"# {markdown(document.title)}", *(_block(block) for block in document.blocks)]) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {markdown(block.text)}"
        case Paragraph():
            return markdown(block.text)
        case Items():
            return "\n".join(f"- {markdown(text)}" for text in block.texts)
        case Table():
            return _table(spread(block))
        case Picture():
            return f"![{markdown(block.caption)}]({block.file})"


def _table(table: Table) -> str:
    heads = _line([markdown(joined(column.head), begins=False) for column in table.columns])
    rule = _line(["---:" if column.number else ":---" for column in table.columns])
    rows = [_line([markdown(joined(cell), begins=False) for cell in row]) for row in table.rows]
    parts = [f"**{markdown(table.caption)}**", "\n".join([heads, rule, *rows])]
    return "\n\n".join([*parts, markdown(table.note)] if table.note else parts)


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
