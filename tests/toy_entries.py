"""Entries made of toy runs by the real door, and a folder whose list knows their data."""

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import toy_runs

from emt_tasks.labels import label_set
from emt_tasks.runs.reading_back import read_run
from leaderboard.entry.answers import Line, packed
from leaderboard.entry.making import made
from leaderboard.entry.storing import Made, write
from leaderboard.entry.suggestions import Given

KEYS = ("mnist", "cifar10", "cifar100", "miniimagenet")
SAID = Given(org="org", model="model", submitted_by="somebody")
RIGHT = (True, False, True, True, False, True, True, False, True, True)


def rows(key: str, right: Sequence[bool] = RIGHT, wrong: str | None = None) -> list[dict[str, Any]]:
    """Rows of a set whose labels take turns: right where said, else `wrong`, else the next label of the set."""
    labels = label_set(key).labels
    found = []
    for number, is_right in enumerate(right):
        label, other = labels[number % len(labels)], labels[(number + 1) % len(labels)]
        one = toy_runs.row(number, label, label if is_right else other, image=toy_runs.picture(f"{key} {number}"))
        if not is_right and wrong is not None:
            one["emt"] |= {"raw": wrong}
        found.append(one)
    return found


def run(folder: Path, tasks: Mapping[str, Sequence[Mapping[str, Any]]] | None = None, **said: Any) -> Path:
    """A run of lmms-eval on all sets."""
    return toy_runs.write_run(folder, tasks or {f"emt_{key}": rows(key) for key in KEYS}, **said)


@dataclass(frozen=True)
class Board:
    """A folder of entries."""

    folder: Path

    def add(self, source: Path, given: Given = SAID) -> Path:
        """The entry of a run, put into the folder; its data are known from then on."""
        entry: Made = made(read_run(source)[0], given)
        self.know(json.loads(entry.entry)["datasets"])
        return write(entry, self.folder)

    def know(self, datasets: Mapping[str, Mapping[str, Any]]) -> None:
        """Add the data of an entry to the list."""
        path = self.folder / "known_data.yaml"
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = path.read_text() if path.exists() else "known:\n"
        for key, told in datasets.items():
            line = f"- {{set: {key}, fingerprint: '{told['fingerprint']}', n: {told['n']}, name: toys}}\n"
            lines += "" if told["fingerprint"] in lines else line
        path.write_text(lines)

    def change(self, entry: Path, change: Callable[[dict[str, Any]], None]) -> None:
        """Change an entry's file."""
        told = json.loads(entry.read_text())
        change(told)
        entry.write_text(json.dumps(told))

    def change_answers(self, entry: Path, change: Callable[[dict[str, Any]], None], tell: bool = True) -> None:
        """Change each line of an entry's answers; with `tell`, the entry is made to name the new file."""
        path = entry.with_name(entry.stem + ".preds.jsonl.gz")
        told = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
        for line in told:
            change(line)
        self.put_answers(entry, [line for line in told if line], tell)

    def put_answers(self, entry: Path, lines: Sequence[Mapping[str, Any]], tell: bool = True) -> None:
        """Put other answers beside an entry."""
        content, sha256 = packed(
            Line(**{**line, "read": {k: tuple(v) for k, v in line["read"].items()}}) for line in lines
        )
        entry.with_name(entry.stem + ".preds.jsonl.gz").write_bytes(content)
        if tell:
            self.change(entry, lambda told: told.update(predictions={"sha256": sha256, "rows": len(lines)}))
