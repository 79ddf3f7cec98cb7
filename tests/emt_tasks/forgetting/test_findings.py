import json
from dataclasses import replace
from pathlib import Path

import pytest
from synthetic_runs import BASE, STAMP, Truth, paper, write_run

from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.forgetting.findings import Choices, Findings, findings, merged
from emt_tasks.forgetting.mapping import Mapped
from emt_tasks.runs.problems import Problem, Trouble
from emt_tasks.runs.reading_back import read_runs

RUNS = {truth.name: truth for truth in paper()}
BASE_RUN, LORA, LINEAR = RUNS["base"], RUNS["lora-mnist/epoch-3"], RUNS["linear-mnist/epoch-3"]


def told(folder: Path, choices: Choices | None = None, mapping: Mapped | None = None) -> Findings:
    return findings(read_runs([folder]), mapping, choices)


def troubles(found: Findings) -> set[Trouble]:
    return {problem.trouble for problem in found.problems}


def test_whole_runs_leave_nothing_to_say(of_the_paper: Findings) -> None:
    assert of_the_paper.problems == ()
    assert not of_the_paper.partial


def test_a_run_that_was_cut_off_is_named_and_left_out_and_the_rest_is_told(tmp_path: Path) -> None:
    for truth in (BASE_RUN, LORA):
        write_run(tmp_path, truth, 60)
    log = tmp_path / LORA.name / f"model/{STAMP}_samples_emt_cifar10.jsonl"
    log.write_bytes(log.read_bytes()[:-2000])
    found = told(tmp_path)
    assert found.partial
    assert {Trouble.CUT_OFF, Trouble.INCOMPLETE} <= troubles(found)
    assert {one.change.key for one in found.kept} == {"mnist", "cifar100", "miniimagenet"}
    with_broken = told(tmp_path, Choices(broken_too=True))
    assert {one.change.key: one.change.n for one in with_broken.kept}["cifar10"] < 60
    assert with_broken.partial


def test_other_versions_are_not_compared(tmp_path: Path) -> None:
    write_run(tmp_path, BASE_RUN, 60)
    write_run(tmp_path, replace(LORA, version=2.0), 60)
    found = told(tmp_path)
    assert Trouble.MIXED_VERSIONS in troubles(found)
    assert found.kept == ()
    assert len(found.scores) == 8


def test_runs_of_other_pictures_are_named(tmp_path: Path) -> None:
    write_run(tmp_path, BASE_RUN, 60)
    home = write_run(tmp_path, LORA, 60)
    for log in home.glob("*.jsonl"):
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        for line in lines:
            line["emt"]["image"] = line["emt"]["image"][::-1]
        log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = told(tmp_path)
    assert Trouble.NO_OVERLAP in troubles(found)
    assert found.kept == ()


def test_fewer_rows_of_one_are_compared_and_said(tmp_path: Path) -> None:
    write_run(tmp_path, BASE_RUN, 60)
    write_run(tmp_path, LORA, 40)
    found = told(tmp_path)
    assert Trouble.DIFFERENT_ROWS in troubles(found)
    assert {one.change.n for one in found.kept} == {40}


def test_another_variant_is_named_and_left_out(tmp_path: Path) -> None:
    for truth in (BASE_RUN, LORA, LINEAR):
        home = write_run(tmp_path, truth, 60)
    for path in home.iterdir():
        path.write_text(path.read_text().replace("emt_cifar10", "emt_cifar10_lite"))
        path.rename(path.with_name(path.name.replace("emt_cifar10.", "emt_cifar10_lite.")))
    found = told(tmp_path)
    assert Trouble.OTHER_TASKS in troubles(found)
    assert found.told.variant == ""
    lite = told(tmp_path, Choices(variant="lite"))
    assert (lite.told.variant, lite.told.keys) == ("lite", ("cifar10",))


