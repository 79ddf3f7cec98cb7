"""The data that entries may be of: fingerprints that somebody who has the data has made, one YAML file a board."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from leaderboard.entry.lists import parsed, text_of
from leaderboard.entry.schema import SetKey, Sha256, Words

FILE = "known_data.yaml"


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    set: SetKey
    fingerprint: Sha256
    n: int = Field(ge=1)
    name: Words


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    known: tuple[_Line, ...] | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """One part of a set that is known: how many rows, and what it is."""

    n: int
    name: str


KnownData = Mapping[tuple[str, str], Known]
"""By set and fingerprint."""


def known_data(folder: Path | None = None) -> KnownData:
    """What ships with emt-bench, and what the `known_data.yaml` of a board's folder adds.

    Raises:
        EmtError: the file is not what it should be; each mistake is named.
    """
    found = _read(files("leaderboard").joinpath(FILE).read_text("utf8"), FILE)
    own = folder / FILE if folder else None
    if own is not None and (own.exists() or own.is_symlink()):
        found |= _read(text_of(own), str(own))
    return found


def _read(text: str, where: str) -> dict[tuple[str, str], Known]:
    told = parsed(text, where, _File, "Under `known`, each line has set, fingerprint, n and name.")
    return {(line.set, line.fingerprint): Known(line.n, line.name) for line in told.known or ()}
