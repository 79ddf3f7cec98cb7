"""What a readings file says of the log that it was made from, so that it is not taken for a reading of another log."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

FIELD = "log"  # of the first row of a readings file


@dataclass(frozen=True, slots=True)
class Seal:
    """A sample log's content, in short: `size` in bytes, and its sha256 in hex."""

    size: int
    sha256: str


class _First(msgspec.Struct):
    log: Seal | None = None


def seal_of(log: Path) -> Seal:
    """The seal of the file `log` as it is now.

    Raises:
        OSError: it can't be read.
    """
    with log.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Seal(file.tell(), digest)


def as_field(seal: Seal) -> dict[str, Any]:
    """What the first row of a readings file has beside its reading."""
    return {FIELD: {"size": seal.size, "sha256": seal.sha256}}


def seal_in(readings: Path) -> Seal | None:
    """The seal of the log that a readings file was made from; None where its first row has none.

    Raises:
        OSError: it can't be read.
    """
    with readings.open("rb") as file:
        first = file.readline()
    try:
        return msgspec.json.decode(first, type=_First).log
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
