"""What is wrong with one thing that a submitter says, told before the entry is made: so that it is asked for again."""

from typing import Any

from pydantic import ValidationError

from leaderboard.entry.schema import ModelFields, ProvenanceFields, TuningFields, said

_MODEL = ("org", "name", "url", "encoder", "llm", "licence")


def complaint(name: str, value: Any) -> str | None:
    """What is wrong with field `name` of `Given` being `value`; None where an entry may hold it.

    >>> complaint("url", "http://a.org")
    'no plain https:// address'
    >>> complaint("org", "llava-hf") is None
    True
    """
    field = "name" if name == "model" else name
    try:
        if field in _MODEL:
            ModelFields.model_validate({"name": "x", "org": "x", field: value})
        elif field in ("dataset", "base"):
            TuningFields.model_validate({"kind": "full", "dataset": ("x",), "base": "x/y", field: value})
        elif field == "submitted_by":
            ProvenanceFields.model_validate({"tier": "rescored", "date": "2026-01-01", field: value})
    except ValidationError as error:
        return said(error.errors()[0])
    return None
