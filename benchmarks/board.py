"""How long a board takes: the whole command, and part by part. With 200 entries it shall take 3 seconds at most.

`python benchmarks/board.py [ENTRIES] [ROWS]`: entries of made-up answers, so many rows of each of the four sets. To set
two versions against each other, run it in both checkouts in turn.
"""

import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import toy_entries
import toy_runs

from emt_tasks.cli.board.folder import no_collecting
from emt_tasks.labels import label_set
from leaderboard.entry.suggestions import Given

ENTRIES, ROWS, COMMANDS = 200, 100, 3
PICTURES = re.compile(rb"<svg.*?</svg>|data:image/[^\"')]*", re.DOTALL)


class Spent(NamedTuple):
    """Seconds that passed, and seconds that a core worked for them."""

    wall: float
    cpu: float


def main(entries: int = ENTRIES, rows: int = ROWS) -> None:
    """Print the seconds of each part."""
    with tempfile.TemporaryDirectory() as folder:
        board = toy_entries.Board(Path(folder) / "entries")
        for place in range(entries):
            _add(board, Path(folder) / "runs" / str(place), place, rows)
        for again in range(COMMANDS):
            told = _whole(board.folder, Path(folder) / "site")
            print(f"emt board build, {again + 1} of {COMMANDS}: {told.wall:.2f} s, of the cores {told.cpu:.2f} s")
        _time(board.folder, entries, rows)


def _whole(entries: Path, site: Path) -> Spent:
    """The command as a user runs it, with Python's start and imports."""
    command = [sys.executable, "-m", "emt_tasks", "board", "build", "--no-images"]
    wall, cpu = time.perf_counter(), _of_children()
    subprocess.run([*command, "--entries", entries, "--out", site], check=True, capture_output=True)  # noqa: S603  # ours
    return Spent(time.perf_counter() - wall, _of_children() - cpu)


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _add(board: toy_entries.Board, run: Path, place: int, rows: int) -> None:
    chance = random.Random(place)
    skill = 0.3 + 0.6 * place / ENTRIES
    tasks = {}
    for key in toy_entries.KEYS:
        labels = label_set(key).labels
        said = [label if chance.random() < skill else chance.choice(labels) for label in _labels(labels, rows)]
        tasks[f"emt_{key}"] = [
            toy_runs.row(number, label, answer, image=toy_runs.picture(f"{key} {number}"))
            for number, (label, answer) in enumerate(zip(_labels(labels, rows), said, strict=True))
        ]
    toy_runs.write_run(run, tasks)
    board.add(run, Given(org=f"org{place % 20}", model=f"model-{place}", submitted_by="somebody"))


def _labels(labels: tuple[str, ...], rows: int) -> list[str]:
    return [labels[number % len(labels)] for number in range(rows)]


def _time(folder: Path, entries: int, rows: int) -> None:
    from leaderboard.board.assembling import board
    from leaderboard.board.settings import BoardSettings
    from leaderboard.board.writing import site
    from leaderboard.entry.folder import read_entries
    from leaderboard.entry.known import known_data
    from leaderboard.page import render

    known = known_data(folder)
    spent: dict[str, Spent] = {}
    for again in ("first", "second"):
        with no_collecting():  # as `emt board build` does
            with _timed(spent, "checks"):
                read = read_entries(folder, known)
            with _timed(spent, "numbers"):
                made = board(read, known, BoardSettings())
            with _timed(spent, "page"):
                rendered = render(made)
            with _timed(spent, "data files"):
                files = site(made, rendered)
        told = ", ".join(f"{name} {one.cpu:.2f}" for name, one in spent.items())
        wall, cpu = (sum(one) for one in zip(*spent.values(), strict=True))
        print(f"{again} build of {entries} entries, {rows} rows a set: {wall:.2f} s, of one core {cpu:.2f} s ({told})")
    sizes = {name: len(files[name]) / 1e3 for name in ("index.html", "data.json", "data.csv")}
    sizes["index.html without pictures"] = len(PICTURES.sub(b"", files["index.html"])) / 1e3
    print(", ".join(f"{name} {size:,.0f} kB" for name, size in sizes.items()))


@contextmanager
def _timed(spent: dict[str, Spent], name: str) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    spent[name] = Spent(time.perf_counter() - wall, time.process_time() - cpu)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
