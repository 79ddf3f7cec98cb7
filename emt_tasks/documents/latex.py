r"""A document as LaTeX to `\input`; its tables need the package booktabs, its pictures graphicx."""

import re

from emt_tasks.documents.blocks import (
    Block,
    Cell,
    Column,
    Document,
    Heading,
    Items,
    Paragraph,
    Picture,
    Table,
    joined,
    spread,
)
from emt_tasks.escaping import latex

_NEGATIVE = re.compile(r"\{-\}(?=\d)")
SECTIONS = {2: "subsection", 3: "subsubsection"}


def written(document: Document) -> str:
    """`document` as the body of a LaTeX file, ending in a line end."""
    title = rf"\section*{{{latex(document.title)}}}"
    return (
        "\n\n".join(["% \\usepackage{booktabs,graphicx}", title, *(_block(block) for block in document.blocks)]) + "\n"
    )


def _block(block: Block) -> str:
    match block:
        case Heading():
            return rf"\{SECTIONS.get(block.level, 'paragraph')}*{{{latex(block.text)}}}"
        case Paragraph():
            return latex(block.text)
        case Items():
            items = "\n".join(rf"\item {{}}{latex(text)}" for text in block.texts)
            return f"\\begin{{itemize}}\n{items}\n\\end{{itemize}}"
        case Table():
            return _table(spread(block))
        case Picture():
            return _picture(block)


def _picture(picture: Picture) -> str:
    shown = rf"\includegraphics[width=\linewidth]{{{picture.file}}}"
    parts = (r"\begin{figure}[htbp]", r"\centering", shown, rf"\caption{{{latex(picture.caption)}}}", r"\end{figure}")
    return "\n".join(parts)


def _table(table: Table) -> str:
    columns = "".join(
        "r" if column.number else "p{0.3\\linewidth}" if column.folds else "l" for column in table.columns
    )
    heads = _line([latex(joined(column.head)) for column in table.columns])
    rows = "\n".join(
        _line([_cell(cell, column) for cell, column in zip(row, table.columns, strict=True)]) for row in table.rows
    )
    caption = latex(f"{table.caption}. {table.note}" if table.note else table.caption)
    return "\n".join(
        [
            r"\begin{table}[htbp]",
            r"\centering",
            rf"\caption{{{caption}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            heads,
            r"\midrule",
            *([rows] if rows else []),
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
        ]
    )


def _cell(cell: Cell, column: Column) -> str:
    """A cell's text; before a number, a hyphen is a minus."""
    text = latex(joined(cell))
    return _NEGATIVE.sub("$-$", text) if column.number else text


def _line(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"
