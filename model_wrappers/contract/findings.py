"""What a check can find: that a promise is kept, that it is broken and how, or that it is none of this model's."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["holds", "broken", "not applicable", "not run"]


class Broken(Exception):  # noqa: N818  # reads as what it says
    """A promise is not kept.

    Args:
        seen: what was asked and what came.
        do: what its author can do.
    """

    def __init__(self, seen: str, do: str) -> None:
        super().__init__(f"{seen} {do}")
        self.seen, self.do = seen, do


class DoesNotApply(Exception):  # noqa: N818
    """A promise that this model does not make, or that can't be looked at here; the message says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        check: its name.
        promise: what it holds a wrapper to.
        verdict: whether the promise is kept.
        said: what was looked at, or what went wrong, or why nothing was looked at.
        do: what to do where it is broken.
    """

    check: str
    promise: str
    verdict: Verdict
    said: str
    do: str = ""
