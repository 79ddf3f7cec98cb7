"""Everything bad is refused before a weight is loaded, by name."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from transformers import Blip2Config

from emt_tasks.cli import emt
from finetuning.training.methods import prepare
from finetuning.tuning import preflight
from finetuning.tuning.preflight import checks, learnt_numbers


def problem(job) -> str:
    *_, last = checks(job)
    return str(last.problem)


@pytest.mark.parametrize("method", ["linear", "lora", "prompt", "full"])
def test_what_learns_is_known_from_the_config(method: str, make_job, loaded) -> None:
    job = make_job(method)
    prepared = prepare(loaded, job.recipe, 0)
    wanted = sum(weight.numel() for weight in prepared.learnt.values())
    prepared.undo()
    assert learnt_numbers(job)[0] == wanted
    assert [check.problem for check in checks(job)] == [None] * 6


def test_a_base_that_is_not_there_or_no_model(make_job, tmp_path: Path) -> None:
    assert "nowhere" in problem(make_job().__class__(make_job().recipe, "./nowhere", ["cifar10"], tmp_path))


def test_a_base_and_a_recipe_that_do_not_fit(make_job, tmp_path: Path) -> None:
    Blip2Config().save_pretrained(tmp_path / "blip")
    job = make_job("prompt")
    other = job.__class__(job.recipe, str(tmp_path / "blip"), job.data, job.out, data_dir=job.data_dir)
    said = problem(other)
    assert "reads prompts twice" in said or "no projector" in said or "image-text" in said


def test_pictures_that_can_not_be_read(make_job, tmp_path: Path) -> None:
    (tmp_path / "p" / "dog").mkdir(parents=True)
    (tmp_path / "p" / "dog" / "1.png").write_bytes(b"no picture")
    assert "p, row 0 (file " in problem(make_job(data=[f"folder:{tmp_path / 'p'}"]))


def test_no_room_for_a_checkpoint(make_job, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
    assert "has 1 MB of free disk, and 1 checkpoints and the state to continue from need" in problem(make_job())


def test_a_device_or_a_tracker_that_is_not_there(make_job) -> None:
    assert "no device 'cpuu'" in problem(make_job(device="cpuu"))
    if not torch.cuda.is_available():
        assert "so there is no cuda:3" in problem(make_job(device="cuda:3"))
    assert "--report-to wandbb can't be had: wandbb is not supported" in problem(make_job(report_to=["wandbb"]))


def test_checkpoints_between_base_and_tuned_need_room_as_well(make_job) -> None:
    few, more = make_job(), make_job(fields={"against_forgetting.interpolation": [0.3, 0.6]})
    kept, learnt = 1, learnt_numbers(few)[0]
    assert preflight.bytes_needed(more) - preflight.bytes_needed(few) == 2 * kept * learnt * 4


def test_a_set_that_is_named_twice_is_counted_once(make_job) -> None:
    job = make_job(data=["cifar10?rows=3", "cifar10?rows=20", "mnist?rows=5"])
    found = {check.name: check.found for check in checks(job)}["data"]
    assert found.count("cifar10: 23 rows") == 1
    assert "mnist: 5 rows" in found


def run(*words: str):
    return CliRunner().invoke(emt, ["finetune", *words], catch_exceptions=True)


def test_the_command_refuses_what_is_misspelled_before_it_loads_anything(base_folder: Path, sets: Path) -> None:
    where = ["--base", str(base_folder), "--data-dir", str(sets), "--check"]
    for words, said in (
        (["lra", "--data", "cifar10"], "no recipe 'lra'. Did you mean 'lora'?"),
        (["lora", "--data", "cifr10"], "no set to learn from 'cifr10'. Did you mean 'cifar10'?"),
        (["lora", "--data", "cifar10", "--set-field", "epoch=3"], "Did you mean 'epochs'?"),
    ):
        done = run(*words, *where)
        assert said in str(done.exception)
        assert "loading torch" not in done.output


def test_a_check_trains_nothing_and_a_run_says_what_came_out(base_folder: Path, sets: Path, tmp_path: Path) -> None:
    words = ["toy-linear", "--base", str(base_folder), "--data", "cifar10?rows=16", "--data-dir", str(sets)]
    words += [
        "--out",
        str(tmp_path / "o"),
        "--device",
        "cpu",
        "--set-field",
        "fractions=[0.5]",
        "--set-field",
        "epochs=1",
    ]
    words += ["--set-field", "batch_size=8"]
    checked = run(*words, "--check")
    assert checked.exit_code == 0, checked.output
    assert not (tmp_path / "o").exists()
    done = run(*words, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [each["epoch"] for each in told["checkpoints"]] == [0.5, 1.0]
    assert [Path(each["model_args"]["projector"]).name for each in told["checkpoints"]] == ["epoch-0.5", "epoch-1.0"]
    assert len(told["curve"]) == 2
    assert {Path(path).suffix for path in told["figure"]} == {".svg", ".png"}
    assert "next: emt run --model-args" in done.stderr
