import json
import os
from pathlib import Path

import numpy as np
import pytest
import toy_runs
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_runs import ISO, STAMP, lines, manifest_of, picture, row, rows_of, write_lm_eval, write_run

from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.outcomes import Outcome
from emt_tasks.runs.problems import Trouble
from emt_tasks.runs.reading_back import read_run, read_runs

TASK = "emt_cifar10"


def log_of(folder: Path, task: str = TASK, stamp: str = STAMP) -> Path:
    return folder / f"{stamp}_samples_{task}.jsonl"


def troubles(problems: tuple) -> list[Trouble]:
    return [problem.trouble for problem in problems]


def test_a_run_of_lmms_eval_is_read_as_it_was_written(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "out" / "org__base", {TASK: rows_of([True, False, True])})
    run, problems = read_run(tmp_path / "out")
    rows = run.of(TASK)
    assert problems == ()
    assert (run.name, run.folder, run.harness, run.identity.pretrained) == ("out", folder, "lmms-eval", "org/base")
    assert rows is not None
    assert (rows.reading, rows.version, rows.n, rows.whole, rows.identified_by) == (
        "label_match",
        "1.0",
        3,
        True,
        "image",
    )
    assert rows.correct.tolist() == [True, False, True]
    assert rows.rows[1].raw == "The object is a(n) cat."
    assert rows.rows[1].image == picture(1)
    assert (rows.rows[1].label, rows.rows[1].prediction, rows.rows[1].named) == ("dog", "cat", ("cat",))
    assert rows.counts[Outcome.INCORRECT] == 1


def test_the_manifest_says_what_ran(tmp_path: Path) -> None:
    tasks = {TASK: rows_of([True])}
    write_run(tmp_path, tasks, manifest=manifest_of(tasks))
    said = read_run(tmp_path)[0].identity
    assert (said.adapter, said.checkpoint, said.weights) == ("loras/epoch-2", "epoch-2", "f" * 64)
    assert said.encoder == "ViT-L-14 openai"
    assert said.settings["batch_size"] == 8
    assert said.command == ("emt", "run")


@pytest.mark.parametrize(
    ("model", "model_args", "called"),
    [
        ("emt_llava", "pretrained=org/base,projector=runs/epoch-3/mm_projector.bin", "epoch-3"),
        ("emt_llava", "pretrained=org/base,projector=mm_projector.bin", "mm_projector.bin"),
        ("emt_llava", "pretrained=org/base,peft=runs/epoch-2.5/", "epoch-2.5"),
        ("emt_clip", "model=ViT-L-14,pretrained=openai", "ViT-L-14 openai"),
        ("emt_llava", "pretrained=org/base", "base"),
    ],
)
def test_a_checkpoint_is_called_as_people_call_it(tmp_path: Path, model: str, model_args: str, called: str) -> None:
    write_run(tmp_path, {TASK: rows_of([True])}, model=model, model_args=model_args)
    assert read_run(tmp_path)[0].identity.checkpoint == called


def test_a_secret_in_the_harness_s_results_is_not_read(tmp_path: Path) -> None:
    write_run(tmp_path, {TASK: rows_of([True])}, model_args="pretrained=org/base,api_key=hush")
    assert "hush" not in repr(read_run(tmp_path)[0].identity)


def test_a_run_of_lm_eval_is_read(tmp_path: Path) -> None:
    write_lm_eval(tmp_path / "org__base", {TASK: rows_of([True, False])})
    run, problems = read_run(tmp_path)
    assert problems == ()
    assert run.harness == "lm-eval"
    assert run.identity.pretrained == "org/base"
    assert run.tasks[0].stamp == ISO
    assert run.tasks[0].n == 2


def other(doc_id: int, answer: str, **metrics: object) -> dict:
    return {"doc_id": doc_id, "target": "ship", "filtered_resps": [answer], **metrics}


def test_a_task_without_our_record_is_scored_by_its_harness_s_metric(tmp_path: Path) -> None:
    rows = [other(0, "ship", exact_match=1.0), other(1, "dog", exact_match=0.0)]
    write_run(tmp_path, {"vqa": rows}, scores={"vqa": {"exact_match,none": 0.5}})
    run, problems = read_run(tmp_path)
    [task] = run.tasks
    assert (task.reading, task.correct.tolist()) == ("exact_match", [True, False])
    assert (task.rows[1].raw, task.rows[1].label, task.rows[1].prediction, task.rows[1].named) == (
        "dog",
        "ship",
        None,
        (),
    )
    assert (task.identified_by, troubles(problems)) == ("doc_id", [Trouble.WEAK_IDENTITY])


