"""Words of other sets in the answers to one: what fine-tuning on another set leaves behind."""

from collections import Counter

import numpy as np

from emt_tasks.labels import ALL_SETS, label_set
from emt_tasks.runs.records import TaskRows
from leaderboard.board.view import Leak

MOST = 20


def leaks(those: TaskRows, key: str) -> tuple[Leak, ...]:
    """The most frequent pairs of a right label and a label of another set that its answers name."""
    rows = those.rows
    pairs, counts = np.unique(np.stack([rows.label.codes, rows.foreign.codes]), axis=1, return_counts=True)
    tally: Counter[tuple[str, str, str]] = Counter()
    for (label, named), count in zip(pairs.T.tolist(), counts.tolist(), strict=True):
        for word in rows.foreign.values[named]:
            tally[rows.label.values[label], _home(word, key), word] += count
    first = sorted(tally.items(), key=lambda item: (-item[1], item[0]))[:MOST]
    return tuple(Leak(label, other, word, count) for (label, other, word), count in first)


def _home(word: str, key: str) -> str:
    """The first other set that has the label."""
    return next((other for other in ALL_SETS if other != key and word in label_set(other).labels), "")
