from dataclasses import replace
from pathlib import Path

from synthetic_runs import paper, write_run

from emt_tasks.forgetting.findings import findings
from emt_tasks.runs.problems import Trouble
from emt_tasks.runs.reading_back import read_runs

RUNS = {truth.name: truth for truth in paper()}
BASE_RUN, LORA = RUNS["base"], RUNS["lora-mnist/epoch-3"]


def test_two_runs_of_the_same_thing_are_not_both_used(tmp_path: Path) -> None:
    for truth in (BASE_RUN, LORA, replace(LORA, name="again")):
        write_run(tmp_path, truth, 60)
    found = findings(read_runs([tmp_path]))
    assert Trouble.ALIKE in {problem.trouble for problem in found.problems}
    assert len({one.run for one in found.kept}) == 1


def test_a_run_that_is_given_again_is_counted_once_and_nothing_is_missing(tmp_path: Path) -> None:
    for truth in (BASE_RUN, LORA):
        write_run(tmp_path / "one", truth, 60)
    write_run(tmp_path / "two", BASE_RUN, 60)
    found = findings(read_runs([tmp_path]))
    assert {problem.trouble for problem in found.problems} == {Trouble.REPEATED, Trouble.NO_ENCODER}
    assert not found.partial
    assert len(found.kept) == 4