def test_the_raw_answer_is_preferred_to_what_a_filter_left(tmp_path: Path) -> None:
    rows = [
        {"doc_id": 0, "target": "4", "resps": [["It is 4."]], "filtered_resps": ["4"], "filter": "none", "acc": 1.0}
    ]
    write_lm_eval(tmp_path, {"gsm": rows})
    assert read_run(tmp_path)[0].tasks[0].rows[0].raw == "It is 4."


def test_a_run_of_lm_eval_says_when_and_with_what(tmp_path: Path) -> None:
    folder = write_lm_eval(tmp_path / "m", {TASK: rows_of([True])})
    (results,) = folder.glob("results_*.json")
    told = {"date": 1795336337.95, "lm_eval_version": "0.4.13", "transformers_version": "5.23.0"}
    results.write_text(json.dumps({**json.loads(results.read_text()), **told}))
    (run,) = read_runs([folder]).runs
    assert run.identity.written == "2026-11-22T08:32:17+00:00"
    assert run.identity.versions == {"lm_eval": "0.4.13", "transformers": "5.23.0"}


def test_a_served_model_goes_by_the_name_that_the_server_knows(tmp_path: Path) -> None:
    given = "model=epoch-2,base_url=http://127.0.0.1:8000/v1"
    run, _ = read_run(write_run(tmp_path, {TASK: rows_of([True])}, model="openai", model_args=given))
    assert (run.identity.served, run.identity.checkpoint) == ("epoch-2", "epoch-2")


def test_filters_that_lm_eval_names_are_readings_of_their_own(tmp_path: Path) -> None:
    rows = [other(0, "ship", exact_match=float(name == "loose"), filter=name) for name in ("strict", "loose")]
    write_lm_eval(tmp_path, {"vqa": rows})
    run, problems = read_run(tmp_path)
    assert {task.reading: task.correct.tolist() for task in run.tasks} == {
        "exact_match,strict": [False],
        "exact_match,loose": [True],
    }
    assert Trouble.DUPLICATE_ROWS not in troubles(problems)


def test_filters_that_lmms_eval_does_not_name_are_told_by_their_order(tmp_path: Path) -> None:
    rows = [other(number, "x", exact_match=float(second)) for second in (0, 1) for number in range(3)]
    scores = {"vqa": {"exact_match,strict": 0.0, "exact_match,loose": 1.0}}
    write_run(tmp_path, {"vqa": rows}, scores=scores)
    run, _ = read_run(tmp_path)
    assert {task.reading: task.correct.mean() for task in run.tasks} == {
        "exact_match,strict": 0.0,
        "exact_match,loose": 1.0,
    }


@pytest.mark.parametrize("metrics", [{"bleu": 0.37}, {"wer": 1.0}, {"judged": {"id": 0, "ok": True}}, {}])
def test_a_task_that_no_metric_calls_right_is_unscored_and_named(tmp_path: Path, metrics: dict) -> None:
    write_run(tmp_path, {"vqa": [other(0, "ship", **metrics)]})
    run, problems = read_run(tmp_path)
    assert run.tasks[0].counts[Outcome.UNSCORED] == 1
    assert Trouble.NO_SCORE in troubles(problems)


def test_a_log_that_is_cut_off_gives_its_whole_rows_and_says_so(tmp_path: Path) -> None:
    write_run(tmp_path, {TASK: rows_of([True] * 5)})
    text = log_of(tmp_path).read_text()
    log_of(tmp_path).write_text(text[: text.rindex("{", 0, len(text) - 200) - 30])
    run, problems = read_run(tmp_path)
    assert run.tasks[0].n < 5
    assert not run.tasks[0].whole
    assert troubles(problems) == [Trouble.CUT_OFF, Trouble.INCOMPLETE]
    assert "cut off" in str(problems[0])


