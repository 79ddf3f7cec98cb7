"""A tower that two trainings kept is one tower."""

import json
from dataclasses import replace
from pathlib import Path

from synthetic_runs import BASE, STAMP, Truth, write_run

from emt_tasks.forgetting.findings import Findings, findings
from emt_tasks.runs.problems import Trouble
from emt_tasks.runs.reading_back import read_runs

SAID = {"method": "full", "set": "mnist", "epoch": 1, "base": "models/base", "recipe_name": "full", "seed": 0}
FULL = Truth("full", BASE, tuned=SAID)
WISE = Truth("wise-ft", BASE, tuned={**SAID, "recipe_name": "wise-ft"})
ALL_BUT_ONE = {key: share for key, share in BASE.items() if key != "cifar10"}


def told(folder: Path, first: Truth, second: Truth, alike: bool = True) -> Findings:
    """What a base and two checkpoints tell, whose weights are `alike` or not."""
    write_run(folder, Truth("base", BASE), 60)
    for truth in (first, second):
        manifest = write_run(folder, truth, 60) / f"{STAMP}_manifest.json"
        if alike:
            manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"weights": "the same"}))
    return findings(read_runs([folder]))


def runs(found: Findings) -> set[str]:
    return {place.run for place in found.told.checkpoints()}


def test_a_tower_that_two_trainings_kept_is_counted_once_and_said_to_be(tmp_path: Path) -> None:
    found = told(tmp_path, FULL, WISE)
    assert runs(found) == {"full"}
    (problem,) = [one for one in found.problems if one.where == "wise-ft"]
    assert problem.trouble is Trouble.REPEATED
    assert "the weights of full" in problem.what


def test_other_weights_are_another_tower(tmp_path: Path) -> None:
    assert runs(told(tmp_path, FULL, WISE, alike=False)) == {"full", "wise-ft"}


def test_other_epochs_seeds_and_bases_are_another_tower(tmp_path: Path) -> None:
    """Even where nothing was learnt: their weights are alike then too."""
    for name, other in {"epoch": 2, "seed": 1, "base": "models/other"}.items():
        found = told(tmp_path / name, FULL, replace(WISE, tuned={**(WISE.tuned or {}), name: other}))
        assert {place.run for place in found.told.places} == {"base", "full", "wise-ft"}


def test_one_that_was_asked_more_stays(tmp_path: Path) -> None:
    assert runs(told(tmp_path, replace(FULL, accuracy=ALL_BUT_ONE), WISE)) == {"full", "wise-ft"}
