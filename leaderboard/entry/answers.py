"""The file of answers beside an entry: gzipped lines, read with every size bounded, as columns like a run's."""

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter, itemgetter, lt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import msgspec
import numpy as np

from emt_tasks.reading import Reading
from emt_tasks.runs.coded import Coded, coded
from emt_tasks.runs.records import OUTCOMES, Rows, TaskRows
from emt_tasks.runs.tabulation import fingerprint
from leaderboard.entry.schema import LABEL_MATCH

MOST_PACKED, MOST_UNPACKED = 16_000_000, 64_000_000  # bytes; 40,000 rows of the four sets have 2 and 8 million
MOST_ROWS = 240_000
LONGEST_ANSWER = 2_000_000  # characters
LONGEST_NAME = 200  # of a label, as a reading gives it
_CHUNK = 1 << 20
_HEX = b"0123456789abcdef"
_PLACES = {outcome.value: place for place, outcome in enumerate(OUTCOMES)}
T = TypeVar("T")
_Name = Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)]
if TYPE_CHECKING:
    _OutcomeName = str
else:
    _OutcomeName = Literal[tuple(_PLACES)]  # which takes half the time that a pattern takes
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
    if not _is_hex("".join(map(attrgetter("image"), lines))):
        number = next(n for n, line in enumerate(lines, 1) if not _is_hex(line.image))
        raise BadAnswers(f"line {number}: `image` is no sha256 in hex")
    return Answers(tuple(lines), hashlib.sha256(text).hexdigest())


def _is_hex(text: str) -> bool:
    return text.isascii() and not text.encode("ascii").translate(None, _HEX)


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
    whole = _of_one_member(path.read_bytes())
    if whole is not None:
        return whole
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


def _of_one_member(content: bytes) -> bytes | None:
    """What `packed` made holds, at once; None of what it did not make, or what is too large: that is read in steps."""
    reader = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        text = reader.decompress(content, MOST_UNPACKED + 1)
    except zlib.error:
        return None
    return text if reader.eof and not reader.unused_data and len(text) <= MOST_UNPACKED else None


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
    for key, those in groupby(lines, attrgetter("set")):
        found.setdefault(key, []).extend(those)
    return {key: tuple(_in_order_of_row(those)) for key, those in found.items()}


def _in_order_of_row(lines: list[Line]) -> list[Line]:
    rows = list(map(attrgetter("row"), lines))
    rising = all(map(lt, rows, rows[1:]))  # as a run writes them
    return lines if rising else sorted(lines, key=attrgetter("row", "image"))


def as_rows(lines: Sequence[Line], task: str, reading: str, words: Callable[[str], Reading]) -> TaskRows:
    """The answers of one set under one reading as a run's rows, for what is computed of runs.

    Which labels an answer names is `label_match`'s to say; of another reading only the one that it found is known.

    Args:
        lines: of one set.
        task: whose they are.
        reading: which of the readings of the lines.
        words: an answer's reading by `label_match`.
    """
    n = len(lines)
    raw = coded(map(attrgetter("raw"), lines))
    read = coded([line.read[reading] for line in lines])
    if reading == LABEL_MATCH:
        named = raw.read_as(lambda text: words(text).named)
    else:
        named = read.read_as(lambda one: () if one[0] is None else (one[0],))
    rows = Rows(
        doc_id=np.fromiter(map(attrgetter("row"), lines), np.int64, n),
        image=np.array(list(map(attrgetter("image"), lines)), "S64"),
        label=coded(map(attrgetter("label"), lines)),
        raw=raw,
        prediction=read.read_as(itemgetter(0)),
        outcome=Coded(OUTCOMES, np.array([_PLACES[outcome] for _, outcome in read.values], np.int32)[read.codes]),
        named=named,
        foreign=raw.read_as(lambda text: words(text).foreign),
    )
    return TaskRows(task, reading, None, rows, Path(), "", True, fingerprint(rows), "image")


def in_order(parts: Mapping[str, Sequence[Line]], keys: Iterable[str]) -> Iterator[Line]:
    """The lines of several sets, set by set."""
    return (line for key in keys for line in parts.get(key, ()))
