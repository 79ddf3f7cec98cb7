"""What a run found: counts and intervals for each task and reading, from the rows of its sample log."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emt_tasks.outcomes import Outcome, shares
from emt_tasks.statistics.intervals import wilson


@dataclass(frozen=True, slots=True)
class TaskResult:
    """One task under one reading.

    Attributes:
        n: rows.
        accuracy: the share of `correct`, fraction in [0, 1].
        interval: 95 % Wilson interval of `accuracy`.
        shares: the fraction of each outcome by its name; they add up to 1.
        foreign: the fraction of answers that name a label only another set has.
        rows: the `emt` records (see `emt_tasks.results`).
    """

    task: str
    reading: str
    n: int
    accuracy: float
    interval: tuple[float, float]
    shares: Mapping[str, float]
    foreign: float
    rows: Sequence[Mapping[str, Any]]

    @property
    def fingerprint(self) -> str:
        """The sha256 of which pictures were asked about and what they show, in any order."""
        asked = sorted(f"{row['image']} {row['label']}" for row in self.rows)
        return hashlib.sha256("\n".join(asked).encode()).hexdigest()

    @property
    def beside(self) -> Mapping[str, float]:
        """The fractions that count beside the outcomes (`emt_tasks.granularity`); empty where the rows do not say them.

        `synonym`, `hypernym` (and `hypernym at depth N` for each depth in WordNet), `coarse` where the set has it.
        """
        told = [row for row in self.rows if "synonym" in row]
        if not told or len(told) < self.n:
            return {}
        counts = Counter(f"hypernym at depth {row['hypernym']['depth']}" for row in told if row["hypernym"])
        counts["synonym"] = sum(bool(row["synonym"]) for row in told)
        counts["hypernym"] = sum(row["hypernym"] is not None for row in told)
        if "coarse" in told[0]:
            counts["coarse"] = sum(bool(row["coarse"]) for row in told)
        return {name: count / self.n for name, count in sorted(counts.items())}

    def summary(self) -> dict[str, Any]:
        """Everything but the rows, for JSON."""
        return {
            "task": self.task,
            "reading": self.reading,
            "n": self.n,
            "accuracy": self.accuracy,
            "accuracy_ci95": list(self.interval),
            "shares": dict(self.shares),
            "foreign": self.foreign,
            "beside": dict(self.beside),
            "data_fingerprint": self.fingerprint,
        }


@dataclass(frozen=True, slots=True)
class RunResult:
    """A run: its results in task order, and the folder that holds its files."""

    results: tuple[TaskResult, ...]
    folder: Path

    @property
    def tasks(self) -> dict[str, TaskResult]:
        """Each task's result under its first reading."""
        return {result.task: result for result in reversed(self.results)}


def task_results(task: str, rows: Iterable[Mapping[str, Any]]) -> list[TaskResult]:
    """The results of `task`, one for each reading that its `emt` records name, in order of first sight."""
    by_reading: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_reading.setdefault(row["reading"], []).append(row)
    return [_result(task, reading, records) for reading, records in by_reading.items()]


def _result(task: str, reading: str, rows: list[Mapping[str, Any]]) -> TaskResult:
    outcomes = [Outcome(row["outcome"]) for row in rows]
    correct, n = outcomes.count(Outcome.CORRECT), len(rows)
    return TaskResult(
        task=task,
        reading=reading,
        n=n,
        accuracy=correct / n,
        interval=wilson(correct, n),
        shares={outcome.value: share for outcome, share in shares(outcomes).items()},
        foreign=sum(bool(row["foreign"]) for row in rows) / n,
        rows=rows,
    )
