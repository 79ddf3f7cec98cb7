from dataclasses import replace
from pathlib import Path

from synthetic_runs import paper, write_run

from emt_tasks.forgetting.findings import findings
from emt_tasks.forgetting.mapping import Mapped
from emt_tasks.runs.problems import Trouble
from emt_tasks.runs.reading_back import read_runs

RUNS = {truth.name: truth for truth in paper()}
BASE_RUN, LORA = RUNS["base"], RUNS["lora-mnist/epoch-3"]


def test_a_set_of_another_name_is_told_with_the_nearest_as_it_may_be_misspelt(tmp_path: Path) -> None:
    for truth in (BASE_RUN, LORA):
        write_run(tmp_path, truth, 60)
    for name, near in (("cifer10", "If cifar10 is meant"), ("food", "")):
        found = findings(read_runs([tmp_path]), Mapped.model_validate({"runs": {LORA.name: {"sets": [name]}}}))
        (problem,) = (one for one in found.problems if one.trouble is Trouble.OTHER_SET)
        assert f"tuned on '{name}'" in problem.what
        assert problem.todo.startswith(near)
        assert bool(problem.todo) == bool(near)


def test_without_a_base_accuracies_are_told_and_the_base_is_asked_for(tmp_path: Path) -> None:
    write_run(tmp_path, LORA, 60)
    found = findings(read_runs([tmp_path]))
    assert {problem.trouble for problem in found.problems} == {Trouble.NO_BASE}
    assert found.partial
    assert len(found.scores) == 4


def test_a_base_of_another_name_is_not_taken_for_it(tmp_path: Path) -> None:
    write_run(tmp_path, replace(BASE_RUN, pretrained="models/other"), 60)
    write_run(tmp_path, LORA, 60)
    found = findings(read_runs([tmp_path]))
    assert Trouble.NO_BASE in {problem.trouble for problem in found.problems}
    assert found.kept == ()
    mapping = Mapped.model_validate({"runs": {LORA.name: {"base": "base"}}})
    assert len(findings(read_runs([tmp_path]), mapping).kept) == 4


def test_a_checkpoint_of_which_nothing_says_what_it_was_tuned_on_is_compared_but_said(tmp_path: Path) -> None:
    write_run(tmp_path, BASE_RUN, 60)
    home = write_run(tmp_path, LORA, 60)
    (tmp_path / LORA.name / "checkpoint/emt_checkpoint.json").unlink()
    home.parent.rename(tmp_path / "mine")
    found = findings(read_runs([tmp_path]))
    assert Trouble.UNPLACED in {problem.trouble for problem in found.problems}
    assert len(found.kept) == 4
    assert found.transfers == ()
    mapping = Mapped.model_validate({"runs": {"mine": {"sets": ["mnist"], "epoch": 3}}})
    assert len(findings(read_runs([tmp_path]), mapping).transfers) == 1
