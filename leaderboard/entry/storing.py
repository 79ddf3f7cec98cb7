"""An entry's file: its text, checked against the schema, and how it comes into the folder with its answers."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from emt_tasks.errors import EmtError
from leaderboard.entry.names import Place as Where
from leaderboard.entry.schema import EntryFields, said


@dataclass(frozen=True, slots=True)
class Made:
    """An entry's files, not written yet, and what its submitter should know.

    Attributes:
        where: their place below the folder of entries.
        entry, answers, verdicts: the files' bytes; None where there are no verdicts.
        notes: sentences.
    """

    where: Where
    entry: bytes
    answers: bytes
    verdicts: bytes | None
    notes: tuple[str, ...]


def written(told: Mapping[str, Any]) -> bytes:
    """An entry's file, a line for each of its fields: one of 40,000 rows with all their confusions stays small."""
    compact = partial(json.dumps, ensure_ascii=False, separators=(",", ":"))
    lines = (f' "{name}": {compact(value)}' for name, value in told.items())
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode("utf8", "backslashreplace")


def checked(told: Mapping[str, Any]) -> bytes:
    """An entry's file of what was told, without the fields that are None.

    Raises:
        EmtError: it is not what an entry may hold.
    """
    text = written(_bare(told))
    try:
        EntryFields.model_validate_json(text)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {said(one)}" for one in error.errors()[:8])
        raise EmtError(
            f"what was said can't stand in an entry: {wrong}. Say it with the options of emt board add."
        ) from error
    return text


def _bare(told: Any) -> Any:
    """`told` without what is None: an entry leaves out what is not known."""
    if isinstance(told, dict):
        return {name: _bare(value) for name, value in told.items() if value is not None}
    return [_bare(value) for value in told] if isinstance(told, list) else told


def write(made_entry: Made, folder: Path) -> Path:
    """Put an entry's files into the folder of entries, each whole or not at all; the entry's path.

    Raises:
        EmtError: it is there already, or can't be written.
    """
    entry = folder / made_entry.where.entry
    if entry.exists() or entry.is_symlink():
        raise EmtError(f"{entry} is there already. Give the entry another name with --run, or delete it first.")
    files = {
        folder / made_entry.where.answers: made_entry.answers,
        folder / made_entry.where.verdicts: made_entry.verdicts,
        entry: made_entry.entry,
    }
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        for path, content in files.items():
            if content is not None:
                part = path.with_name(f"{path.name}.{os.getpid()}.part")
                part.write_bytes(content)
                part.replace(path)
    except OSError as error:
        raise EmtError(f"{entry} can't be written ({error.strerror or error}). Choose another --entries.") from error
    return entry
