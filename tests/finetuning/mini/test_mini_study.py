"""`emt study` with a miniature, through the front door: planned, stopped, gone on with, done."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from emt_tasks.cli import emt
from emt_tasks.errors import EmtError
from finetuning.mini.base import FOLDER
from finetuning.mini.lessons import BASE, ENCODER

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


def files(folder: Path) -> dict[Path, int]:
    """When each file was written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_a_test_set_that_is_damaged_is_told_of_before_anything_is_measured(sets: Path, tmp_path: Path) -> None:
    shutil.copytree(sets, tmp_path / "sets")
    (damaged,) = tmp_path.glob("sets/cifar10/*/test-*.parquet")
    damaged.write_bytes(damaged.read_bytes()[:100])
    study = tmp_path / "study.yaml"
    study.write_text(yaml.safe_dump(STUDY))
    given = ["study", str(study), "--out", str(tmp_path / "out"), "--data-dir", str(tmp_path / "sets"), "--check"]
    done = CliRunner().invoke(emt, given)
    assert done.exit_code == 1
    assert "measuring" not in done.stderr
    assert isinstance(done.exception, EmtError)
    assert "the data can't be loaded" in str(done.exception)
    assert not list((tmp_path / "out").rglob("*.safetensors"))


@pytest.mark.slow
def test_a_study_makes_its_base_and_repeats_its_answers_wherever_it_was_stopped_and_lies(
    sets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = tmp_path / "study.yaml"
    study.write_text(yaml.safe_dump(STUDY))

    def started(out: str, *more: str):
        given = ["study", str(study), "--out", str(tmp_path / out), "--data-dir", str(sets), "--device", "cpu", *more]
        return CliRunner().invoke(emt, given)

    planned = started("whole", "--check", "--json")
    assert planned.exit_code == 0, planned.output
    plan = json.loads(planned.stdout)
    assert plan["rows_before"] == {"mnist": 20, "cifar10": 20}
    assert [cell["rows_of_an_epoch"] for cell in plan["cells"]] == [16, 16]
    assert set(plan["seconds_before"]) == {ENCODER, "language", "aligned", "instructed", BASE}
    assert len(plan["cells"]) == 2
    assert not (tmp_path / "whole" / FOLDER / BASE).exists()
    assert started("whole").exit_code in (0, 3)
    first = started("part", "--set-field", "recipes=[toy-linear]")
    assert first.exit_code in (0, 3)
    second = started("part")
    assert "kept" in second.stderr
    assert answers(tmp_path / "part") == answers(tmp_path / "whole")
    shutil.move(tmp_path / "part", tmp_path / "moved")
    monkeypatch.chdir(tmp_path)
    before = files(tmp_path / "moved" / "runs")
    given = ["study", str(study), "--out", "moved", "--data-dir", str(sets), "--device", "cpu"]
    moved = CliRunner().invoke(emt, given)
    assert moved.exit_code in (0, 3), moved.output
    assert files(tmp_path / "moved" / "runs") == before