def test_another_variant_is_read_as_its_own_tasks_are(tmp_path: Path) -> None:
    for truth in (BASE_RUN, LORA):
        home = write_run(tmp_path, truth, 60)
        for path in (path for path in home.iterdir() if "emt_cifar10." in path.name):
            path.with_name(path.name.replace("emt_cifar10.", "emt_cifar10_choice.")).write_text(
                path.read_text().replace("label_match", "choice")
            )
        for path in home.glob("*.json"):
            path.write_text(
                path.read_text().replace('"emt_cifar10":', '"emt_cifar10": {"n": 60}, "emt_cifar10_choice":')
            )
    choice = told(tmp_path, Choices(variant="choice"))
    assert (choice.told.variant, choice.told.reading, choice.told.keys) == ("choice", "choice", ("cifar10",))
    assert len(choice.kept) == 1


def test_labels_in_sentences_are_reported_apart_from_bare_ones_which_only_the_encoder_may_have(tmp_path: Path) -> None:
    encoder, base, linear, lora = paper(epochs=(3,), sets=("cifar10",))
    for truth in (encoder, base, linear, lora):
        home = write_run(tmp_path, truth, 60)
        task = "emt_cifar10_choice" + ("_sentence" if truth in (base, lora) else "")
        for path in list(home.iterdir()):
            path.write_text(path.read_text().replace("emt_cifar10", task).replace("label_match", "choice"))
            path.rename(path.with_name(path.name.replace("emt_cifar10.", f"{task}.")))
    found = told(tmp_path, Choices(variant="choice_sentence"))
    assert {place.run for place in found.told.places} == {encoder.name, base.name, lora.name}
    (left_out,) = (one for one in found.problems if one.trouble is Trouble.OTHER_TASKS)
    assert str(left_out).startswith(
        f"{linear.name}: has emt_cifar10_choice (choice) and not emt_cifar10_choice_sentence"
    )
    assert {place.run for place in told(tmp_path, Choices(variant="choice")).told.places} == {encoder.name, linear.name}


def test_no_more_than_a_few_reasons_are_in_one_error(tmp_path: Path) -> None:
    for truth in paper():
        write_run(tmp_path, truth, 20)
    for log in tmp_path.rglob("*.jsonl"):
        log.write_bytes(log.read_bytes()[:-30])
    with pytest.raises(EmtError, match=r"no run is left to report on\. .*\(and \d+ more like these\)") as caught:
        told(tmp_path)
    assert len(str(caught.value)) < 1500


@pytest.mark.parametrize("choices", [Choices(variant="lit"), Choices(reading="label_mtch")])
def test_what_no_run_has_is_an_error_that_names_what_there_is(tmp_path: Path, choices: Choices) -> None:
    write_run(tmp_path, Truth("base", BASE), 10)
    with pytest.raises(UnknownName, match="Known"):
        told(tmp_path, choices)


def test_nothing_left_is_an_error_with_the_reasons(tmp_path: Path) -> None:
    write_run(tmp_path, Truth("base", {"mnist": 0.5}), 10)
    mapping = Mapped.model_validate({"runs": {"base": {"role": "leave_out"}}})
    with pytest.raises((EmtError, UnknownName)):
        told(tmp_path, mapping=mapping)


def test_what_is_said_of_several_places_is_said_once() -> None:
    problems = [Problem(Trouble.NO_BASE, f"run {at}", "what", "todo") for at in range(6)]
    (one,) = merged([*problems, problems[0]])
    assert one.where == "run 0; run 1; run 2; run 3; and 2 more"


def test_the_order_of_files_changes_nothing(tmp_path: Path) -> None:
    for truth in (BASE_RUN, LORA, LINEAR):
        write_run(tmp_path / "a", truth, 40)
    for truth in (LINEAR, LORA, BASE_RUN):
        write_run(tmp_path / "b", truth, 40)
    one, other = told(tmp_path / "a"), told(tmp_path / "b")
    assert (one.scores, one.kept, one.claims, one.examples) == (other.scores, other.kept, other.claims, other.examples)
