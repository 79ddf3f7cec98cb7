"""Logits of the last places alone: those of a whole prompt over a whole vocabulary are gigabytes."""

from inspect import signature
from typing import Any


def last_logits(model: Any, places: int) -> dict[str, int]:
    """Options for `model(...)` or `model.generate(...)` that spare it the logits before its last `places`.

    Empty where an architecture always computes all of them; so read the result from its end.
    """
    return {"logits_to_keep": places} if "logits_to_keep" in signature(type(model).forward).parameters else {}