@pytest.mark.parametrize(
    "broken",
    [b"{not json}\n", b"\xff\xfe\n", b'{"doc_id": "x"}\n', b"[" * 100_000 + b"\n", b"null\n", b'{"doc_id": 1e999}\n'],
)
def test_a_broken_line_amid_others_is_named_by_its_number(tmp_path: Path, broken: bytes) -> None:
    write_run(tmp_path, {TASK: rows_of([True] * 3)})
    whole = log_of(tmp_path).read_bytes().splitlines(keepends=True)
    log_of(tmp_path).write_bytes(b"".join([whole[0], broken, *whole[1:]]))
    run, problems = read_run(tmp_path)
    assert run.tasks[0].n == 3
    assert not run.tasks[0].whole
    [problem] = problems
    assert (problem.trouble, "line 2" in problem.what) == (Trouble.BROKEN_ROWS, True)


@pytest.mark.parametrize("doc_id", [-1, 2**63, 2**70, 1.5, None, True])
def test_a_row_number_that_is_none_is_a_broken_row(tmp_path: Path, doc_id: object) -> None:
    write_run(tmp_path, {TASK: rows_of([True] * 2)})
    with log_of(tmp_path).open("a") as log:
        log.write(lines([{**row(9, "cat", "cat"), "doc_id": doc_id}, row(10, "cat", "cat")]))
    run, problems = read_run(tmp_path)
    assert run.tasks[0].rows.doc_id.tolist() == [0, 1, 10]
    assert Trouble.BROKEN_ROWS in troubles(problems)


def test_numbers_that_json_has_not_are_read_as_python_writes_them(tmp_path: Path) -> None:
    write_run(tmp_path, {TASK: [row(0, "cat", "cat", scores={"sum": float("nan")}), row(1, "dog", "cat")]})
    assert "NaN" in log_of(tmp_path).read_text()
    run, problems = read_run(tmp_path)
    assert (run.tasks[0].n, problems) == (2, ())


@pytest.mark.parametrize("content", ["", "\n", '{"doc_id": 1, "em'])
def test_a_log_without_a_whole_row_is_no_run(tmp_path: Path, content: str) -> None:
    write_run(tmp_path, {TASK: rows_of([True])})
    log_of(tmp_path).write_text(content)
    with pytest.raises(EmtError, match="holds no whole row"):
        read_run(tmp_path)


def test_rows_written_twice_are_counted_once(tmp_path: Path) -> None:
    rows = rows_of([True, False, False])
    write_run(tmp_path, {TASK: [*rows, *rows]})
    run, problems = read_run(tmp_path)
    assert (run.tasks[0].n, run.tasks[0].whole, run.tasks[0].correct.sum()) == (3, True, 1)
    assert troubles(problems) == [Trouble.DUPLICATE_ROWS]


def test_rows_with_two_answers_are_left_out(tmp_path: Path) -> None:
    write_run(tmp_path, {TASK: [*rows_of([True, True, True]), row(1, "dog", "cat")]})
    run, problems = read_run(tmp_path)
    assert run.tasks[0].rows.doc_id.tolist() == [0, 2]
    assert not run.tasks[0].whole
    assert Trouble.CONFLICTING_ROWS in troubles(problems)


def test_rows_of_one_number_and_answer_about_other_pictures_are_left_out(tmp_path: Path) -> None:
    first, second = row(0, "cat", "dog"), row(0, "cat", "dog", image=picture(7))
    write_run(tmp_path, {TASK: [first, row(1, "dog", "dog")]})
    log_of(tmp_path).write_text(lines([first, row(1, "dog", "dog"), second]))
    run, problems = read_run(tmp_path)
    assert run.tasks[0].rows.doc_id.tolist() == [1]
    assert Trouble.CONFLICTING_ROWS in troubles(problems)


def test_two_readings_of_one_task_are_two_tables(tmp_path: Path) -> None:
    rows = [row(n, "cat", "cat", reading=reading) for reading in ("label_match", "gpt_judge") for n in range(3)]
    write_run(tmp_path, {TASK: rows})
    run, problems = read_run(tmp_path)
    assert run.readings == ("label_match", "gpt_judge")
    assert [task.n for task in run.tasks] == [3, 3]
    assert problems == ()


def test_samples_without_results_are_read_and_named(tmp_path: Path) -> None:
    write_run(tmp_path / "some", {TASK: rows_of([True])})
    (tmp_path / "some" / f"{STAMP}_results.json").unlink()
    run, problems = read_run(tmp_path)
    assert (run.tasks[0].n, run.tasks[0].whole, run.tasks[0].version) == (1, False, None)
    assert troubles(problems) == [Trouble.NO_RESULTS]


