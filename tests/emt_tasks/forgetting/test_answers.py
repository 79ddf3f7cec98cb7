import shutil
from pathlib import Path

from synthetic_runs import paper, write_run

from emt_tasks.forgetting.answers import answers
from emt_tasks.forgetting.findings import Findings, findings
from emt_tasks.forgetting.lineage import Role
from emt_tasks.runs.reading_back import read_runs


def test_answers_of_models_are_counted_and_different_ones_once(of_the_paper: Findings) -> None:
    told = of_the_paper.told
    models = {place.run for place in told.places if place.role is not Role.ENCODER}
    assert len(models) < len(told.places)
    for one in answers(told):
        said = [
            raw for (run, key), asked in told.rows.items() if key == one.key and run in models for raw in asked.rows.raw
        ]
        assert (one.read, one.distinct) == (len(said), len(set(said)))


def test_a_run_that_is_there_twice_is_counted_once(tmp_path: Path) -> None:
    truth = next(one for one in paper() if one.name == "base")
    home = write_run(tmp_path / "a", truth, 40)
    shutil.copytree(home.parent, tmp_path / "b" / "base")
    assert [one.read for one in findings(read_runs([tmp_path])).answers] == [40] * 4


def test_encoders_alone_have_said_nothing(tmp_path: Path) -> None:
    write_run(tmp_path, next(one for one in paper() if one.alone), 40)
    assert findings(read_runs([tmp_path])).answers == ()
