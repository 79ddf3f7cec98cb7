"""The files that maintainers keep beside the entries: read with every mistake told."""

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from emt_tasks.errors import EmtError
from leaderboard.entry.schema import said

VERIFIED_FILE = "verified.txt"
Told = TypeVar("Told", bound=BaseModel)


def text_of(path: Path) -> str:
    """What a list says.

    Raises:
        EmtError: it is a link, can't be read, or is no UTF-8.
    """
    if path.is_symlink():
        raise EmtError(f"{path} is a link. Put a plain file there.")
    try:
        return path.read_text("utf8")
    except (OSError, UnicodeDecodeError) as error:
        raise EmtError(f"{path} can't be read ({error}). Save it as UTF-8.") from error


def parsed(text: str, where: str, kind: type[Told], hint: str) -> Told:
    """A list in YAML.

    Args:
        text: the file's.
        where: its name, for messages.
        kind: what it must hold.
        hint: a sentence: what it may say.

    Raises:
        EmtError: it is no YAML, or holds something else; each mistake is named.
    """
    try:
        return kind.model_validate(yaml.safe_load(text) or {})
    except ValidationError as error:
        mistakes = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'file'}: {said(one)}" for one in error.errors())
        raise EmtError(f"{where}: {mistakes}. {hint}") from error
    except (yaml.YAMLError, ValueError, AttributeError, RecursionError) as error:  # PyYAML raises all of them at a text
        raise EmtError(f"{where} is no YAML: {' '.join(str(error).split())}. {hint}") from error


def verified_ids(folder: Path) -> frozenset[str]:
    """The ids of entries that a maintainer ran again, one a line.

    Raises:
        EmtError: the file can't be read.
    """
    path = folder / VERIFIED_FILE
    lines = text_of(path).splitlines() if path.exists() or path.is_symlink() else []
    return frozenset(line.split("#")[0].strip() for line in lines) - {""}
