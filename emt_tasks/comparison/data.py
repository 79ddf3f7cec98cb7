"""A comparison as plain data, for JSON."""

from typing import Any

from emt_tasks.comparison.changes import Change, TaskChange
from emt_tasks.comparison.comparison import Comparison
from emt_tasks.comparison.told import method
from emt_tasks.runs.records import Row, Run


def as_data(comparison: Comparison) -> dict[str, Any]:
    """Everything of a comparison for JSON: fractions in [0, 1], intervals at 95 %, each row that only one has right."""
    return {
        "runs": [_run_data(run) for run in comparison.runs],
        "comparisons": [_change_data(change) for change in comparison.changes],
        "problems": [
            {"trouble": problem.trouble.value, "where": problem.where, "what": problem.what, "todo": problem.todo}
            for problem in comparison.problems
        ],
        "partial": comparison.partial,
        "method": method(comparison.changes),
    }


def _run_data(run: Run) -> dict[str, Any]:
    said = run.identity
    return {
        "name": run.name,
        "folder": str(run.folder),
        "model": said.model,
        "model_args": dict(said.model_args),
        "checkpoint": said.checkpoint,
        "weights": said.weights,
        "encoder": said.encoder,
    }


def _change_data(change: TaskChange) -> dict[str, Any]:
    return {
        "task": change.task,
        "reading": change.reading,
        "a": change.a,
        "b": change.b,
        "n": change.n,
        "paired_by": change.paired_by,
        "unpaired_a": change.unpaired_a,
        "unpaired_b": change.unpaired_b,
        "unscored": change.unscored,
        **_shares_data(change.accuracy),
        "p_mcnemar": change.p,
        "p_holm": change.p_holm,
        "smallest_change_shown": change.shows,
        "outcomes": [{"outcome": one.what, **_shares_data(one)} for one in change.outcomes],
        "classes": [{"label": one.what, **_shares_data(one)} for one in change.classes],
        "only_a_right": [_rows_data(*rows) for rows in change.lost],
        "only_b_right": [_rows_data(*rows) for rows in change.gained],
    }


def _shares_data(change: Change) -> dict[str, Any]:
    table = change.table
    return {
        "share_a": table.share_a,
        "share_a_ci95": list(change.interval_a),
        "share_b": table.share_b,
        "share_b_ci95": list(change.interval_b),
        "difference": table.difference,
        "difference_ci95": list(change.interval),
        "both": table.both,
        "only_a": table.only_a,
        "only_b": table.only_b,
        "neither": table.neither,
    }


def _rows_data(a: Row, b: Row) -> dict[str, Any]:
    return {
        "doc_id_a": a.doc_id,
        "doc_id_b": b.doc_id,
        "image": a.image,
        "label": a.label,
        "raw_a": a.raw,
        "raw_b": b.raw,
        "outcome_a": a.outcome.value,
        "outcome_b": b.outcome.value,
    }