def test_samples_without_results_beside_a_whole_run_are_left_out(tmp_path: Path) -> None:
    write_run(tmp_path, {TASK: rows_of([True])})
    log_of(tmp_path, stamp="20260102_000000").write_text(lines(rows_of([False])))
    run, problems = read_run(tmp_path)
    assert run.tasks[0].correct.tolist() == [True]
    assert "left out" in str(problems[0])


def test_results_that_can_t_be_read_and_have_no_samples_are_told_once(tmp_path: Path) -> None:
    write_run(tmp_path / "whole", {TASK: rows_of([True])})
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / f"{STAMP}_results.json").write_text('{"results": [')
    assert troubles(read_runs([tmp_path]).problems) == [Trouble.UNREADABLE]


def test_results_without_samples_are_named(tmp_path: Path) -> None:
    write_run(tmp_path, {TASK: rows_of([True]), "emt_mnist": rows_of([True])})
    log_of(tmp_path).unlink()
    run, problems = read_run(tmp_path)
    assert [task.task for task in run.tasks] == ["emt_mnist"]
    assert (troubles(problems), "--log_samples" in problems[0].todo) == ([Trouble.NO_SAMPLES], True)


def test_rows_that_are_missing_at_the_end_are_noticed_by_the_count(tmp_path: Path) -> None:
    write_run(tmp_path, {TASK: rows_of([True] * 4)})
    log_of(tmp_path).write_text("".join(log_of(tmp_path).read_text().splitlines(keepends=True)[:3]))
    run, problems = read_run(tmp_path)
    assert (run.tasks[0].whole, troubles(problems)) == (False, [Trouble.INCOMPLETE])


def test_rows_that_do_not_add_up_to_the_results_are_named(tmp_path: Path) -> None:
    write_run(tmp_path, {TASK: rows_of([True, False])}, scores={TASK: {"accuracy,label_match": 0.9}})
    assert troubles(read_run(tmp_path)[1]) == [Trouble.DISAGREES]


def test_pictures_that_are_not_the_manifest_s_are_named(tmp_path: Path) -> None:
    tasks = {TASK: rows_of([True, False])}
    said = manifest_of(tasks)
    said["tasks"][TASK]["data_fingerprint"] = "0" * 64
    write_run(tmp_path, tasks, manifest=said)
    assert troubles(read_run(tmp_path)[1]) == [Trouble.DISAGREES]


def test_unscored_rows_are_counted(tmp_path: Path) -> None:
    write_run(tmp_path, {TASK: [row(0, "cat", "cat"), row(1, "dog", None, outcome="unscored")]})
    run, problems = read_run(tmp_path)
    assert run.tasks[0].scored.tolist() == [True, False]
    assert troubles(problems) == [Trouble.UNSCORED]


def test_a_picture_s_hash_that_is_none_makes_rows_go_by_number(tmp_path: Path) -> None:
    write_run(tmp_path, {TASK: [row(0, "cat", "cat", image="x" * 5_000), row(1, "dog", "dog")]})
    run, problems = read_run(tmp_path)
    assert run.tasks[0].rows.image is None
    assert troubles(problems) == [Trouble.WEAK_IDENTITY]


def test_of_two_starts_the_newer_is_used_and_the_other_named(tmp_path: Path) -> None:
    write_run(tmp_path, {TASK: rows_of([False, False])})
    write_run(tmp_path, {TASK: rows_of([True, True])}, stamp="20260102_000000")
    run, problems = read_run(tmp_path)
    assert run.tasks[0].correct.all()
    assert (troubles(problems), STAMP in problems[0].what) == ([Trouble.OLDER], True)


def test_a_broken_newer_start_does_not_hide_a_whole_one(tmp_path: Path) -> None:
    write_run(tmp_path, {TASK: rows_of([True, True])})
    write_run(tmp_path, {TASK: rows_of([False, False])}, stamp="20260102_000000")
    newer = log_of(tmp_path, stamp="20260102_000000")
    newer.write_text(newer.read_text()[:-40])
    run, problems = read_run(tmp_path)
    assert run.tasks[0].correct.all()
    assert troubles(problems) == [Trouble.OLDER]


