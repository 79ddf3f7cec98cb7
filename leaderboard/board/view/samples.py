"""Answers that are shown, and their pictures."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Read:
    """One answer under one reading; `prediction` is a label where exactly one was named."""

    reading: str
    prediction: str | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer that is shown.

    Attributes:
        id: `entry:set:row`, for permalinks.
        entry, key, row: whose, of which set, and the row's number there.
        tile: its picture's place in the set's sprite; None where there is no picture.
        label: the right one.
        raw: the answer, its end left out where it is longer than 600 characters.
        length: of the whole answer, in characters.
        spans: (start, end) in `raw` of the words that name labels, as far as they stand there as such.
        foreign: whether it names a label that only another set has.
        reads: under each reading, label_match first.
        differs: whether the readings differ; those come first.
        image: sha256 of the picture's pixels.
    """

    id: str
    entry: str
    key: str
    row: int
    tile: int | None
    label: str
    raw: str
    length: int
    spans: tuple[tuple[int, int], ...]
    foreign: bool
    reads: tuple[Read, ...]
    differs: bool
    image: str | None = None


@dataclass(frozen=True, slots=True)
class Sprite:
    """The pictures of a set's samples in one: tile k is at column k % columns, row k // columns.

    Attributes:
        uri: data URI of a WebP picture.
        side: of a tile, in pixels.
        columns: tiles in a line.
        count: tiles.
    """

    uri: str
    side: int
    columns: int
    count: int
