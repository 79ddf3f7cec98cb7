"""Two runs on the same pictures of one set: what changed, and whether it shows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from emt_tasks.runs.pairing import Places, paired
from emt_tasks.runs.problems import Problem, Trouble
from emt_tasks.runs.records import TaskRows
from emt_tasks.statistics.mcnemar import holm, mcnemar
from emt_tasks.statistics.paired import PairedTable, newcombe

LEVEL = 0.05
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Contrast:
    """Accuracy on one set in run A and in run B, on the pictures that both have and could be read in both.

    Attributes:
        a, b: the runs' names.
        key: the set.
        table: on how many pictures both, one or neither is right.
        interval: 95 % (Newcombe) of `difference`.
        p: exact McNemar.
        p_holm: corrected over the contrasts it was looked at with; `p` until then.
    """

    a: str
    b: str
    key: str
    table: PairedTable
    interval: Interval
    p: float
    p_holm: float

    @property
    def n(self) -> int:
        """The number of pictures."""
        return self.table.n

    @property
    def difference(self) -> float:
        """B's accuracy less A's, in [-1, 1]."""
        return self.table.difference

    @property
    def shown(self) -> int:
        """+1 where B is shown to be better, -1 where worse (corrected p at most 0.05), else 0."""
        if self.p_holm > LEVEL:
            return 0
        return 1 if self.difference > 0 else -1


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of several differences, in [-1, 1], with its interval."""

    value: float
    interval: Interval
    of: int


def contrast(
    name_a: str, a: TaskRows, name_b: str, b: TaskRows, key: str, *, asked_alike: bool = True
) -> Contrast | Problem:
    """The contrast of two runs on set `key`; a problem where the two are not to be compared.

    Args:
        name_a: A's run.
        a: its rows.
        name_b: B's run.
        b: its rows.
        key: the set.
        asked_alike: refuse runs whose prompts differ; an encoder is asked with no prompt.
    """
    if (problem := _incomparable(name_a, a, name_b, b, asked_alike)) is not None:
        return problem
    right_a, right_b = _right(a, b)
    if not len(right_a):
        where = f"{key}, {name_a} and {name_b}"
        todo = "Run both on the same rows (the same --limit, --offset and data)."
        return Problem(Trouble.NO_OVERLAP, where, "they share no picture that could be read in both", todo)
    table = PairedTable.of(right_a, right_b)
    p = mcnemar(table.only_a, table.only_b)
    return Contrast(name_a, name_b, key, table, newcombe(table), p, p)


def _incomparable(name_a: str, a: TaskRows, name_b: str, b: TaskRows, asked_alike: bool) -> Problem | None:
    where = f"{a.task}, {name_a} and {name_b}"
    if a.task == b.task and None not in (a.version, b.version) and a.version != b.version:
        what = f"versions {a.version} and {b.version} of the task, whose scores are not to be compared; left out"
        return Problem(Trouble.MIXED_VERSIONS, where, what, "Run the older one again with the newer tasks.")
    if asked_alike and None not in (a.prompt_hash, b.prompt_hash) and a.prompt_hash != b.prompt_hash:
        what = "prompt or generation settings differ, so that a difference may be theirs; left out"
        return Problem(Trouble.DIFFERENT_PROMPTS, where, what, "Run one of them again as the other was.")
    return None


def _right(a: TaskRows, b: TaskRows) -> tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], ...]:
    """(k,) bool for A and for B: which answers are right, over the rows that both have scored."""
    in_a, in_b = shared_rows(a, b)
    kept = a.scored[in_a] & b.scored[in_b]
    return a.correct[in_a][kept], b.correct[in_b][kept]


def shared_rows(a: TaskRows, b: TaskRows) -> tuple[Places, Places]:
    """(k,) the places in A and in B of the rows that both have."""
    if _same_rows(a, b):
        every = np.arange(a.n)
        return every, every
    pairs = paired(a, b)
    return pairs.a, pairs.b


def _same_rows(a: TaskRows, b: TaskRows) -> bool:
    """Whether both logs have the same pictures with the same labels in the same order, which is seen at once."""
    if a.n != b.n or a.rows.image is None or b.rows.image is None:
        return False
    if a.rows.label.values != b.rows.label.values or not np.array_equal(a.rows.label.codes, b.rows.label.codes):
        return False
    return bool(np.array_equal(a.rows.image, b.rows.image))


def overlap_problem(found: Contrast, a: TaskRows, b: TaskRows) -> Problem | None:
    """What to say where not all rows of both went into a contrast."""
    if a.n == b.n == found.n:
        return None
    where = f"{a.task}, {found.a} and {found.b}"
    what = f"{a.n} and {b.n} rows, of which {found.n} are of the same pictures and read in both"
    return Problem(Trouble.DIFFERENT_ROWS, where, what, "Only those are compared; run both on the same rows for more.")


def corrected(contrasts: Sequence[Contrast]) -> tuple[Contrast, ...]:
    """`contrasts`, looked at together: with Holm's correction over them."""
    corrected_p = holm([one.p for one in contrasts])
    return tuple(replace(one, p_holm=p) for one, p in zip(contrasts, corrected_p, strict=True))


def mean_of(contrasts: Iterable[Contrast]) -> Mean | None:
    """The mean of the contrasts' differences; None where there are none.

    Distances from value to limit are joined as of independent quantities across sets, whose pictures are others, and
    within a set, where contrasts share pictures, as if they moved together, which is the most they can: so the interval
    covers at least as often as its parts do.

    Source: limits of a sum from the limits of its parts (MOVER): G. Zou, A. Donner, Statistics in Medicine 27 (2008),
    1693-1702.
    """
    by_set: dict[str, list[Contrast]] = {}
    for one in contrasts:
        by_set.setdefault(one.key, []).append(one)
    total = sum(map(len, by_set.values()))
    if not total:
        return None
    value = sum(one.difference for several in by_set.values() for one in several) / total
    below = [sum(one.difference - one.interval[0] for one in several) / total for several in by_set.values()]
    above = [sum(one.interval[1] - one.difference for one in several) / total for several in by_set.values()]
    reach = [sqrt(sum(part * part for part in parts)) for parts in (below, above)]
    return Mean(value, (max(-1.0, value - reach[0]), min(1.0, value + reach[1])), total)
