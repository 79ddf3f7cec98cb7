import io

from rich.console import Console

from emt_tasks.runs.summary import TaskResult, task_results
from emt_tasks.tables import results_table


def result(task: str, *outcomes: str) -> TaskResult:
    rows = [
        {"reading": "label_match", "outcome": o, "foreign": [], "image": str(i), "label": "x"}
        for i, o in enumerate(outcomes)
    ]
    return task_results(task, rows)[0]


def shown(width: int, *named: tuple[str, TaskResult]) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(results_table(named, "title"))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_the_widest_of_our_lines_fits_into_80_columns() -> None:
    many = result("emt_miniimagenet_lite", *["correct"] * 9_999, "incorrect")
    text = shown(80, ("llava", many))
    assert "100.0 [99.9, 100.0]" in text
    assert "…" not in text


def test_checkpoints_have_a_column_where_there_are_several() -> None:
    one = result("emt_mnist", "correct", "empty")
    assert "checkpoint" not in shown(120, ("a", one))
    assert "epoch-2" in shown(120, ("epoch-1", one), ("epoch-2", one))


def test_unscored_rows_are_shown_where_there_are_some() -> None:
    assert "scored" not in shown(120, ("a", result("emt_mnist", "correct")))
    assert "scored" in shown(120, ("a", result("emt_mnist", "unscored")))
