"""Rows of tasks that are not ours: the harness's own metric says right or wrong, and its target is the label.

lmms-eval writes the rows of several filters after one another and does not say which is which, so that they are told
by their order; lm_eval names the filter in each row.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from emt_tasks.outcomes import Outcome

LIKELY_METRICS = ("accuracy", "acc", "exact_match", "em")  # what tasks of both harnesses call being right
NO_METRIC = "none"
Parts = tuple[str, str, str, Outcome]  # reading, raw, label, outcome
DocId = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_OUTCOMES = {True: Outcome.CORRECT, False: Outcome.INCORRECT, None: Outcome.UNSCORED}


def candidates(first: Mapping[str, Any], metrics: Sequence[str]) -> tuple[str, ...]:
    """Metrics that a task's first row has with a value that says right or wrong, the likeliest score first.

    Args:
        first: the row.
        metrics: those of the task of which more is better, from its results; the likely ones count without.
    """
    named = dict.fromkeys((*(name for name in LIKELY_METRICS if name in first), *metrics))
    return tuple(name for name in named if name in first and verdict(first[name]) is not None)


def row_type(metrics: Sequence[str]) -> type[msgspec.Struct]:
    """The type of a row whose metrics are its fields `m0`, `m1`, ...; all else that rows have is passed over."""
    fields: list[Any] = [
        ("doc_id", DocId),
        ("target", Any, ""),
        ("resps", Any, None),
        ("filtered_resps", Any, None),
        ("filter", str, ""),
        *((f"m{place}", Any, None) for place in range(len(metrics))),
    ]
    names = {f"m{place}": metric for place, metric in enumerate(metrics)}
    return msgspec.defstruct("MetricRow", fields, rename=names, gc=False)


def scored(rows: Sequence[Any], metrics: Sequence[str], filters: Sequence[str]) -> tuple[str | None, list[Parts]]:
    """The first of `metrics` that says right or wrong throughout, and each row's parts under it.

    A row without a value is unscored; without any such metric, all are.
    """
    for place, metric in enumerate(metrics):
        values = [getattr(row, f"m{place}") for row in rows]
        if all(verdict(value) is not None or _missing(value) for value in values):
            return metric, _parts(rows, metric, values, filters)
    return None, _parts(rows, NO_METRIC, [None] * len(rows), filters)


def verdict(value: Any) -> bool | None:
    """Whether a metric's value says right or wrong; None where it says neither.

    >>> verdict(1.0), verdict(False), verdict(0.5)
    (True, False, None)
    """
    return bool(value) if isinstance(value, int | float) and value in (0, 1) else None


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _parts(rows: Sequence[Any], metric: str, values: Sequence[Any], filters: Sequence[str]) -> list[Parts]:
    names = _filters_of(rows, filters)
    return [
        (f"{metric},{name}" if name else metric, _said(row), innermost(row.target), _OUTCOMES[verdict(value)])
        for row, value, name in zip(rows, values, names, strict=True)
    ]


def _filters_of(rows: Sequence[Any], filters: Sequence[str]) -> list[str]:
    """Each row's filter where a task has several; "" where it has one, or where the rows can't be told apart."""
    named = [row.filter for row in rows]
    if any(named):
        return named if len(set(named)) > 1 else [""] * len(rows)
    size, rest = divmod(len(rows), max(len(filters), 1))
    ids = [row.doc_id for row in rows]
    if len(filters) > 1 and size and not rest and ids == ids[:size] * len(filters) and len(set(ids)) == size:
        return [name for name in filters for _ in range(size)]
    return [""] * len(rows)


def _said(row: Any) -> str:
    """The answer as the model gave it; where the harness kept only what a filter left of it, that."""
    return innermost(row.resps if row.resps is not None else row.filtered_resps)


def innermost(value: Any) -> str:
    """The first text within lists: the harnesses wrap an answer in one list a request and one a repeat.

    >>> innermost([["a ship"], ["a dog"]])
    'a ship'
    """
    while isinstance(value, list):
        value = value[0] if value else ""
    return "" if value is None else str(value)