def test_a_trial_of_a_few_rows_does_not_hide_the_run(tmp_path: Path) -> None:
    write_run(tmp_path, {TASK: rows_of([True] * 5)})
    write_run(tmp_path, {TASK: rows_of([False])}, stamp="20260102_000000")
    assert read_run(tmp_path)[0].tasks[0].n == 5


def test_tasks_of_several_starts_are_one_run(tmp_path: Path) -> None:
    write_run(tmp_path, {TASK: rows_of([True])})
    write_run(tmp_path, {"emt_mnist": rows_of([True])}, stamp="20260102_000000")
    run, problems = read_run(tmp_path)
    assert ([task.task for task in run.tasks], problems) == ([TASK, "emt_mnist"], ())


def test_two_models_in_one_folder_are_two_runs(tmp_path: Path) -> None:
    write_run(tmp_path, {TASK: rows_of([True])}, model="a", model_args="")
    write_run(tmp_path, {TASK: rows_of([False])}, model="b", model_args="", stamp="20260102_000000")
    found = read_runs([tmp_path])
    assert [run.identity.model for run in found.runs] == ["a", "b"]
    assert len({run.name for run in found.runs}) == 2
    with pytest.raises(EmtError, match="2 runs where one is meant"):
        read_run(tmp_path)


def test_a_checkpoint_that_was_overwritten_in_place_is_another_run(tmp_path: Path) -> None:
    tasks = {TASK: rows_of([True])}
    write_run(tmp_path, tasks, manifest=manifest_of(tasks))
    write_run(tmp_path, tasks, manifest=manifest_of(tasks, weights="e" * 64), stamp="20260102_000000")
    assert len(read_runs([tmp_path]).runs) == 2


def test_runs_under_a_folder_are_named_by_where_they_are_in_natural_order(tmp_path: Path) -> None:
    for epoch in (10, 2, 1):
        write_run(tmp_path / f"epoch-{epoch}" / "org__base", {TASK: rows_of([True])})
    assert [run.name for run in read_runs([tmp_path]).runs] == ["epoch-1", "epoch-2", "epoch-10"]


def test_one_file_of_a_run_stands_for_it(tmp_path: Path) -> None:
    write_run(tmp_path, {TASK: rows_of([True])})
    write_run(tmp_path, {TASK: rows_of([False])}, stamp="20260102_000000")
    run, _ = read_run(tmp_path / f"{STAMP}_results.json")
    assert run.tasks[0].correct.all()


def test_only_the_tasks_asked_for_are_read_and_an_unknown_one_has_a_nearest(tmp_path: Path) -> None:
    write_run(tmp_path, {TASK: rows_of([True]), "emt_mnist": rows_of([True])})
    assert [task.task for task in read_run(tmp_path, [TASK])[0].tasks] == [TASK]
    with pytest.raises(UnknownName, match=f"Did you mean '{TASK}'"):
        read_run(tmp_path, ["emt_cifar"])


