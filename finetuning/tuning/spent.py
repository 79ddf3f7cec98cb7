"""What work has cost, CPU and clock: counted while it is done, and added up over the starts that it took."""

import math
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

from emt_tasks.runs.manifest import write_json
from finetuning.told import read_told

EVERY = 1.0  # seconds between two writings of a ledger: what a killed start loses at most
SPENT = "spent"  # what a record calls it
LEDGER = ".spent.json"  # in a folder whose work is under way


@dataclass(frozen=True, slots=True)
class Spent:
    """A cost.

    Attributes:
        cpu: seconds of processors, of all threads and of child processes that have ended.
        wall: seconds by the clock.
    """

    cpu: float
    wall: float

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.cpu + other.cpu, self.wall + other.wall)

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(self.cpu - other.cpu, self.wall - other.wall)


NOTHING = Spent(0.0, 0.0)


def record_of(spent: Spent | None) -> dict[str, dict[str, float]]:
    """What a record is to say of a cost: nothing where it is not known, which is not the same as 0.

    >>> record_of(Spent(12.345, 6)), record_of(None)
    ({'spent': {'cpu_seconds': 12.35, 'wall_seconds': 6}}, {})
    """
    if spent is None:
        return {}
    return {SPENT: {"cpu_seconds": round(spent.cpu, 2), "wall_seconds": round(spent.wall, 2)}}


def recorded(told: Mapping[str, Any]) -> Spent | None:
    """The cost that a record tells; None where it tells none, as those of older versions.

    >>> recorded({"spent": {"cpu_seconds": 3.0, "wall_seconds": 2.0}}), recorded({"seconds": 2.0})
    (Spent(cpu=3.0, wall=2.0), None)
    """
    try:
        spent = Spent(float(told[SPENT]["cpu_seconds"]), float(told[SPENT]["wall_seconds"]))
    except (KeyError, TypeError, ValueError):
        return None
    return spent if all(math.isfinite(each) and each >= 0 for each in (spent.cpu, spent.wall)) else None


class Account:
    """Counts what is spent on some work from now on, on top of what earlier starts of it have spent.

    Args:
        before: what they have; None where that is not known.
    """

    def __init__(self, before: Spent | None) -> None:
        self._before = before
        self._counted: tuple[Spent, Spent | None] = NOTHING, _now()  # so far, and since when more comes on top

    @property
    def spent(self) -> Spent | None:
        """In all so far; None where the beginning is not known."""
        so_far, since = self._counted
        if self._before is None:
            return None
        return self._before + so_far + (NOTHING if since is None else _now() - since)

    def rest(self) -> None:
        """Count no more until `go_on`."""
        so_far, since = self._counted
        assert since is not None, "it rests already"
        self._counted = so_far + (_now() - since), None

    def go_on(self) -> None:
        """Count again."""
        self._counted = self._counted[0], _now()


_INNERMOST: ContextVar[Account | None] = ContextVar("account", default=None)


@contextmanager
def account(ledger: Path, of: str = "", otherwise: Spent | None = NOTHING) -> Iterator[Account]:
    """Count what the work within costs; while work within work has an account, the outer one rests: nothing is twice.

    Args:
        ledger: file that tells the next start what this one has spent, if it does not come to its end.
        of: what the work is; a ledger of other work is not read.
        otherwise: what earlier starts have spent, where there is no ledger; None where that is not known.

    Raises:
        OSError: the ledger's folder can't be made.
    """
    opened = Account(_carried(ledger, of, otherwise))
    outer = _INNERMOST.get()
    if outer is not None:
        outer.rest()
    token = _INNERMOST.set(opened)
    try:
        with _noted(opened, ledger, of):
            yield opened
    finally:
        _INNERMOST.reset(token)
        opened.rest()
        if outer is not None:
            outer.go_on()


@contextmanager
def _noted(opened: Account, ledger: Path, of: str) -> Iterator[None]:
    """Keep the ledger meanwhile; it is gone after work that came to its end."""

    def note() -> None:
        if opened.spent is not None:
            with suppress(OSError):  # a disk that is full is heard where the work itself is kept
                write_json(ledger, {"of": of, **record_of(opened.spent)})

    def note_again_and_again() -> None:
        while not over.wait(EVERY):
            note()

    ledger.parent.mkdir(parents=True, exist_ok=True)
    note()
    over = Event()
    noting = Thread(target=note_again_and_again, daemon=True)
    noting.start()
    try:
        yield
    except BaseException:
        over.set()
        noting.join()
        note()
        raise
    over.set()
    noting.join()
    ledger.unlink(missing_ok=True)


def _carried(ledger: Path, of: str, otherwise: Spent | None) -> Spent | None:
    told = read_told(ledger)
    known = recorded(told) if told.get("of") == of else None
    return otherwise if known is None else known


def _now() -> Spent:
    """Of this process and its ended children so far, and the clock."""
    ended = os.times()
    return Spent(time.process_time() + ended.children_user + ended.children_system, time.monotonic())
