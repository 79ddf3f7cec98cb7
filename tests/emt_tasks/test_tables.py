import io

from rich.console import Console

from emt_tasks.runs.summary import TaskResult, task_results
from emt_tasks.tables import beside_table, results_table


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


def test_where_room_is_short_names_give_way_and_no_number_does() -> None:
    wrong = result("emt_miniimagenet_choice_sentence", *["incorrect"] * 500)
    text = shown(80, ("toy-lora-miniimagenet/epoch-1.0", wrong), ("base", wrong))
    assert text.count("100.0") == 2
    assert text.count("[0.0, 0.8]") == 2
    assert "…" not in text


def test_checkpoints_have_a_column_where_there_are_several() -> None:
    one = result("emt_mnist", "correct", "empty")
    assert "checkpoint" not in shown(120, ("a", one))
    assert "epoch-2" in shown(120, ("epoch-1", one), ("epoch-2", one))


def test_unscored_rows_are_shown_where_there_are_some() -> None:
    assert "scored" not in shown(120, ("a", result("emt_mnist", "correct")))
    assert "scored" in shown(120, ("a", result("emt_mnist", "unscored")))


def test_what_counts_beside_the_outcomes_has_a_table_of_its_own() -> None:
    dog = {"word": "dog", "synset": "02084071", "depth": 8, "steps": 2}
    row = {"reading": "label_match", "outcome": "extrinsic", "foreign": [], "synonym": False, "hypernym": None}
    rows = [
        {**row, "hypernym": dog},
        {**row, "synonym": True},
        {**row, "outcome": "correct"},
        row,
    ]
    (told,) = task_results("emt_miniimagenet", rows)
    assert dict(told.beside) == {"hypernym": 0.25, "hypernym at depth 8": 0.25, "synonym": 0.25}
    assert told.accuracy == 0.25
    console = Console(file=io.StringIO(), width=80)
    console.print(beside_table([("", told)]))
    (line,) = (line for line in console.file.getvalue().splitlines() if "emt_miniimagenet" in line)
    assert line.split() == ["emt_miniimagenet", "25.0", "25.0", "25.0", "8"]


def test_runs_of_older_tasks_have_nothing_beside() -> None:
    rows = [{"reading": "label_match", "outcome": "correct", "foreign": []}]
    (told,) = task_results("emt_cifar10", rows)
    assert dict(told.beside) == {}
    assert beside_table([("", told)]) is None
