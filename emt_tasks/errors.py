"""Errors a user can mend: each message says what was wrong, where, and what to do."""

from collections.abc import Iterable
from difflib import get_close_matches

MOST_SHOWN = 24  # names in a message: more are not read


class EmtError(Exception):
    """Something outside the program is wrong and its user can put it right."""


class RefusedToSpend(EmtError):  # noqa: N818  # reads as what it says
    """Money would be spent and nobody said yes, or a limit can't be kept."""


class UnknownName(EmtError):  # noqa: N818  # reads as what it says
    """A name that is not among those known, with the nearest one."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        """Say which `kind` of thing `name` was meant to be and what there is instead."""
        options = sorted(known)
        near = get_close_matches(name, options, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        shown = options if len(options) <= MOST_SHOWN else get_close_matches(name, options, n=MOST_SHOWN, cutoff=0)
        rest = f" and {len(options) - len(shown)} others" if len(shown) < len(options) else ""
        super().__init__(f"no {kind} {name!r}.{hint} Known: {', '.join(shown)}{rest}.")
