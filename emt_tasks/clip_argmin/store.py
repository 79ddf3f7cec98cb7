"""Embeddings kept by content: a SQLite file that several processes may read and write at once."""

import hashlib
import sqlite3
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SECONDS = 60.0  # to wait for another process that writes; a write takes milliseconds
AT_ONCE = 500  # texts in one query, below the least limit of variables that SQLite was built with
SCHEMA = """
CREATE TABLE IF NOT EXISTS embeddings (
    encoder TEXT NOT NULL, text BLOB NOT NULL, vector BLOB NOT NULL, truncated INTEGER NOT NULL,
    PRIMARY KEY (encoder, text)
) WITHOUT ROWID
"""
Kept = tuple[NDArray[np.float32], bool]
"""A text's vector, (d,), and whether the text was longer than the encoder reads."""


class EmbeddingStore:
    """The vectors of one encoder, found again by the sha256 of their text.

    It only saves time: where the file can't be used, that is said once and everything is embedded anew.

    Args:
        path: the file; it is made when something is kept.
        encoder: fingerprint of the encoder.
        width: of its vectors; rows of another are passed over.
    """

    def __init__(self, path: Path, encoder: str, width: int) -> None:
        self.path, self.encoder, self.width = path, encoder, width
        self.trouble: str | None = None

    def kept(self, texts: Sequence[str]) -> dict[str, Kept]:
        """Those of `texts` that are kept, with their vectors; what is damaged is passed over."""
        found: dict[str, Kept] = {}
        text_of = {_key(text): text for text in texts}

        def look(database: sqlite3.Connection) -> None:
            keys = list(text_of)
            for start in range(0, len(keys), AT_ONCE):
                for key, blob, truncated in self._rows(database, keys[start : start + AT_ONCE]):
                    vector = self._vector(blob)
                    if vector is not None:
                        found[text_of[key]] = (vector, bool(truncated))

        if self.path.exists():
            self._in_transaction(look)
        return found

    def keep(self, vectors: Mapping[str, Kept]) -> None:
        """Keep vectors by their text; one that holds no numbers is not worth keeping."""
        rows = [
            (self.encoder, _key(text), vector.astype("<f4").tobytes(), int(truncated))
            for text, (vector, truncated) in vectors.items()
            if np.isfinite(vector).all()
        ]
        if rows:
            self._in_transaction(
                lambda database: database.executemany("INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?, ?)", rows)
            )

    def _rows(self, database: sqlite3.Connection, keys: Sequence[bytes]) -> list[tuple[bytes, object, int]]:
        marks = ", ".join("?" * len(keys))
        query = f"SELECT text, vector, truncated FROM embeddings WHERE encoder = ? AND text IN ({marks})"  # noqa: S608
        return database.execute(query, (self.encoder, *keys)).fetchall()

    def _vector(self, blob: object) -> NDArray[np.float32] | None:
        if not isinstance(blob, bytes) or len(blob) != 4 * self.width:
            return None
        vector = np.frombuffer(blob, "<f4").astype(np.float32)
        return vector if np.isfinite(vector).all() else None

    def _in_transaction(self, work: Callable[[sqlite3.Connection], object]) -> None:
        """Do `work` on the file, all of it or nothing; where the file can't be used, say so once."""
        if self.trouble is not None:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=SECONDS)) as database, database:
                database.execute(SCHEMA)
                work(database)
        except (sqlite3.Error, OSError) as error:
            self.trouble = str(error)
            warnings.warn(
                f"emt-bench: {self.path} can't keep embeddings ({error}), so every text is embedded anew. Delete the "
                "file, or name another with EMT_CLIP_CACHE.",
                stacklevel=2,
            )


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
