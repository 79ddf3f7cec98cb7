"""Words of other sets in the answers to one: what fine-tuning on another set leaves behind."""

from collections import Counter
from collections.abc import Mapping
from functools import cache

import numpy as np

from emt_tasks.labels import ALL_SETS, label_set
from emt_tasks.runs.records import TaskRows
from leaderboard.board.view import Leak

MOST = 20


def leaks(those: TaskRows, key: str) -> tuple[Leak, ...]:
    """The most frequent pairs of a right label and a label of another set that its answers name."""
    rows = those.rows
    width = len(rows.foreign.values)
    pairs, counts = np.unique(rows.label.codes.astype(np.int64) * width + rows.foreign.codes, return_counts=True)
    homes = _homes(key)
    tally: Counter[tuple[str, str, str]] = Counter()
    for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
        for word in rows.foreign.values[pair % width]:
            tally[rows.label.values[pair // width], homes.get(word, ""), word] += count
    first = sorted(tally.items(), key=lambda item: (-item[1], item[0]))[:MOST]
    return tuple(Leak(label, other, word, count) for (label, other, word), count in first)


@cache
def _homes(key: str) -> Mapping[str, str]:
    """The first set other than `key` that has each label."""
    others = (other for other in reversed(ALL_SETS) if other != key)
    return {label: other for other in others for label in label_set(other).labels}
