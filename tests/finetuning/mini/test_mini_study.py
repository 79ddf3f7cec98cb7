"""`emt study` with a miniature, through the front door: planned, stopped, gone on with, done."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from emt_tasks.cli import emt
from finetuning.mini.base import FOLDER
from finetuning.mini.making import BASE, ENCODER

BRIEF = {"epochs": 0.5, "batch_size": 16}
STUDY = {
    "miniature": {
        "sets": ["mnist?rows=20", "cifar10?rows=20"],
        "threads": 1,
        "encoder": {"width": 16, "layers": 2, "heads": 2, "text_width": 8, "text_layers": 1, "text_heads": 1},
        "contrast": BRIEF,
        "language": {"width": 16, "layers": 1, "heads": 2, "vocabulary": 512},
        "sentences": {**BRIEF, "each": 1},
        "alignment": BRIEF,
        "instructions": BRIEF,
        "lists": BRIEF,
    },
    "sets": ["mnist?rows=16"],
    "recipes": ["toy-linear", "toy-prompt"],
    "fields": {"epochs": 1, "fractions": []},
    "tasks": ["emt_mnist", "emt_cifar10"],
    "limit": 2,
}  # fmt: skip


def answers(out: Path) -> dict[str, list[str]]:
    found = {}
    for path in sorted((out / "runs").rglob("*_samples_*.jsonl")):
        place = path.parent.parent.relative_to(out / "runs").as_posix() + path.stem.partition("_samples_")[2]
        found[place] = [json.loads(line)["emt"]["raw"] for line in path.open()]
    return found


@pytest.mark.slow
def test_a_study_makes_its_base_and_repeats_its_answers_wherever_it_was_stopped(sets: Path, tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    study.write_text(yaml.safe_dump(STUDY))

    def started(out: str, *more: str):
        given = ["study", str(study), "--out", str(tmp_path / out), "--data-dir", str(sets), "--device", "cpu", *more]
        return CliRunner().invoke(emt, given)

    planned = started("whole", "--check", "--json")
    assert planned.exit_code == 0, planned.output
    plan = json.loads(planned.stdout)
    assert set(plan["seconds_before"]) == {ENCODER, "language", "aligned", "instructed", BASE}
    assert len(plan["cells"]) == 2
    assert not (tmp_path / "whole" / FOLDER / BASE).exists()
    assert started("whole").exit_code in (0, 3)
    first = started("part", "--set-field", "recipes=[toy-linear]")
    assert first.exit_code in (0, 3)
    second = started("part")
    assert "kept" in second.stderr
    assert answers(tmp_path / "part") == answers(tmp_path / "whole")
