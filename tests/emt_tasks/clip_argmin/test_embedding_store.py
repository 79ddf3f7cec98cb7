"""What is kept of embeddings: found again, by several processes, whatever happened to the file."""

import sqlite3
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from emt_tasks.clip_argmin.store import EmbeddingStore

VECTOR = np.arange(4, dtype=np.float32)
WRITER = """
import sys, numpy as np
from pathlib import Path
from emt_tasks.clip_argmin.store import EmbeddingStore
path, start = Path(sys.argv[1]), int(sys.argv[2])
store = EmbeddingStore(path, "e", 4)
for n in range(start, start + 60):
    store.keep({f"text {n}": (np.full(4, n, np.float32), False)})
    assert store.kept([f"text {n}"])
assert store.trouble is None, store.trouble
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "kept.sqlite"


def test_what_is_kept_is_found_bit_by_bit_with_whether_it_was_cut(file: Path) -> None:
    EmbeddingStore(file, "e", 4).keep({"a": (VECTOR, True), "\u202e\U0001f6a2": (VECTOR * np.float32(0.1), False)})
    found = EmbeddingStore(file, "e", 4).kept(["a", "b", "\u202e\U0001f6a2"])
    assert set(found) == {"a", "\u202e\U0001f6a2"}
    np.testing.assert_array_equal(found["a"][0], VECTOR)
    np.testing.assert_array_equal(found["\u202e\U0001f6a2"][0], VECTOR * np.float32(0.1))
    assert (found["a"][1], found["\u202e\U0001f6a2"][1]) == (True, False)


def test_more_texts_than_a_query_takes(file: Path) -> None:
    many = {f"text {n}": (np.full(4, n, np.float32), False) for n in range(2101)}
    store = EmbeddingStore(file, "e", 4)
    store.keep(many)
    assert {text: float(vector[0]) for text, (vector, _) in store.kept(list(many)).items()} == {
        text: float(vector[0]) for text, (vector, _) in many.items()
    }


def test_another_encoder_and_a_vector_of_another_width_are_not_served(file: Path) -> None:
    EmbeddingStore(file, "e", 4).keep({"a": (VECTOR, False)})
    assert EmbeddingStore(file, "f", 4).kept(["a"]) == {}
    assert EmbeddingStore(file, "e", 5).kept(["a"]) == {}


def test_what_holds_no_numbers_is_neither_kept_nor_served(file: Path) -> None:
    store = EmbeddingStore(file, "e", 4)
    store.keep({"a": (VECTOR * np.nan, False), "b": (VECTOR, False)})
    assert set(store.kept(["a", "b"])) == {"b"}
    with sqlite3.connect(file) as database:
        database.execute("UPDATE embeddings SET vector = ?", (np.full(4, np.inf, np.float32).tobytes(),))
    assert store.kept(["b"]) == {}
    with sqlite3.connect(file) as database:
        database.execute("UPDATE embeddings SET vector = 'text'")
    assert store.kept(["b"]) == {}


def test_reading_makes_no_file(file: Path) -> None:
    assert EmbeddingStore(file, "e", 4).kept(["a"]) == {}
    assert not file.exists()


@pytest.mark.parametrize("damage", ["no database", "a folder", "cut off"])
def test_a_file_that_cannot_be_used_is_said_once_and_costs_only_time(file: Path, damage: str) -> None:
    file.parent.mkdir()
    if damage == "no database":
        file.write_bytes(b"this is no database" * 1000)
    elif damage == "a folder":
        file.mkdir()
    else:
        EmbeddingStore(file, "e", 4).keep({str(n): (VECTOR, False) for n in range(2000)})
        file.write_bytes(file.read_bytes()[:6000])
    store = EmbeddingStore(file, "e", 4)
    with pytest.warns(UserWarning, match=r"can't keep embeddings .* Delete the file, or name another"):
        assert store.kept([str(n) for n in range(2000)]) == {}
    with warnings.catch_warnings(action="error"):
        store.keep({"a": (VECTOR, False)})


def test_several_processes_write_and_read_at_once(file: Path) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(file), str(40 * n)], stderr=subprocess.PIPE, text=True)
        for n in range(3)
    ]
    for process in started:
        assert process.wait(120) == 0, process.stderr.read()
        process.stderr.close()
    with warnings.catch_warnings(action="error"):
        found = EmbeddingStore(file, "e", 4).kept([f"text {n}" for n in range(140)])
    assert {text: vector[3] for text, (vector, _) in found.items()} == {f"text {n}": n for n in range(140)}


def test_a_writer_that_is_killed_leaves_what_it_had_finished(file: Path) -> None:
    killed = WRITER.replace(
        "    assert store.kept",
        "    n == 20 and __import__('os').kill(__import__('os').getpid(), 9)\n    assert store.kept",
    )
    done = subprocess.run([sys.executable, "-c", killed, str(file), "0"], capture_output=True, check=False)
    assert done.returncode == -9
    assert len(EmbeddingStore(file, "e", 4).kept([f"text {n}" for n in range(60)])) == 21
