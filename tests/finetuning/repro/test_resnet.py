"""One half is learnt, then the other; what was stopped anywhere ends as what was not."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sklearn.metrics import accuracy_score
from sklearn.neighbors import NearestCentroid

from emt_tasks.errors import EmtError
from finetuning.repro.halves import halves
from finetuning.repro.kept_once import finished
from finetuning.repro.networks import ResNet18
from finetuning.repro.resnet import WEIGHTS, checks, made, reproduce
from finetuning.training.checkpoint import read_checkpoint
from finetuning.tuning.alone import alone_in


def hashes(done) -> list[dict[str, str]]:
    return [read_checkpoint(done.folder / name).told["weights"] for name in done.told["checkpoints"]]


def told_of(done) -> list[dict]:
    """The history without what depends on the machine's mood."""
    timed = ("images_per_second", "share_in_model")
    return [{name: value for name, value in row.items() if name not in timed} for row in done.history]


LEARNT, GONE = 8, 12  # epochs


@pytest.fixture(scope="module")
def whole(job_in, tmp_path_factory: pytest.TempPathFactory):
    """Long enough, and slow enough, that it learns in each of five orders of its batches: so on any processor."""
    fields = {"epochs": LEARNT, "second_epochs": GONE - LEARNT, "crop": 0, "flip": False, "learning_rate": 0.01}
    job = job_in(tmp_path_factory.mktemp("whole"), fields)
    return job, reproduce(job, shown=False)


@pytest.fixture(scope="module")
def short(job_in, tmp_path_factory: pytest.TempPathFactory):
    """Never stopped; moved and mirrored by chance, and long enough to be stopped within the first half."""
    job = job_in(tmp_path_factory.mktemp("short"), {"second_epochs": 1, "crop": 0.125, "flip": True})
    return job, reproduce(job, "imagenet", shown=False)


def test_the_first_half_is_learnt_and_then_gone(whole) -> None:
    _, done = whole
    before, after = done.history[LEARNT - 1], done.history[GONE - 1]
    assert before["first"] > 0.6
    assert before["second"] == 0
    assert after["first"] < 0.05
    assert after["second"] > 0.5
    assert after["first_nearest"] > 0.6  # the features still know


def test_what_is_measured_is_what_the_kept_network_answers(whole) -> None:
    job, done = whole
    cut = halves(5, "x")
    network, batches = made(job, cut, "cifar")
    network.load_state_dict(load_file(done.folder / f"epoch-{GONE}.0" / WEIGHTS))
    network.eval()
    with torch.inference_mode():
        pixels = torch.cat([some for some, _ in batches.plain(np.arange(60), 60)])
        features, logits = network(pixels)
    targets, said = job.pictures.targets, logits.argmax(dim=1).numpy()
    last = done.history[-1]
    for half, name in enumerate(("first", "second")):
        rows = cut.rows(targets, half)
        assert last[name] == pytest.approx(accuracy_score(targets[rows], said[rows]))
        own = features[rows].double().numpy()
        nearest = NearestCentroid().fit(own, targets[rows]).predict(own)
        assert last[f"{name}_nearest"] == pytest.approx(accuracy_score(targets[rows], nearest))
    absent = network.rows[:3].double().numpy()
    units = absent / np.linalg.norm(absent, axis=1, keepdims=True)
    assert last["absent_cosine"] == pytest.approx((units @ units.T)[np.triu_indices(3, 1)].mean(), abs=1e-6)


def test_of_an_odd_number_of_classes_the_first_half_has_one_more(whole) -> None:
    _, done = whole
    assert (done.told["classes"], done.told["first_half"]) == (5, 3)


def test_the_operations_are_twice_the_multiplications_and_three_times_that_with_gradients(whole) -> None:
    _, done = whole
    flops = done.told["flops"]
    assert 2.5 < flops["step"] / flops["forward"] <= 3  # the first layer's pictures need no gradient


