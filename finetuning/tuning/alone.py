"""One at a time in a folder: who comes second is told so, before anything is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from emt_tasks.errors import EmtError

LOCK = ".lock"


class _OwnLock(FileLock):
    """A lock for itself: lmms-eval makes all `FileLock`s of one path one object, which its holder may take twice."""


@contextmanager
def alone_in(folder: Path, what: str = "study", lock: str = LOCK) -> Iterator[None]:
    """Be the only one of a kind in a folder; the system lets go of it where the process ends, however it ends.

    Args:
        folder: made if it is not there.
        what: is at work, for the error: "study".
        lock: name of the file in the folder that is locked.

    Raises:
        EmtError: another is at work there, or it can't be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = _OwnLock(folder / lock)
        held.acquire(timeout=0)
    except Timeout as error:
        raise EmtError(f"another {what} is at work in {folder}. Wait for it, or choose another --out.") from error
    except OSError as error:
        raise EmtError(f"{folder} can't be written to ({error.strerror}). Choose another --out.") from error
    try:
        yield
    finally:
        held.release()
