"""What numbers of rows can show, and what drops need, for two runs that differ on so many rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from emt_tasks.comparison.changes import TaskChange
from emt_tasks.documents.blocks import Block, Column, Document, Paragraph, Table
from emt_tasks.statistics.power import Discordance, independent, measured, rows_needed, smallest_drop

ROWS = (100, 200, 500, 1_000, 2_000, 5_000, 10_000)
DROPS = (0.01, 0.02, 0.05, 0.1, 0.2)
DIFFERING = (0.05, 0.1, 0.2, 0.4)  # ours: from two checkpoints a few steps apart to two unlike models


@dataclass(frozen=True, slots=True)
class Case:
    """Two runs: what is said of them, and on how many rows they differ beside a drop.

    Attributes:
        n: the rows on which that was measured; None where it is assumed.
    """

    name: str
    differing: Discordance
    n: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked.

    Attributes:
        rows, drops: numbers of rows, and drops in accuracy as fractions in (0, 1].
        goal: the probability with which a drop shall be found.
        level: the test's.
    """

    cases: tuple[Case, ...]
    rows: tuple[int, ...]
    drops: tuple[float, ...]
    goal: float
    level: float


def assumed(differing: Sequence[float] = (), accuracies: Sequence[float] = ()) -> list[Case]:
    """Cases that were not measured: shares of rows that differ, or accuracies beside independent errors."""
    if accuracies:
        return [Case(f"accuracy {share:.1%}, errors independent", independent(share)) for share in accuracies]
    return [Case(f"{share:.1%} of the rows", measured(share)) for share in differing or DIFFERING]


def case_of(change: TaskChange) -> Case:
    """The case of two runs that were compared."""
    share = change.accuracy.table.churn
    return Case(f"{change.task}, {change.reading}: {share:.1%}", measured(share), change.n)


def document(plan: Plan) -> Document:
    """The answers."""
    blocks: list[Block] = []
    heads = (Column("", folds=True), *((Column("measured on", number=True),) if _any_measured(plan) else ()))
    if plan.rows:
        columns = (*heads, *(Column(f"{n:,}", number=True) for n in plan.rows))
        lines = tuple((*_named(plan, case), *(_drop(plan, case, n) for n in plan.rows)) for case in plan.cases)
        blocks.append(Table("The least drop in accuracy, points, that so many rows show", columns, lines))
    if plan.drops:
        columns = (*heads, *(Column(f"{100 * drop:g}", number=True) for drop in plan.drops))
        lines = tuple((*_named(plan, case), *(_rows(plan, case, drop) for drop in plan.drops)) for case in plan.cases)
        blocks.append(Table("The rows that show a drop of so many points", columns, lines))
    return Document("What rows can show", (*blocks, Paragraph(_method(plan))))


def as_data(plan: Plan) -> dict[str, Any]:
    """The answers for JSON; drops are fractions, None where nothing suffices."""
    return {
        "power": plan.goal,
        "level": plan.level,
        "cases": [
            {
                "case": case.name,
                "measured_on": case.n,
                "smallest_drop": [{"rows": n, "drop": _least(plan, case, n)} for n in plan.rows],
                "rows_needed": [{"drop": drop, "rows": _needed(plan, case, drop)} for drop in plan.drops],
            }
            for case in plan.cases
        ],
    }


def _any_measured(plan: Plan) -> bool:
    return any(case.n is not None for case in plan.cases)


def _named(plan: Plan, case: Case) -> tuple[str, ...]:
    return (case.name, *((f"{case.n:,}" if case.n is not None else "",) if _any_measured(plan) else ()))


def _least(plan: Plan, case: Case, n: int) -> float | None:
    return smallest_drop(n, case.differing, plan.goal, plan.level)


def _needed(plan: Plan, case: Case, drop: float) -> int | None:
    return rows_needed(drop, case.differing, plan.goal, plan.level)


def _drop(plan: Plan, case: Case, n: int) -> str:
    found = _least(plan, case, n)
    return "none" if found is None else f"{100 * found:.1f}"


def _rows(plan: Plan, case: Case, drop: float) -> str:
    found = _needed(plan, case, drop)
    return "too many" if found is None else f"{found:,}"


def _method(plan: Plan) -> str:
    return (
        f"Found with a probability of {plan.goal:.0%} by McNemar's exact test at {plan.level:.2%}, both runs on the "
        "same rows. The percentage is of rows on which the two differ evenly, each right on half of them; the drop "
        "comes on top of that. Runs that err independently differ on more."
    )
