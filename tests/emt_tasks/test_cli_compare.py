"""`emt compare` and `emt power` as their users start them: streams, exit codes, formats, broken runs."""

import csv
import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from toy_runs import STAMP, row, rows_of, write_lm_eval, write_run

from emt_tasks.cli.compare import command as compare
from emt_tasks.cli.power import command as power
from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.statistics.mcnemar import mcnemar

TASK = "emt_cifar10"
BEFORE = [True] * 60 + [False] * 40
AFTER = [True] * 40 + [False] * 20 + [True] * 5 + [False] * 35


def run(command: object, *words: object) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words], standalone_mode=False)


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    before = write_run(tmp_path / "base" / "org__base", {TASK: rows_of(BEFORE)})
    after = write_run(tmp_path / "lora" / "org__base", {TASK: rows_of(AFTER)[::-1]})
    return before.parent, after.parent


def test_two_runs_become_a_table_on_stdout_and_a_next_step_on_stderr(runs: tuple[Path, Path]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "emt_tasks", "compare", *map(str, runs)],
        capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "Comparison of runs")
    assert "-15.0" in done.stdout
    assert done.stderr.startswith("next: emt power")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "\x1b" not in done.stdout


def test_the_next_command_can_be_copied_whatever_folders_are_called(tmp_path: Path) -> None:
    names = ["base; touch x", "lora\x1b[31m$(touch x)"]
    paths = [write_run(tmp_path / name, {TASK: rows_of(BEFORE)}) for name in names]
    (said,) = [line for line in run(compare, *paths).stderr.splitlines() if line.startswith("next:")]
    words = shlex.split(said, comments=False)
    assert words[4:6] == [str(paths[0]), str(paths[1]).replace("\x1b[31m", "") + ","]
    assert "\x1b" not in said


def test_json_has_the_numbers_and_every_row_that_only_one_has_right(runs: tuple[Path, Path]) -> None:
    told = json.loads(run(compare, *runs, "--json").stdout)
    [change] = told["comparisons"]
    assert (change["n"], change["share_a"], change["share_b"]) == (100, 0.6, 0.45)
    assert change["difference"] == pytest.approx(-0.15)
    assert change["p_mcnemar"] == pytest.approx(mcnemar(20, 5))
    assert (len(change["only_a_right"]), len(change["only_b_right"])) == (20, 5)
    assert [one["name"] for one in told["runs"]] == ["base", "lora"]
    assert {one["label"] for one in change["classes"]} == {"cat", "dog"}


@pytest.mark.parametrize("name", ["told.md", "told.tex", "told.html", "told.csv", "told.json"])
def test_a_file_s_ending_says_the_format(runs: tuple[Path, Path], tmp_path: Path, name: str) -> None:
    done = run(compare, *runs, "--out", tmp_path / name)
    assert done.stdout == ""
    assert "written to" in done.stderr
    text = (tmp_path / name).read_text()
    assert "-15.0" in text or "$-$15.0" in text or "-0.15" in text


def test_csv_has_one_column_a_number(runs: tuple[Path, Path]) -> None:
    tables = run(compare, *runs, "--format", "csv").stdout.split("\n\n")
    head, line = list(csv.reader(io.StringIO(tables[1])))
    assert head == ["task", "n", "A", "95 %", "B", "95 %", "B-A", "95 %", "p", "Holm"]
    assert line[0:3] == [TASK, "100", "60.0"]


def test_three_runs_are_two_comparisons_with_the_first(runs: tuple[Path, Path], tmp_path: Path) -> None:
    third = write_run(tmp_path / "third", {TASK: rows_of([True] * 100)})
    told = json.loads(run(compare, *runs, third, "--json").stdout)
    assert [(one["a"], one["b"]) for one in told["comparisons"]] == [("base", "lora"), ("base", "third")]


def test_a_run_of_lm_eval_is_compared_with_one_of_lmms_eval(runs: tuple[Path, Path], tmp_path: Path) -> None:
    other = write_lm_eval(tmp_path / "lm-eval", {TASK: rows_of(BEFORE)})
    told = json.loads(run(compare, runs[0], other, "--json").stdout)
    assert told["comparisons"][0]["difference"] == 0


def test_answers_that_are_hostile_act_in_no_format(runs: tuple[Path, Path], tmp_path: Path) -> None:
    evil = "\x1b[2J<script>x</script>$\\input{y}\u202e|=1"
    hostile = write_run(
        tmp_path / "h", {TASK: [row(n, evil, evil, raw=evil, image=None) for n in range(9)]}, model=evil
    )
    plain = write_run(tmp_path / "p", {TASK: [row(n, evil, "x", raw=evil) for n in range(9)]})
    for form in ("table", "markdown", "latex", "html", "csv", "json"):
        text = run(compare, hostile, plain, "--format", form).stdout
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert form in ("table", "csv", "json") or "<script>" not in text.replace("\\<", "")
    assert "\\input{" not in run(compare, hostile, plain, "--format", "latex").stdout


