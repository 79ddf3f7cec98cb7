"""JSON records on disk, which a kill, a full disk or anybody's hand may have left damaged."""

import json
from pathlib import Path
from typing import Any


def json_in(path: Path) -> Any:
    """What a JSON file says.

    Raises:
        OSError: it can't be read.
        ValueError: it holds no JSON, or one that is nested deeper than any record is.
    """
    try:
        return json.loads(path.read_text(encoding="utf8"))
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def read_told(path: Path) -> dict[str, Any]:
    """What a record says; nothing where it is not there or not whole."""
    try:
        told = json_in(path)
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
