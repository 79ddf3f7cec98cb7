"""Verdicts kept in one SQLite file, which any number of processes may use at once and be killed in.

A pair is leased before it is asked about, so that no two processes pay for it; a verdict is written as soon as it is
had, in one transaction with the end of its lease. WAL mode: the file must be on a disk of this machine, since SQLite's
locks don't hold on network file systems.
"""

import json
import os
import random
import socket
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import platformdirs

from emt_tasks.errors import EmtError
from emt_tasks.gpt_judge.questions import Question
from emt_tasks.gpt_judge.verdicts import Verdict

VARIABLE = "EMT_STORE"
SCHEMA = 1
SECONDS_TO_WAIT = 60.0  # for another process's write, which takes milliseconds
AT_ONCE = 500  # keys in one look-up: SQLite's oldest limit of variables is 999
TABLES = """
CREATE TABLE IF NOT EXISTS verdicts (
    key TEXT PRIMARY KEY, protocol TEXT NOT NULL, prompt_hash TEXT NOT NULL, model TEXT NOT NULL, label TEXT NOT NULL,
    answer TEXT NOT NULL, reply TEXT NOT NULL, meaning TEXT, tokens_in INTEGER, tokens_out INTEGER, asked_at REAL,
    answered_by TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS prompts (prompt_hash TEXT PRIMARY KEY, told TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS leases (
    key TEXT PRIMARY KEY, host TEXT NOT NULL, pid INTEGER NOT NULL, expires REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches (
    plan TEXT PRIMARY KEY, endpoint TEXT NOT NULL, id TEXT, begun REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batch_items (key TEXT PRIMARY KEY, plan TEXT NOT NULL) WITHOUT ROWID;
"""


class Usage(NamedTuple):
    """Tokens of the calls that a verdict took; None where the service does not say."""

    tokens_in: int | None
    tokens_out: int | None


class OpenBatch(NamedTuple):
    """A batch that was sent off, or was about to be where `id` is None."""

    plan: str
    id: str | None
    keys: tuple[str, ...]


def store_path() -> Path:
    """The file of `EMT_STORE`, else `verdicts.sqlite` in the user's cache folder."""
    asked = os.environ.get(VARIABLE)
    return Path(asked).expanduser() if asked else Path(platformdirs.user_cache_dir("emt-bench")) / "verdicts.sqlite"


