"""The cells of a table on disk: CSV, TSV, Excel."""

import csv
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

from emt_tasks.errors import EmtError
from emt_tasks.escaping import plain
from emt_tasks.lost_answers import SPREADSHEET_ERRORS

ENDINGS = (".csv", ".tsv", ".xlsx")
SEPARATORS = (",", ";", "\t")  # a spreadsheet writes ";" wherever "," is the decimal mark
MOST_IN_CELL = 64_000_000  # characters; Python's own limit is 131,072, and answers of a megabyte were seen

_WHOLE = re.compile(r"\s*([0-9]+)\.0+\s*")


def unheard(_said: str) -> None:
    """Say it to nobody."""


def rows_of_cells(path: Path, tell: Callable[[str], None] = unheard) -> Iterable[Sequence[Any]]:
    """The rows of the table at `path`, header and all; text of CSV and TSV, of a workbook also numbers and None.

    Args:
        path: the table.
        tell: is told which sheet of a workbook is read, where it has several.

    Raises:
        EmtError: while they are read: the file is not what its ending says.
    """
    if path.suffix.lower() == ".xlsx":
        return _excel(path, tell)
    return _separated(path, "\t" if path.suffix.lower() == ".tsv" else ",")


def as_text(cell: object) -> str:
    """A cell as text: Excel stores a 7 as 7.0, and nothing as None.

    >>> as_text(7.0), as_text(0), as_text(None), as_text(" a cat")
    ('7', '0', '', ' a cat')
    """
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell if cell is not None else "")


def as_answer(cell: object) -> str:
    """An answer's cell as text: a column of numbers is written as 8.0 wherever one of them is missing.

    >>> as_answer("8.0"), as_answer(8.0), as_answer(" 10.00"), as_answer("8.5"), as_answer("an 8.0"), as_answer("8.")
    ('8', '8', '10', '8.5', 'an 8.0', '8.')
    """
    text = as_text(cell)
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def _separated(path: Path, usual: str) -> Iterator[list[str]]:
    before = csv.field_size_limit(MOST_IN_CELL)
    begun = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = (line.replace("\0", "") for line in file)
            header = next(lines, "")
            rows = csv.reader(chain([header], lines), delimiter=_separator(header, usual), strict=True)
            for row in rows:
                yield row
                begun = rows.line_num + 1
    except csv.Error as error:
        raise EmtError(
            f"{path.name} can't be read as {path.suffix}: {error}, in the row that begins on line {begun}. A quotation "
            "mark is left open there, or stands alone inside quoted text, where it is doubled."
        ) from error
    except UnicodeDecodeError as error:
        raise EmtError(f"{path.name} can't be read as {path.suffix}: {error}. Save it as UTF-8.") from error
    finally:
        csv.field_size_limit(before)


def _separator(header: str, usual: str) -> str:
    """What parts the cells: the file's usual one, or where its header has none of those, one that it has.

    >>> _separator("id,label;answer", ","), _separator("id;label;answer", ",")
    (',', ';')
    """
    return next((mark for mark in (usual, *SEPARATORS) if mark in header), usual)


def _excel(path: Path, tell: Callable[[str], None]) -> Iterator[Sequence[Any]]:
    """The rows of the first sheet; "_x000D_" is how a workbook holds a carriage return.

    An answer that begins with "=" was taken for a formula: where that has no value or an error for one, it is read as
    it was said.
    """
    from zipfile import BadZipFile

    import openpyxl
    from openpyxl.utils.escape import unescape
    from openpyxl.utils.exceptions import InvalidFileException

    def opened(**given: bool) -> Any:
        return closing(openpyxl.load_workbook(path, read_only=True, **given))

    # What openpyxl raises over files that are broken; both its XML parsers' errors are SyntaxErrors.
    broken = (BadZipFile, InvalidFileException, LookupError, OSError, SyntaxError, TypeError, ValueError, zlib.error)
    try:
        with opened(data_only=True) as values, opened(data_only=False) as formulas:
            first, *others = (sheet.title for sheet in values.worksheets)
            if others:
                tell(f"sheet {plain(first)!r} alone, not {', '.join(repr(plain(other)) for other in others)}")
            sheets = (book.worksheets[0].iter_rows(values_only=True) for book in (values, formulas))
            for row, said in zip(*sheets, strict=True):
                cells = (
                    cell if value is None or value in SPREADSHEET_ERRORS else value
                    for value, cell in zip(row, said, strict=True)
                )
                yield [unescape(cell) if isinstance(cell, str) else cell for cell in cells]
    except broken as error:
        raise EmtError(f"{path.name} is no whole Excel workbook ({error}). Save it as .xlsx or .csv.") from error
