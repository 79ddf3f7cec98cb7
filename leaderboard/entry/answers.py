"""The file of answers beside an entry: gzipped lines, read with every size bounded, as columns like a run's."""

import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import numpy as np

from emt_tasks.outcomes import Outcome
from emt_tasks.runs.coded import Coded, coded
from emt_tasks.runs.records import OUTCOMES, Rows, TaskRows
from emt_tasks.runs.tabulation import fingerprint

MOST_PACKED, MOST_UNPACKED = 16_000_000, 64_000_000  # bytes; 40,000 rows of the four sets have 2 and 8 million
MOST_ROWS = 240_000
LONGEST_ANSWER = 2_000_000  # characters
LONGEST_NAME = 200  # of a label, as a reading gives it
_CHUNK = 1 << 20
_HEX = re.compile(r"[0-9a-f]*")
_PLACES = {outcome.value: place for place, outcome in enumerate(OUTCOMES)}
T = TypeVar("T")
_Name = Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)]
_OutcomeName = Annotated[str, msgspec.Meta(pattern=rf"\A(?:{'|'.join(_PLACES)})\Z")]
Read = tuple[str | None, str]
"""What one reading made of an answer: the label where exactly one was named, and the outcome."""


class Line(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """One answer.

    Attributes:
        set: key of the set.
        row: the row's number in the harness's split.
        image: sha256 of the picture's pixels.
        label: the right one, as the prompt lists it.
        raw: the answer as the model gave it.
        read: by reading.
    """

    set: Annotated[str, msgspec.Meta(max_length=40)]
    row: Annotated[int, msgspec.Meta(ge=0, lt=10**9)]
    image: Annotated[str, msgspec.Meta(min_length=64, max_length=64)]
    label: _Name
    raw: Annotated[str, msgspec.Meta(max_length=LONGEST_ANSWER)]
    read: dict[_Name, tuple[_Name | None, _OutcomeName]]


class BadAnswers(ValueError):  # noqa: N818  # reads as what it says
    """The file is not what it should be; the message says what and where."""


@dataclass(frozen=True, slots=True)
class Answers:
    """All answers of an entry.

    Attributes:
        lines: in the file's order.
        sha256: of the unpacked file.
    """

    lines: tuple[Line, ...]
    sha256: str


def read_answers(path: Path) -> Answers:
    """The answers in a file of a submitter's, whom nobody trusts.

    Raises:
        BadAnswers: it is too large, packed or unpacked, no gzip, or one of its lines is no answer.
    """
    text = unpacked(path)
    lines = decoded(text, Line)
    if not _HEX.fullmatch("".join(line.image for line in lines)):
        number = next(n for n, line in enumerate(lines, 1) if not _HEX.fullmatch(line.image))
        raise BadAnswers(f"line {number}: `image` is no sha256 in hex")
    return Answers(tuple(lines), hashlib.sha256(text).hexdigest())


def decoded(text: bytes, kind: type[T]) -> list[T]:
    """The lines of JSON in `text`, each of the type `kind`.

    Raises:
        BadAnswers: one of them is not, or there are too many.
    """
    if text.count(b"\n") > MOST_ROWS:
        raise BadAnswers(f"more than {MOST_ROWS:,} lines")
    decoder = msgspec.json.Decoder(kind)
    try:
        return decoder.decode_lines(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass  # which line it was is looked for below
    for number, line in enumerate(text.split(b"\n"), 1):
        try:
            decoder.decode(line or b"null")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise BadAnswers(f"line {number} is no line of this file: {str(error)[:200]}") from error
    raise BadAnswers("not every line is one of this file")


def unpacked(path: Path) -> bytes:
    """What a gzip file holds, at most `MOST_UNPACKED` bytes of it: it is not unpacked further than that.

    Raises:
        BadAnswers: it is larger, or no whole gzip file.
    """
    size = path.stat().st_size
    if size > MOST_PACKED:
        raise BadAnswers(f"{size:,} bytes; at most {MOST_PACKED:,} are taken")
    parts, total = [], 0
    try:
        with gzip.open(path) as file:
            while part := file.read(_CHUNK):
                total += len(part)
                if total > MOST_UNPACKED:
                    raise BadAnswers(f"more than {MOST_UNPACKED:,} bytes when unpacked")
                parts.append(part)
    except (OSError, EOFError, zlib.error) as error:
        raise BadAnswers(f"no whole gzip file ({str(error)[:120]})") from error
    return b"".join(parts)


def packed(lines: Iterable[msgspec.Struct]) -> tuple[bytes, str]:
    """The same lines as a gzip file, the same bytes each time, with the sha256 of what was packed."""
    text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=out, compresslevel=9, mtime=0) as file:
        file.write(text)
    return out.getvalue(), hashlib.sha256(text).hexdigest()


def by_set(lines: Sequence[Line]) -> Mapping[str, tuple[Line, ...]]:
    """The lines of each set, in order of row."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.set, []).append(line)
    return {key: tuple(sorted(those, key=attrgetter("row", "image"))) for key, those in found.items()}


def as_rows(
    lines: Sequence[Line], task: str, reading: str, named: Sequence[tuple[str, ...]], foreign: Sequence[tuple[str, ...]]
) -> TaskRows:
    """The answers of one set under one reading as a run's rows, for what is computed of runs.

    Args:
        lines: of one set.
        task: whose they are.
        reading: which of the readings of the lines.
        named: for each line the labels of the set that it names.
        foreign: likewise those that only other sets have.
    """
    n = len(lines)
    read = [line.read[reading] for line in lines]
    outcomes = np.fromiter((_PLACES[outcome] for _, outcome in read), np.int32, n)
    rows = Rows(
        doc_id=np.array([line.row for line in lines], np.int64),
        image=np.array([line.image for line in lines], "S64"),
        label=coded([line.label for line in lines]),
        raw=coded([line.raw for line in lines]),
        prediction=coded([prediction for prediction, _ in read]),
        outcome=Coded(tuple(Outcome), outcomes),
        named=coded(named),
        foreign=coded(foreign),
    )
    return TaskRows(task, reading, None, rows, Path(), "", True, fingerprint(rows), "image")


def in_order(parts: Mapping[str, Sequence[Line]], keys: Iterable[str]) -> Iterator[Line]:
    """The lines of several sets, set by set."""
    return (line for key in keys for line in parts.get(key, ()))
