"""The cells of a table on disk: CSV, TSV, Excel."""

import csv
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from emt_tasks.errors import EmtError

ENDINGS = (".csv", ".tsv", ".xlsx")
MOST_IN_CELL = 64_000_000  # characters; Python's own limit is 131,072, and answers of a megabyte were seen


def rows_of_cells(path: Path) -> Iterable[Sequence[Any]]:
    """The rows of the table at `path`, header and all; text of CSV and TSV, of a workbook also numbers and None.

    Raises:
        EmtError: while they are read: the file is not what its ending says.
    """
    if path.suffix.lower() == ".xlsx":
        return _excel(path)
    return _separated(path, "\t" if path.suffix.lower() == ".tsv" else ",")


def _separated(path: Path, delimiter: str) -> Iterator[list[str]]:
    before = csv.field_size_limit(MOST_IN_CELL)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.reader((line.replace("\0", "") for line in file), delimiter=delimiter, strict=True)
    except (csv.Error, UnicodeDecodeError) as error:
        raise EmtError(f"{path.name} can't be read as {path.suffix}: {error}. Save it as UTF-8.") from error
    finally:
        csv.field_size_limit(before)


def _excel(path: Path) -> Iterator[Sequence[Any]]:
    """The rows of the first sheet; "_x000D_" is how a workbook holds a carriage return.

    An answer that begins with "=" was taken for a formula: where that has no value, it is read as it was said.
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
            sheets = (book.worksheets[0].iter_rows(values_only=True) for book in (values, formulas))
            for row, said in zip(*sheets, strict=True):
                cells = (cell if value is None else value for value, cell in zip(row, said, strict=True))
                yield [unescape(cell) if isinstance(cell, str) else cell for cell in cells]
    except broken as error:
        raise EmtError(f"{path.name} is no whole Excel workbook ({error}). Save it as .xlsx or .csv.") from error
