"""`emt run` over several checkpoints: where their runs go, and that they are found again."""

import json
from pathlib import Path

import pytest
import torch
import toy_models
import toy_sets
from click.testing import CliRunner, Result
from safetensors.torch import save_file
from transformers import AutoModelForImageTextToText

from emt_tasks.cli.run import command
from emt_tasks.forgetting.findings import places_of
from emt_tasks.forgetting.mapping import Mapped
from emt_tasks.runs.reading_back import read_runs


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `data`, a toy LLaVA `base`, and two projectors for it, `linear-mnist` and `linear-cifar10`."""
    home = tmp_path_factory.mktemp("home")
    toy_sets.write_set(home / "data", "mnist", [3, 7])
    model = AutoModelForImageTextToText.from_pretrained(toy_models.llava(home / "base"))
    projector = {name: value for name, value in model.state_dict().items() if "multi_modal_projector" in name}
    for seed, tuning in enumerate(("linear-mnist", "linear-cifar10")):
        noise = torch.Generator().manual_seed(seed)
        folder = home / "tuned" / tuning / "epoch-3.0"
        folder.mkdir(parents=True)
        tuned = {name: torch.randn(value.shape, generator=noise) for name, value in projector.items()}
        save_file(tuned, folder / "projector.safetensors")
    return home


def run(home: Path, out: Path, pattern: str) -> Result:
    words = ["--model-args", f"pretrained={home / 'base'}", "--data-dir", str(home / "data"), "--tasks", "emt_mnist"]
    return CliRunner().invoke(
        command, [*words, "--checkpoints", pattern, "--output-path", str(out), "--json"], catch_exceptions=False
    )


def test_checkpoints_whose_last_folders_are_called_alike_have_a_run_each(home: Path, tmp_path: Path) -> None:
    done = run(home, tmp_path, f"{home}/tuned/*/epoch-3.0")
    names = ["linear-cifar10/epoch-3.0", "linear-mnist/epoch-3.0"]
    assert [one["name"] for one in json.loads(done.stdout)["runs"]] == names
    assert "several checkpoints are called epoch-3.0" in done.stderr
    found = read_runs([tmp_path])
    assert [one.name for one in found.runs] == names
    assert not found.problems
    places = places_of(found.runs, Mapped())[0]
    assert [(place.sets, place.method, place.epoch) for place in places] == [
        (("cifar10",), "linear", 3.0), (("mnist",), "linear", 3.0),
    ]  # fmt: skip
    again = run(home, tmp_path, f"{home}/tuned/*/epoch-3.0")
    assert [Path(one["folder"]).parent.name for one in json.loads(again.stdout)["runs"]] == ["epoch-3.0"] * 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["linear-cifar10", "linear-mnist"], "it went on there"
    kept = [
        json.loads(path.read_text())["timing"]["kept_answers"] for path in sorted(tmp_path.rglob("*_manifest.json"))
    ]
    assert kept == [0, 2, 0, 2]


def test_one_tuning_s_checkpoints_keep_their_short_names(home: Path, tmp_path: Path) -> None:
    done = run(home, tmp_path, f"{home}/tuned/linear-mnist/*")
    assert [one["name"] for one in json.loads(done.stdout)["runs"]] == ["epoch-3.0"]
    assert "called" not in done.stderr
