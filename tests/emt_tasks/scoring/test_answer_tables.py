import csv
import json
import os
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from emt_tasks.errors import EmtError
from emt_tasks.labels import label_set
from emt_tasks.scoring.cells import rows_of_cells
from emt_tasks.scoring.columns import Columns
from emt_tasks.scoring.stored import stored_answers
from emt_tasks.scoring.tables import run_of_table

LABELS = label_set("cifar10")
ANSWERS = [("a", "cat", "It is a cat."), ("b", "dog", 'a "dog", or\na cat'), ("c", "ship", "")]


def outcomes(path: Path, out: Path, columns: Columns | None = None, key: str = "cifar10") -> list[str]:
    folder = run_of_table(path, label_set(key), columns or Columns(), out)
    lines = next(folder.glob("*_samples_*.jsonl")).read_text(encoding="utf8").split("\n")
    return [json.loads(line)["emt"]["outcome"] for line in lines if line]


def written(path: Path, header: list[str], rows: list[tuple[str, ...]], delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([header, *rows])
    return path


def test_a_table_becomes_a_run_that_is_read_like_any(tmp_path: Path) -> None:
    path = written(tmp_path / "mine.csv", ["image id", "label", "answer"], ANSWERS)
    assert outcomes(path, tmp_path / "out") == ["correct", "intrinsic", "empty"]
    (folder,) = (tmp_path / "out").iterdir()
    (answers,), problems = stored_answers([folder])
    assert (answers.task, answers.run) == ("emt_cifar10", folder.name)
    assert folder.name.startswith("mine-")
    assert [row.raw for row in answers.rows] == [answer for *_, answer in ANSWERS]
    assert [row.id for row in answers.rows] == [name for name, *_ in ANSWERS]
    assert problems == ()


def test_the_same_table_is_the_same_run(tmp_path: Path) -> None:
    path = written(tmp_path / "mine.csv", ["id", "label", "answer"], ANSWERS)
    outcomes(path, tmp_path / "out")
    os.utime(path, (1e9, 1e9))
    outcomes(path, tmp_path / "out")
    (folder,) = (tmp_path / "out").iterdir()
    assert len(list(folder.iterdir())) == 2, "a log and its results, whatever the date of a copy of the table"


def test_vlmevalkits_tables_call_the_label_answer(tmp_path: Path) -> None:
    rows = [(name, "What is it?", label, answer) for name, label, answer in ANSWERS]
    path = written(tmp_path / "eval.tsv", ["index", "question", "answer", "prediction"], rows, "\t")
    assert outcomes(path, tmp_path / "out") == ["correct", "intrinsic", "empty"]


def test_excel_is_read_numbers_too(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [("index", "answer", "prediction"), (0, 7, "The number is 7."), (1, 8.0, 7)]:
        book.worksheets[0].append(row)
    book.save(tmp_path / "digits.xlsx")
    assert outcomes(tmp_path / "digits.xlsx", tmp_path / "out", key="mnist") == ["correct", "incorrect"]


def vlmevalkit(path: Path, rows: Iterable[tuple[object, object]]) -> Path:
    """A workbook as VLMEvalKit writes it: the set's own columns without the picture, and `prediction` at the end."""
    question = "What is the object in the image?"
    frame = pd.DataFrame(
        [
            {"index": index, "question": question, "answer": label, "category": "EMT", "l2-category": None,
             "split": "test", "image_path": f"{index}.jpg", "prediction": said, "thinking": ""}
            for index, (label, said) in enumerate(rows)
        ]
    )  # fmt: skip
    frame.to_excel(path, index=False)
    return path


def test_vlmevalkits_workbook_and_a_csv_of_the_same_answers_score_the_same(tmp_path: Path) -> None:
    said = [(label, answer) for _, label, answer in ANSWERS] + [("frog", "A frog_x000D_\nsits."), ("deer", "=SUM(1)")]
    workbook = vlmevalkit(tmp_path / "GPT4o_EMT.xlsx", said)
    plain = [(str(n), label, answer.replace("_x000D_", "\r")) for n, (label, answer) in enumerate(said)]
    table = written(tmp_path / "mine.csv", ["image id", "label", "answer"], plain)
    assert outcomes(workbook, tmp_path / "out") == outcomes(table, tmp_path / "out")
    assert outcomes(workbook, tmp_path / "out") == ["correct", "intrinsic", "empty", "correct", "extrinsic"]


def test_numbers_that_excel_made_of_digits_are_digits(tmp_path: Path) -> None:
    workbook = vlmevalkit(tmp_path / "digits.xlsx", [(7, 7.0), (8.0, "8"), (3, None), ("5", 4)])
    assert outcomes(workbook, tmp_path / "out", key="mnist") == ["correct", "correct", "empty", "incorrect"]


def multiple_choice(path: Path, rows: Iterable[tuple[str, str]], options: str = "cat dog ship truck") -> Path:
    """A workbook as VLMEvalKit writes it of multiple choice: the right letter, and what was said."""
    lettered = dict(zip("ABCD", options.split(), strict=False))
    frame = pd.DataFrame(
        [{"index": index, "question": "What is it?", "hint": None, **lettered, "answer": right, "category": "EMT",
          "split": "dev", "prediction": said} for index, (right, said) in enumerate(rows)]
    )  # fmt: skip
    frame.to_excel(path, index=False)
    return path


def test_letters_of_multiple_choice_stand_for_the_row_s_options(tmp_path: Path) -> None:
    said = [
        ("A", "A", "correct"), ("A", "(A)", "correct"), ("B", "B. dog", "correct"),
        ("C", "The answer is C.\n", "correct"), ("A", "answer" + " " * 30_000 + "A!", "extrinsic"),
        ("D", "A", "incorrect"), ("A", "A. dog", "incorrect"), ("B", "a dog", "correct"), ("B", "E", "extrinsic"),
        ("B", "", "empty"), ("A", "A or B", "extrinsic"), ("B", "a", "extrinsic"),
    ]  # fmt: skip
    path = multiple_choice(tmp_path / "mcq.xlsx", [(right, answer) for right, answer, _ in said])
    assert outcomes(path, tmp_path / "out") == [outcome for *_, outcome in said]
    (answers,), _ = stored_answers([tmp_path / "out"])
    assert [row.raw for row in answers.rows][:3] == ["A. cat", "A. cat", "B. dog"]


def test_digits_may_be_options(tmp_path: Path) -> None:
    path = multiple_choice(tmp_path / "mcq.xlsx", [("A", "A"), ("D", "7")], "7 1 4 9")
    assert outcomes(path, tmp_path / "out", key="mnist") == ["correct", "incorrect"]


def test_letters_that_stand_for_nothing_are_said(tmp_path: Path) -> None:
    bare = vlmevalkit(tmp_path / "bare.xlsx", [("A", "cat")])
    with pytest.raises(EmtError, match=r"line 2: the right label is the letter A, and the table has no columns A, B"):
        outcomes(bare, tmp_path / "out")
    with pytest.raises(EmtError, match=r"letter D, which is no option of its row \(it has A, B, C\)"):
        outcomes(multiple_choice(tmp_path / "d.xlsx", [("D", "A")], "cat dog ship"), tmp_path / "out")
    with pytest.raises(EmtError, match=r"line 2, option B: 'kitten' is no label of cifar10"):
        outcomes(multiple_choice(tmp_path / "k.xlsx", [("B", "A")], "cat kitten"), tmp_path / "out")


def test_rows_of_nothing_but_zeros_count(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [("label", "answer"), (0, 0), (None, None), (0, 1), (1, 1)]:
        book.worksheets[0].append(row)
    book.save(tmp_path / "digits.xlsx")
    assert outcomes(tmp_path / "digits.xlsx", tmp_path / "out", key="mnist") == ["correct", "incorrect", "correct"]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_cells_may_be_parted_as_the_spreadsheet_likes(tmp_path: Path, ending: str, mark: str) -> None:
    path = written(tmp_path / f"t.{ending}", ["id", "label", "answer"], ANSWERS, mark)
    assert outcomes(path, tmp_path / "out") == ["correct", "intrinsic", "empty"]


def test_numbers_that_pandas_made_floats_of_are_class_indices(tmp_path: Path) -> None:
    frame = pd.DataFrame({"label": [3, 5, None], "answer": ["a cat", "a cat", "a ship"]})
    frame.dropna().to_csv(tmp_path / "t.csv", index=False)
    assert "3.0" in (tmp_path / "t.csv").read_text()
    assert outcomes(tmp_path / "t.csv", tmp_path / "out") == ["correct", "incorrect"]
    (tmp_path / "half.csv").write_text("label,answer\n3.5,a cat\n")
    with pytest.raises(EmtError, match=r"line 2: '3\.5' is no label"):
        outcomes(tmp_path / "half.csv", tmp_path / "out")


@pytest.mark.parametrize(
    ("said", "outcome"),
    [("8", "correct"), ("8.0", "correct"), (" 8.00 ", "correct"), ("08.0", None), ("8.5", None), ("3.0", "incorrect")],
)
def test_numbers_that_pandas_made_floats_of_are_digits_as_answers_too(
    tmp_path: Path, said: str, outcome: str | None
) -> None:
    path = written(tmp_path / "mine.csv", ["label", "answer"], [("8", said), ("7.0", "7.0"), ("1", "")])
    (found, *others) = outcomes(path, tmp_path / "out", key="mnist")
    assert others == ["correct", "empty"]
    assert found == outcome if outcome else found != "correct"


def test_a_workbooks_numbers_and_a_missing_one_are_read_as_the_same_table_of_text(tmp_path: Path) -> None:
    table = pd.DataFrame({"label": [8, 7, 1, 0], "answer": [8.0, 7.0, None, 0.0]})
    table.to_excel(tmp_path / "a.xlsx", index=False)
    table.to_csv(tmp_path / "b.csv", index=False)
    both = [outcomes(tmp_path / name, tmp_path / "out", key="mnist") for name in ("a.xlsx", "b.csv")]
    assert both == [["correct", "correct", "empty", "correct"]] * 2


@pytest.mark.parametrize(
    ("header", "columns", "said"),
    [
        (["label", "answer", "answer"], Columns(), "'answer' (column 2) and 'answer' (column 3)"),
        (["label", "Answer", "answer "], Columns(), "'Answer' (column 2) and 'answer ' (column 3)"),
        (["label", "label", "answer"], Columns(), "'label' (column 1) and 'label' (column 2)"),
        (["id", "label", "id", "answer"], Columns(), "'id' (column 1) and 'id' (column 3)"),
        (["mine", "label", "mine"], Columns(answer="mine"), "'mine' (column 1) and 'mine' (column 3)"),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_columns_of_one_name_are_refused_and_both_named(
    tmp_path: Path, ending: str, header: list[str], columns: Columns, said: str
) -> None:
    row = tuple("cat" for _ in header)
    path = written(tmp_path / "mine.csv", header, [row])
    if ending == "xlsx":
        book = openpyxl.Workbook()
        for cells in (header, row):
            book.active.append(cells)
        book.save(path := tmp_path / "mine.xlsx")
    with pytest.raises(EmtError, match=re.escape(said)):
        run_of_table(path, LABELS, columns, tmp_path / "out")


def test_columns_of_one_name_that_nobody_reads_do_no_harm(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", ["note", "label", "note", "answer"], [("x", "cat", "y", "cat")])
    assert outcomes(path, tmp_path / "out") == ["correct"]


def test_the_column_of_several_alike_can_be_named_as_it_is_spelt(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", ["label", "answer", "Answer"], [("cat", "dog", "cat")])
    assert outcomes(path, tmp_path / "out", Columns(answer="Answer")) == ["correct"]


def test_letters_of_options_that_two_columns_have_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", ["label", "answer", "A", "B", "A"], [("A", "A", "cat", "dog", "ship")])
    with pytest.raises(EmtError, match="several columns are called A"):
        run_of_table(path, LABELS, Columns(), tmp_path / "out")


def test_vlmevalkits_notes_of_what_failed_are_no_answers(tmp_path: Path) -> None:
    notes = ["Failed to obtain answer via API.", "Failed to obtain answer: <class 'RuntimeError'> out of memory"]
    workbook = vlmevalkit(tmp_path / "failed.xlsx", [("cat", note) for note in notes])
    assert outcomes(workbook, tmp_path / "out") == ["unscored", "unscored"]


def test_labels_may_be_spelt_as_the_hub_does_or_numbered(tmp_path: Path) -> None:
    rows = [("1", "aquarium_fish", "aquarium fish"), ("2", "1", "aquarium fish"), ("3", "Aquarium Fish", "beaver")]
    path = written(tmp_path / "t.csv", ["id", "label", "answer"], rows)
    assert outcomes(path, tmp_path / "out", key="cifar100") == ["correct", "correct", "incorrect"]


def test_other_columns_are_named(tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", ["pic", "truth", "said"], ANSWERS)
    assert len(outcomes(path, tmp_path / "out", Columns("pic", "truth", "said"))) == 3


def test_a_megabyte_control_characters_and_any_script_are_read(tmp_path: Path) -> None:
    hostile = ["cat " + "x" * 1_000_000, "\x1b[2J\x07a cat\u202e", "🐱 cat", "=cmd|'/c calc'!A1 cat", "هذا cat"]
    rows = [(str(n), "cat", answer) for n, answer in enumerate(hostile)]
    assert outcomes(written(tmp_path / "t.csv", ["id", "label", "answer"], rows), tmp_path / "out") == ["correct"] * 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,label\n1,cat\n", "no column for the answer"),
        ("id,label,answer\n1,kitten,x\n", r"line 2: 'kitten' is no label of cifar10"),
        ("id,label,answer\n1,10,x\n", "'10' is no label"),
        ("id,label,answer\n1,cat\n", "line 2 has 2 cells"),
        ("id,label,answer\n", "has no rows"),
        ("", r"t\.csv is empty\. A header"),
        (
            'id,label,answer\n1,cat,a cat\n2,dog,"a dog\n3,cat,a cat\n',
            "begins on line 3. A quotation mark is left open",
        ),
        ('id,label,answer\n1,cat,"a "cat" it is"\n', "line 2. A quotation mark is left open there, or stands alone"),
        ("id|label|answer\n1|cat|x\n", "there are id|label|answer"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(EmtError, match=said):
        outcomes(path, tmp_path / "out")


def test_what_is_no_text_or_no_workbook_is_said(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"id,label,answer\n1,cat,\xff\xfe\n")
    (tmp_path / "t.xlsx").write_bytes(b"not a workbook")
    with pytest.raises(EmtError, match="UTF-8"):
        outcomes(tmp_path / "t.csv", tmp_path / "out")
    with pytest.raises(EmtError, match="no whole Excel workbook"):
        outcomes(tmp_path / "t.xlsx", tmp_path / "out")


def what_is_said(path: Path, out: Path) -> str:
    try:
        return outcomes(path, out)[0]
    except EmtError as error:
        return str(error)


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml"]
)
@pytest.mark.parametrize("harm", [None, b"", b"<a", b"\x00\xff"])
def test_a_workbook_that_is_not_whole_is_said(tmp_path: Path, part: str, harm: bytes | None) -> None:
    whole = zipfile.ZipFile(vlmevalkit(tmp_path / "whole.xlsx", [("cat", "a cat")]))
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as file:
        for name in whole.namelist():
            content = harm if name == part else whole.read(name)
            if content is not None:
                file.writestr(name, content)
    said = what_is_said(tmp_path / "t.xlsx", tmp_path / "out")
    assert "no whole Excel workbook" in said or said == "correct", "what is harmed may be nothing that is read"


def test_an_answer_that_became_a_formula_is_read_as_said(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [("index", "answer", "prediction"), (0, "cat", "=cat"), (1, "dog", "= a cat"), (2, "ship", "-ship")]:
        book.worksheets[0].append(row)
    book.save(tmp_path / "t.xlsx")
    assert outcomes(tmp_path / "t.xlsx", tmp_path / "out") == ["correct", "incorrect", "correct"]


def test_a_spreadsheet_s_errors_are_no_answers_and_a_formula_that_failed_is_what_was_said(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [("label", "answer"), ("cat", "#N/A"), ("cat", "#REF!"), ("cat", "#NAMES? a cat"), ("cat", "=a cat")]:
        book.worksheets[0].append(row)
    book.save(tmp_path / "t.xlsx")
    with zipfile.ZipFile(tmp_path / "t.xlsx") as whole, zipfile.ZipFile(tmp_path / "e.xlsx", "w") as file:
        for name in whole.namelist():  # what Excel stores of the formula, once it has looked at it
            failed = whole.read(name).replace(b'"B5"><f>a cat</f><v></v>', b'"B5" t="e"><f>a cat</f><v>#NAME?</v>')
            file.writestr(name, failed)
    assert openpyxl.load_workbook(tmp_path / "e.xlsx", data_only=True).worksheets[0]["B5"].value == "#NAME?"
    assert outcomes(tmp_path / "e.xlsx", tmp_path / "out") == ["unscored", "unscored", "correct", "correct"]


def test_which_of_several_sheets_is_read_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    with pd.ExcelWriter(tmp_path / "two.xlsx") as file:
        pd.DataFrame({"label": ["cat"], "answer": ["cat"]}).to_excel(file, sheet_name="data", index=False)
        pd.DataFrame({"notes": ["x"]}).to_excel(file, sheet_name="notes\u202e", index=False)
    assert len(list(rows_of_cells(tmp_path / "two.xlsx", said.append))) == 2
    (line,) = said
    assert line.startswith("sheet 'data' alone, not 'notes")
    assert "\u202e" not in line