class VerdictStore:
    """Verdicts by the key of their question; a context manager, for one thread.

    Raises:
        EmtError: the file is no store, of a newer version, or can't be read or written (by any method too).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._me = (socket.gethostname(), os.getpid())
        with self._mendable():
            path.parent.mkdir(parents=True, exist_ok=True)
            self.connection = sqlite3.connect(path, timeout=SECONDS_TO_WAIT, isolation_level=None)
            self._prepared()

    def _prepared(self) -> None:
        """Bring the file into its form; SQLite's own waiting does not cover the change to WAL, so it is tried anew."""
        until = time.monotonic() + SECONDS_TO_WAIT
        while True:
            try:
                return self._prepare()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
            time.sleep(random.uniform(0.001, 0.02))  # noqa: S311  # so that two processes don't meet again

    def _prepare(self) -> None:
        version: int = self.connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA:
            raise EmtError(f"{self.path} was made by a newer emt-bench. Update it, or choose another file: {VARIABLE}.")
        self.connection.execute("PRAGMA journal_mode=WAL")
        self.connection.execute("PRAGMA synchronous=NORMAL")  # whole after kill -9; a power cut loses seconds
        if version < SCHEMA:
            self.connection.executescript(f"BEGIN IMMEDIATE;{TABLES}PRAGMA user_version={SCHEMA};COMMIT;")

    def __enter__(self) -> "VerdictStore":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    @contextmanager
    def _mendable(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise EmtError(
                f"the verdict store {self.path}: {error}. Is there room on the disk, may it be written, and is it a "
                f"store? Another file is chosen with {VARIABLE}."
            ) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One write that other processes see whole or not at all."""
        with self._mendable():
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")

    def verdicts(self, keys: Iterable[str]) -> dict[str, Verdict]:
        """The verdicts that are there, by key."""
        wanted, found = list(keys), {}
        with self._mendable():
            for first in range(0, len(wanted), AT_ONCE):
                some = wanted[first : first + AT_ONCE]
                marks = ",".join("?" * len(some))
                asked = f"SELECT key, reply, meaning FROM verdicts WHERE key IN ({marks})"  # noqa: S608  # marks only
                rows = self.connection.execute(asked, some)
                found.update({key: Verdict(reply, meaning) for key, reply, meaning in rows})
        return found

    def lease(self, key: str, seconds: float) -> bool:
        """Take the question `key` for `seconds`; False where a living process has it or it has a verdict.

        The lease of a process of this machine that has died counts no more, others' until they expire.
        """
        host, pid = self._me
        with self.transaction():
            if self.connection.execute("SELECT 1 FROM verdicts WHERE key=?", (key,)).fetchone():
                return False
            row = self.connection.execute("SELECT host, pid, expires FROM leases WHERE key=?", (key,)).fetchone()
            if row and row[:2] != self._me and row[2] > time.time() and not (row[0] == host and not _lives(row[1])):
                return False
            self.connection.execute("REPLACE INTO leases VALUES (?, ?, ?, ?)", (key, host, pid, time.time() + seconds))
        return True

    def renew(self, keys: Iterable[str], seconds: float) -> None:
        """Keep this process's leases of `keys` for `seconds` more."""
        with self.transaction():
            self.connection.executemany(
                "UPDATE leases SET expires=? WHERE key=? AND host=? AND pid=?",
                [(time.time() + seconds, key, *self._me) for key in keys],
            )

    def release(self, keys: Iterable[str]) -> None:
        """Give back this process's leases of `keys`."""
        with self.transaction():
            self.connection.executemany(
                "DELETE FROM leases WHERE key=? AND host=? AND pid=?", [(key, *self._me) for key in keys]
            )

    def put(self, question: Question, verdict: Verdict, usage: Usage, answered_by: str) -> None:
        """Keep a verdict and end its lease; one that is there already stays."""
        about = (question.protocol.name, question.prompt_hash, question.model, question.label, question.answer)
        said = (verdict.reply, verdict.meaning, *usage, time.time(), answered_by)
        told = json.dumps(
            {**question.protocol.model_dump(), "labels": [] if question.protocol.shows_label else question.labels}
        )
        with self.transaction():
            key = question.key
            self.connection.execute("INSERT OR IGNORE INTO prompts VALUES (?, ?)", (question.prompt_hash, told))
            self.connection.execute(
                "INSERT OR IGNORE INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (key, *about, *said)
            )
            self.connection.execute("DELETE FROM leases WHERE key=?", (key,))

    def counts(self) -> list[Mapping[str, object]]:
        """For each protocol, prompt and judge: verdicts, those that are unclear, tokens."""
        names = ("protocol", "prompt_hash", "model", "verdicts", "unclear", "tokens_in", "tokens_out")
        with self._mendable():
            rows = self.connection.execute(
                "SELECT protocol, prompt_hash, model, COUNT(*), SUM(meaning IS NULL), SUM(tokens_in), SUM(tokens_out) "
                "FROM verdicts GROUP BY 1, 2, 3 ORDER BY 1, 3, 2"
            ).fetchall()
        return [dict(zip(names, row, strict=True)) for row in rows]

    def in_batches(self) -> set[str]:
        """The keys that were sent off in a batch whose results were not fetched yet."""
        with self._mendable():
            return {key for (key,) in self.connection.execute("SELECT key FROM batch_items")}

    def open_batches(self, endpoint: str) -> list[OpenBatch]:
        """The batches at `endpoint` whose results were not fetched yet."""
        with self._mendable():
            rows = self.connection.execute("SELECT plan, id FROM batches WHERE endpoint=?", (endpoint,)).fetchall()
            keys = "SELECT key FROM batch_items WHERE plan=?"
            return [
                OpenBatch(plan, id_, tuple(key for (key,) in self.connection.execute(keys, (plan,))))
                for plan, id_ in rows
            ]

    def claim_batch(self, endpoint: str, plan: str, keys: Iterable[str]) -> tuple[str, ...]:
        """Set aside for a batch those of `keys` that no other process has; they are the batch's."""
        mine = []
        with self.transaction():
            for key in keys:
                taken = (
                    "SELECT 1 FROM batch_items WHERE key=:key UNION ALL SELECT 1 FROM verdicts WHERE key=:key "
                    "UNION ALL SELECT 1 FROM leases WHERE key=:key AND expires>:now"
                )
                if not self.connection.execute(taken, {"key": key, "now": time.time()}).fetchone():
                    self.connection.execute("INSERT INTO batch_items VALUES (?, ?)", (key, plan))
                    mine.append(key)
            if mine:
                self.connection.execute("INSERT INTO batches VALUES (?, ?, NULL, ?)", (plan, endpoint, time.time()))
        return tuple(mine)

    def name_batch(self, plan: str, id_: str) -> None:
        """Keep what the service calls the batch."""
        with self.transaction():
            self.connection.execute("UPDATE batches SET id=? WHERE plan=?", (id_, plan))

    def forget_batch(self, plan: str) -> None:
        """Its results are fetched, or it came to nothing."""
        with self.transaction():
            self.connection.execute("DELETE FROM batches WHERE plan=?", (plan,))
            self.connection.execute("DELETE FROM batch_items WHERE plan=?", (plan,))


def _lives(pid: int) -> bool:
    """Whether a process of this machine is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