def test_a_cut_off_run_is_compared_as_far_as_it_goes_and_the_exit_code_says_so(runs: tuple[Path, Path]) -> None:
    [log] = runs[1].rglob("*.jsonl")
    log.write_text(log.read_text()[:-50])
    done = run(compare, *runs, "--json")
    assert done.return_value == 3
    told = json.loads(done.stdout)
    assert told["comparisons"][0]["n"] == 99
    assert {problem["trouble"] for problem in told["problems"]} >= {"cut_off", "different_rows"}
    assert "note: " in done.stderr


@pytest.mark.parametrize("words", [["{a}"], ["{a}", "{a}"], ["{a}", "{b}", "--json", "--format", "csv"]])
def test_what_makes_no_sense_is_a_usage_error(runs: tuple[Path, Path], words: list[str]) -> None:
    done = run(compare, *(word.format(a=runs[0], b=runs[1]) for word in words))
    assert type(done.exception).__name__ == "UsageError"


def test_unknown_tasks_and_readings_and_missing_folders_are_named(runs: tuple[Path, Path], tmp_path: Path) -> None:
    assert isinstance(run(compare, *runs, "--tasks", "emt_cifar").exception, UnknownName)
    assert isinstance(run(compare, runs[0], tmp_path / "nowhere").exception, EmtError)
    asked = run(compare, *runs, "--reading", "gpt_judge").exception
    assert "label_match" in str(asked)


def test_one_folder_of_several_runs_is_an_error_that_names_them(runs: tuple[Path, Path]) -> None:
    error = run(compare, runs[0].parent, runs[1]).exception
    assert "holds 2 runs" in str(error)
    assert "lora" in str(error)


def test_power_tells_both_ways_without_a_run() -> None:
    told = json.loads(run(power, "--json").stdout)
    assert len(told["cases"]) == 4
    assert all(case["smallest_drop"] and case["rows_needed"] for case in told["cases"])


def test_power_of_two_runs_uses_their_agreement(runs: tuple[Path, Path]) -> None:
    told = json.loads(run(power, "--runs", *runs, "--rows", "1000", "--json").stdout)
    [case] = told["cases"]
    assert case["measured_on"] == 100
    assert "10.0%" in case["case"], "5 rows one way, 20 the other: 10 of 100 cancel"
    assert 0.02 < case["smallest_drop"][0]["drop"] < 0.04
    assert case["rows_needed"] == []


def test_power_is_corrected_for_several_tests() -> None:
    one, four = (
        json.loads(run(power, "--rows", "1000", "--tests", tests, "--json").stdout)["cases"][0]["smallest_drop"][0][
            "drop"
        ]
        for tests in (1, 4)
    )
    assert one < four


@pytest.mark.parametrize(
    "words",
    [
        ["--rows", "many"],
        ["--rows", "0"],
        ["--drop", "200"],
        ["--drop", "nan"],
        ["--differing", "10", "--accuracy", "80"],
        ["--rows", "1.5"],
        ["--power", "100"],
    ],
)
def test_power_of_nonsense_is_a_usage_error(words: list[str]) -> None:
    done = run(power, *words)
    assert done.exception is not None
    assert "Usage" in type(done.exception).__name__ or "BadParameter" in type(done.exception).__name__


def test_power_of_a_run_with_itself_is_an_error(runs: tuple[Path, Path]) -> None:
    assert "agrees with itself" in str(run(power, "--runs", runs[0], runs[0]).exception)


def test_a_version_that_differs_is_left_out_and_told(runs: tuple[Path, Path], tmp_path: Path) -> None:
    other = write_run(tmp_path / "new", {TASK: rows_of(AFTER)}, version=2.0)
    assert "--across-versions" in str(run(compare, runs[0], other).exception)
    assert json.loads(run(compare, runs[0], other, "--across-versions", "--json").stdout)["comparisons"]


def test_the_newer_of_two_starts_is_compared_and_the_older_named(runs: tuple[Path, Path]) -> None:
    write_run(runs[1] / "org__base", {TASK: rows_of(BEFORE)}, stamp="20260102_000000")
    told = json.loads(run(compare, *runs, "--json").stdout)
    assert told["comparisons"][0]["difference"] == 0
    assert [(one["trouble"], STAMP in one["what"]) for one in told["problems"]] == [("older", True)]


def test_partial_work_leaves_with_exit_code_3(runs: tuple[Path, Path]) -> None:
    [log] = runs[1].rglob("*.jsonl")
    log.write_text(log.read_text()[:-50])
    words = [sys.executable, "-m", "emt_tasks", "compare", *map(str, runs)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "partial" in done.stderr
    assert "cut off" in done.stdout


def test_an_endless_answer_is_shortened_in_a_table_and_whole_in_json(runs: tuple[Path, Path], tmp_path: Path) -> None:
    long = "x" * 100_000
    talker = write_run(tmp_path / "talker", {TASK: [row(n, "cat", "dog", raw=long) for n in range(9)]})
    quiet = write_run(tmp_path / "quiet", {TASK: [row(n, "cat", "cat") for n in range(9)]})
    assert len(run(compare, quiet, talker, "--format", "markdown").stdout) < 10_000
    assert (
        json.loads(run(compare, quiet, talker, "--json").stdout)["comparisons"][0]["only_a_right"][0]["raw_b"] == long
    )
