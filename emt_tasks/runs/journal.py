"""Answers kept as they come, so that a run that was cut off goes on where it stopped.

An answer is found again only under a key of everything that made it: weights, settings, prompt, picture. A checkpoint
overwritten in place has another fingerprint, hence other keys.
"""

import hashlib
import json
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from emt_tasks.errors import EmtError

FOLDER = ".emt"
SECONDS_UNSYNCED = 5.0  # answers of so long may be lost where the machine itself stops; a killed process loses none


class JournalFull(EmtError):  # noqa: N818  # reads as what it says
    """The journal can't be written any more."""


def answer_key(*parts: Any) -> str:
    """The sha256 of `parts`, which are anything that JSON can hold; mappings count the same in any order."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


class Journal:
    """Key to answer, in JSON lines: all of the folder are read, this rank's own is appended to.

    A line that was cut off (kill -9, a full disk) is passed over; its answer is asked for again. Without `keep` nothing
    is read and this rank's own is begun anew, so that no rank serves what another is about to forget.
    """

    def __init__(self, folder: Path, rank: int = 0, keep: bool = True) -> None:
        self._keep = keep
        self.path = folder / FOLDER / f"answers-rank{rank}.jsonl"
        self._answers: dict[str, Any] = {}
        self._file: int | None = None
        self._synced = 0.0

    def __enter__(self) -> "Journal":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self._keep:
            for path in sorted(self.path.parent.glob("answers-rank*.jsonl")):
                self._answers.update(_read(path))
        begun = 0 if self._keep else os.O_TRUNC
        self._file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | begun, 0o644)
        if os.fstat(self._file).st_size and not _ends_whole(self.path):
            self._write("\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._file is not None
        try:
            if error is None:
                self._sync()
        finally:
            os.close(self._file)

    def __contains__(self, key: str) -> bool:
        return key in self._answers

    def __len__(self) -> int:
        return len(self._answers)

    def __getitem__(self, key: str) -> Any:
        return self._answers[key]

    def add(self, answers: dict[str, Any]) -> None:
        """Keep `answers`: they outlive this process when this returns, and this machine `SECONDS_UNSYNCED` later.

        Raises:
            JournalFull: the disk took no more; what was kept before is whole.
        """
        self._write("".join(json.dumps({"key": key, "answer": answer}) + "\n" for key, answer in answers.items()))
        self._answers.update(answers)

    def _write(self, lines: str) -> None:
        """Write without a buffer, so that what can't be written now is not tried again when the file is closed."""
        assert self._file is not None
        left = lines.encode()
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError as error:
            raise self._full(error) from error
        if time.monotonic() - self._synced >= SECONDS_UNSYNCED:
            self._sync()

    def _sync(self) -> None:
        """Wait until the disk has it all: a disk that tells late that it is full is heard here."""
        assert self._file is not None
        try:
            os.fsync(self._file)
        except OSError as error:
            raise self._full(error) from error
        self._synced = time.monotonic()

    def _full(self, error: OSError) -> JournalFull:
        return JournalFull(
            f"{self.path} can't be written ({error.strerror}). {len(self)} answers are kept; make room and run "
            "the same command to go on."
        )

    @staticmethod
    def forget(folder: Path, ranks: int) -> None:
        """Remove what ranks from `ranks` on kept in `folder`: those of an earlier start with more processes."""
        for path in (folder / FOLDER).glob("answers-rank*.jsonl"):
            if int(path.stem.removeprefix("answers-rank")) >= ranks:
                path.unlink()


def _read(path: Path) -> dict[str, Any]:
    answers = {}
    for line in path.read_text(encoding="utf8", errors="replace").splitlines():
        try:
            kept = json.loads(line)
            answers[kept["key"]] = kept["answer"]
        except (json.JSONDecodeError, KeyError, TypeError):
            continue
    return answers


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