def test_a_folder_without_runs_and_one_that_is_not_there_are_errors(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(EmtError, match="holds no run"):
        read_runs([tmp_path])
    with pytest.raises(EmtError, match="does not exist"):
        read_runs([tmp_path / "out"])


@pytest.mark.parametrize("content", ["", "{", "[]", '{"results": 3}', "NaN", "[" * 100_000])
@pytest.mark.parametrize("kind", ["results", "manifest"])
def test_a_broken_results_file_or_manifest_is_named_and_the_other_of_the_two_used(
    tmp_path: Path, kind: str, content: str
) -> None:
    tasks = {TASK: rows_of([True])}
    write_run(tmp_path, tasks, manifest=manifest_of(tasks))
    (tmp_path / f"{STAMP}_{kind}.json").write_text(content)
    run, problems = read_run(tmp_path)
    assert (run.tasks[0].n, run.tasks[0].version) == (1, "1.0")
    assert troubles(problems) == [Trouble.UNREADABLE]


def test_results_of_a_shape_that_nobody_expects_are_passed_over(tmp_path: Path) -> None:
    write_run(tmp_path, {TASK: rows_of([True])})
    path = tmp_path / f"{STAMP}_results.json"
    facts = json.loads(path.read_text())
    facts["n-samples"] = {TASK: {"effective": "many"}}
    facts["configs"] = {TASK: {"metadata": [1], "dataset_kwargs": None, "doc_to_text": {"a": [1]}}}
    facts["config"] = {"model": None, "model_args": 7}
    facts["higher_is_better"] = {TASK: "yes"}
    path.write_text(json.dumps(facts))
    assert read_run(tmp_path)[0].tasks[0].n == 1


def test_a_mixed_folder_gives_every_good_run_and_names_every_broken_one(tmp_path: Path) -> None:
    tasks = {TASK: rows_of([True, False] * 5)}
    for name in ("good-1", "good-2", "cut", "twice", "no-samples", "no-results"):
        write_run(tmp_path / name / "m", tasks)
    write_lm_eval(tmp_path / "lm-eval" / "m", tasks)
    cut = log_of(tmp_path / "cut" / "m")
    cut.write_text(cut.read_text()[:-30])
    twice = log_of(tmp_path / "twice" / "m")
    twice.write_text(twice.read_text() * 2)
    log_of(tmp_path / "no-samples" / "m").unlink()
    (tmp_path / "no-results" / "m" / f"{STAMP}_results.json").unlink()
    found = read_runs([tmp_path])
    whole = {run.name for run in found.runs if all(task.whole for task in run.tasks)}
    assert whole == {"good-1", "good-2", "twice", "lm-eval"}
    assert {run.name for run in found.runs} - whole == {"cut", "no-results"}
    named = {problem.trouble for problem in found.problems}
    assert named == {
        Trouble.CUT_OFF, Trouble.INCOMPLETE, Trouble.DUPLICATE_ROWS, Trouble.NO_SAMPLES, Trouble.NO_RESULTS
    }  # fmt: skip
    assert all(problem.todo and "good" not in problem.where for problem in found.problems)


def test_hostile_names_never_reach_a_terminal_as_they_are(tmp_path: Path) -> None:
    write_run(tmp_path / "a\x1b[31m\x07b", {TASK: [*rows_of([True, True]), row(0, "cat", "dog")]})
    _, problems = read_run(tmp_path)
    assert "\x1b" not in str(problems[0])
    assert "\x07" not in str(problems[0])


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=30, deadline=None)
@given(answers=st.lists(st.tuples(texts, texts, st.sampled_from(list(Outcome))), min_size=1, max_size=20))
def test_what_is_written_is_what_is_read(tmp_path_factory: pytest.TempPathFactory, answers: list) -> None:
    folder = tmp_path_factory.mktemp("run")
    rows = [row(n, label, None, raw=raw, outcome=outcome) for n, (label, raw, outcome) in enumerate(answers)]
    toy_runs.write_run(folder, {TASK: rows})
    [task] = read_run(folder)[0].tasks
    assert [(one.label, one.raw, one.outcome) for one in map(task.rows.__getitem__, range(task.n))] == answers
    assert list(task.rows.raw) == [raw for _, raw, _ in answers]


def test_a_column_is_worked_on_once_a_value(tmp_path: Path) -> None:
    write_run(tmp_path, {TASK: rows_of([True, False] * 50)})
    raw = read_run(tmp_path)[0].tasks[0].rows.raw
    asked = []
    lengths = raw.mapped(lambda value: asked.append(value) or len(value))
    assert len(asked) == len(set(asked)) == len(raw.values)
    assert list(lengths) == [len(value) for value in raw]
    assert raw.counts().total() == 100
    assert raw.taken(np.array([3])).codes.tolist() == [raw.codes[3]]


def test_what_is_no_regular_file_is_not_read(tmp_path: Path) -> None:
    write_run(tmp_path, {TASK: rows_of([True])})
    os.mkfifo(log_of(tmp_path, "emt_mnist"))
    (tmp_path / f"{STAMP}_samples_emt_cifar100.jsonl").mkdir()
    assert [task.task for task in read_run(tmp_path)[0].tasks] == [TASK]


def test_one_thing_that_is_wrong_with_a_log_is_told_once(tmp_path: Path) -> None:
    rows = [other(0, "ship", exact_match=1.0, filter=name) for name in ("strict", "loose")]
    write_lm_eval(tmp_path, {"vqa": rows})
    assert troubles(read_run(tmp_path)[1]) == [Trouble.WEAK_IDENTITY]
