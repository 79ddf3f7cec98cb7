"""What each run did on each set: its outcomes, and whose words its answers took."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from emt_tasks.forgetting import sets
from emt_tasks.forgetting.contrasts import Interval
from emt_tasks.forgetting.gathered import Gathered
from emt_tasks.outcomes import Outcome
from emt_tasks.runs.records import TaskRows
from emt_tasks.statistics.intervals import wilson


@dataclass(frozen=True, slots=True)
class Score:
    """One run on one set.

    Attributes:
        run, key: which.
        task: the task it was asked as.
        n: rows that could be read; shares are of these.
        unscored: rows that could not.
        counts: of each outcome but `unscored`.
        foreign: answers that name a label which only other sets have.
        words_of: of those, by set, how many name a label of that set; a label of two sets counts for both.
    """

    run: str
    key: str
    task: str
    n: int
    unscored: int
    counts: Mapping[Outcome, int]
    foreign: int
    words_of: Mapping[str, int]

    @property
    def accuracy(self) -> float:
        """The share of right answers, fraction in [0, 1]."""
        return self.counts[Outcome.CORRECT] / self.n

    @property
    def interval(self) -> Interval:
        """95 % Wilson interval of the accuracy."""
        return wilson(self.counts[Outcome.CORRECT], self.n)


def scores(told: Gathered) -> tuple[Score, ...]:
    """The score of each run on each set of which it has rows that could be read, in the order of places and sets."""
    at = ((place.run, key) for place in told.places for key in told.keys)
    found = (_score(run, key, told.rows[run, key]) for run, key in at if (run, key) in told.rows)
    return tuple(score for score in found if score.n)


def _score(run: str, key: str, rows: TaskRows) -> Score:
    counts = rows.counts
    unscored = counts.pop(Outcome.UNSCORED)
    foreign = rows.rows.foreign
    per_value = np.bincount(foreign.codes, minlength=len(foreign.values)).tolist()
    words: dict[str, int] = {}
    named = 0
    for labels, count in zip(foreign.values, per_value, strict=True):
        named += count if labels else 0
        for other in sets.SHOWN:
            if count and other != key and not sets.vocabulary(other).isdisjoint(labels):
                words[other] = words.get(other, 0) + count
    return Score(run, key, rows.task, rows.n - unscored, unscored, counts, named, words)