@pytest.mark.parametrize("stop_after", [1, 2])
def test_stopped_after_an_epoch_it_ends_alike(short, stop_after: int, tmp_path: Path) -> None:
    """Within the first half, and where the other begins."""

    def stop(row) -> None:
        if row["epoch"] == stop_after:
            raise KeyboardInterrupt

    job, once = short
    stopped = replace(job, out=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        reproduce(stopped, "imagenet", told=stop, shown=False)
    again = reproduce(stopped, "imagenet", shown=False)
    assert hashes(again) == hashes(once)
    assert told_of(again) == told_of(once)


def test_what_is_finished_is_kept_until_a_file_of_it_changes(short, tmp_path: Path) -> None:
    job, done = short
    again = reproduce(job, "imagenet", shown=False)
    assert again.kept
    assert again.history == done.history
    copy = Path(shutil.copytree(done.folder, tmp_path / "copy"))
    assert finished(copy, done.told["inputs"])
    (copy / "epoch-3.0" / WEIGHTS).write_bytes(b"oops")
    assert finished(copy, done.told["inputs"]) is None


def test_another_trainings_folder_is_refused_by_what_differs(short, tmp_path: Path) -> None:
    job, done = short
    other = replace(job, out=tmp_path, course=job.course.model_copy(update={"epochs": 1}), limit=4)
    shutil.copytree(done.folder, other.home.folder)
    said = r"of another course.epochs \(2 there, 1 here\), data, limit \(nothing there, 4 here\)"
    with pytest.raises(EmtError, match=said):
        reproduce(other, "imagenet", shown=False)
    assert not reproduce(other, "imagenet", shown=False, fresh=True).kept


def test_two_starts_at_once_are_one_too_many(make_job) -> None:
    job = make_job()
    with (
        alone_in(job.out, "training", f".{job.home.name}.lock"),
        pytest.raises(EmtError, match="another training resnet-digits0 is at work"),
    ):
        reproduce(job, "imagenet", shown=False)


def test_a_damaged_state_is_named_and_not_begun_from(make_job) -> None:
    def stop(row) -> None:
        raise KeyboardInterrupt

    job = make_job(limit=2)
    with pytest.raises(KeyboardInterrupt):
        reproduce(job, "imagenet", told=stop, shown=False)
    weights = job.home.state / "epoch-1" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(EmtError, match=r"epoch-1 can't be used .* --fresh"):
        reproduce(job, "imagenet", shown=False)


def test_a_loss_that_is_no_number_ends_it_with_advice(make_job) -> None:
    with pytest.raises(EmtError, match="the learning rate 1e\\+20 is too high"):
        reproduce(make_job({"learning_rate": 1e20, "warmup": 0}, limit=4), "imagenet", shown=False)


def test_the_preflight_tells_everything_and_changes_nothing(make_job) -> None:
    job = make_job()
    found = {check.name: check for check in checks(job, None)}
    assert list(found) == ["data", "network", "pictures", "disk", "time"]
    assert not any(check.problem for check in found.values())
    assert "classes 0 to 2 first, then 3 to 4" in found["network"].found
    assert not job.home.folder.exists()


def test_too_few_classes_are_refused_before_a_picture_is_read(make_job, digits: Path, tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    for label in (0, 1):
        (tmp_path / "two" / f"{label}").symlink_to(digits / f"digit {label}")
    *_, last = checks(make_job(data=f"folder:{tmp_path / 'two'}"), None)
    assert last.name == "network"
    assert "two has 2 classes" in str(last.problem)


@pytest.mark.slow
def test_killed_by_the_system_and_started_again_it_ends_alike(digits: Path, tmp_path: Path) -> None:
    """kill -9, at a moment that nobody chose."""
    words = ["--data", f"folder:{digits}", "--epochs", "12", "--second-epochs", "12", "--device", "cpu"]
    words += ["--stem", "imagenet", "--set-field", "batch_size=8", "--json"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}

    def command(out: Path) -> list[str]:
        return [sys.executable, "-m", "emt_tasks", "repro", "resnet", *words, "--out", str(out)]

    started = subprocess.Popen(command(tmp_path / "killed"), env=environment, stderr=subprocess.DEVNULL)
    while started.poll() is None and not list((tmp_path / "killed").glob("*/.state/epoch-1?")):
        time.sleep(0.01)
    os.kill(started.pid, signal.SIGKILL)
    assert started.wait() == -signal.SIGKILL
    ended = [
        subprocess.run(command(tmp_path / name), env=environment, capture_output=True, text=True, check=False)
        for name in ("killed", "whole")
    ]
    assert [done.returncode for done in ended] == [0, 0], ended[0].stderr
    folders = [Path(json.loads(done.stdout)["trainings"][0]["folder"]) for done in ended]
    weights = [read_checkpoint(folder / "epoch-24.0").told["weights"] for folder in folders]
    assert weights[0] == weights[1]


def test_rows_are_the_classifiers() -> None:
    network = ResNet18(6, "cifar", 0)
    assert torch.equal(network.rows, network.head.weight)
