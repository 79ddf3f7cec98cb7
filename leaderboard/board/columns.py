"""Right and wrong answers of every entry as columns in one order, so that comparing two is arithmetic."""

import base64
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emt_tasks.runs.pairing import paired
from emt_tasks.statistics.mcnemar import mcnemar
from emt_tasks.statistics.paired import PairedTable, newcombe
from leaderboard.board.view import Against
from leaderboard.entry.case import Case
from leaderboard.entry.schema import LABEL_MATCH, DatasetFields

Bools = NDArray[np.bool_]
Asked = tuple[str, str]
"""Fingerprint of rows, and the part of the task's version that rises with its question."""


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """One entry on one set under `label_match`.

    Attributes:
        data: which rows were asked which question (`asked`).
        correct, scored: (n,), rows in the order of pictures and labels, which is the same for the same `data`.
    """

    data: Asked
    correct: Bools
    scored: Bools


Columns = Mapping[tuple[str, str], Answered]
"""By entry's id and set."""


def columns(cases: Iterable[Case]) -> dict[tuple[str, str], Answered]:
    """The answers of all entries that gave some; what has the same `data` is in the same order."""
    found = {}
    for case in cases:
        for (key, reading), those in case.rows.items():
            if reading != LABEL_MATCH:
                continue
            told = case.candidate.fields.datasets[key]
            labels = np.array([*those.rows.label.values], np.str_)[those.rows.label.codes]
            assert those.rows.image is not None, "every line has one"
            order = np.lexsort((those.rows.doc_id, labels, those.rows.image))
            found[case.candidate.place.id, key] = Answered(asked(told), those.correct[order], those.scored[order])
    return found


def asked(told: DatasetFields) -> Asked:
    """Equal for entries that can be ranked together: the same rows, asked the same question.

    A task's version rises behind the point where the reading has changed, before it where the question has; answers are
    read anew here, so that the first counts for nothing.
    """
    return told.fingerprint, (told.version or "").partition(".")[0]


def board_data(cases: Sequence[Case], key: str) -> Asked | None:
    """The rows that models are ranked on: those that most entries have; of several the newest task, then most rows."""
    told = [case.candidate.fields.datasets[key] for case in cases if key in case.answered]
    tally = Counter(map(asked, told))
    rows = {asked(one): one.n for one in told}
    if not tally:
        return None
    return max(tally, key=lambda data: (tally[data], data[1], rows[data], data[0]))


def bits(right: Bools) -> str:
    """The column as base64, a bit a row, the lowest first."""
    return base64.b64encode(np.packbits(right, bitorder="little").tobytes()).decode("ascii")


def table_of(found: Columns, one: Case, other: Case, key: str) -> PairedTable | None:
    """How `other` (A) and `one` (B) did on the rows that both have and could read; None where there are none."""
    a, b = found.get((other.candidate.place.id, key)), found.get((one.candidate.place.id, key))
    if a is None or b is None:
        return None
    if a.data[0] == b.data[0]:
        both_read = a.scored & b.scored
        table = PairedTable.of(a.correct[both_read], b.correct[both_read])
    else:
        left, right = other.rows[key, LABEL_MATCH], one.rows[key, LABEL_MATCH]
        pairs = paired(left, right)
        both_read = left.scored[pairs.a] & right.scored[pairs.b]
        table = PairedTable.of(left.correct[pairs.a][both_read], right.correct[pairs.b][both_read])
    return table if table.n else None


def against(table: PairedTable, other: str, p_holm: float | None = None) -> Against:
    """A comparison in the board's form; its p is not corrected yet where `p_holm` is None."""
    low, high = newcombe(table)
    p = mcnemar(table.only_a, table.only_b)
    corrected = p if p_holm is None else p_holm
    return Against(
        other, table.n, table.both, table.only_b, table.only_a, table.neither, table.share_a, table.difference,
        low, high, p, corrected, corrected <= 0.05,
    )  # fmt: skip
