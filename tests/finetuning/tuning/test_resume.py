"""A training that was stopped anywhere, and goes on, ends with the weights of one that was not."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from emt_tasks.errors import EmtError
from finetuning.training.additions import Additions
from finetuning.training.answer_trainer import newest_state
from finetuning.training.base_model import LoadedBase
from finetuning.training.checkpoint import read_checkpoint
from finetuning.tuning.job_folder import Tuned
from finetuning.tuning.tune import tune

# Dropout, accumulation, a last step with fewer rows, and checkpoints within the first epoch.
FIELDS = {"epochs": 2, "fractions": [0.4], "batch_size": 10, "device_batch_size": 5, "lora.dropout": 0.3}


def hashes(tuned: Tuned) -> list[dict[str, str]]:
    return [checkpoint.told["weights"] for checkpoint in tuned.checkpoints]


def stops_after(passes: int) -> Additions:
    """Something that interrupts the training in its pass number `passes`, and adds nothing to the loss."""
    seen = []

    def penalty(_prepared) -> torch.Tensor:
        seen.append(None)
        if len(seen) == passes:
            raise KeyboardInterrupt
        return torch.zeros(())

    return Additions(penalty=penalty)


@pytest.fixture
def whole(loaded: LoadedBase, make_job, tmp_path: Path) -> Tuned:
    return tune(make_job("lora", FIELDS, out=tmp_path / "whole"), loaded, shown=False)


@pytest.mark.parametrize("state_every", [None, 1])
@pytest.mark.parametrize("passes", [1, 4, 6, 9])
def test_interrupted_once_ends_alike(
    passes: int, state_every: int | None, loaded: LoadedBase, make_job, whole: Tuned
) -> None:
    job = make_job("lora", FIELDS, state_every=state_every)
    with pytest.raises(KeyboardInterrupt):
        tune(job, loaded, stops_after(passes), shown=False)
    again = tune(job, loaded, shown=False)
    assert hashes(again) == hashes(whole)
    assert [point.step for point in again.curve] == [point.step for point in whole.curve]


def test_interrupted_while_a_checkpoint_is_told_of_it_is_told_again(loaded: LoadedBase, make_job, whole: Tuned) -> None:
    job, told = make_job("lora", FIELDS), []

    def look(checkpoint, _prepared) -> bool:
        told.append(checkpoint.epoch)
        torch.rand(5)  # as an evaluation might
        if told == [0.4, 1.0]:
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        tune(job, loaded, Additions(on_checkpoint=look), shown=False)
    again = tune(job, loaded, Additions(on_checkpoint=look), shown=False)
    assert told == [0.4, 1.0, 1.0, 2.0]
    assert hashes(again) == hashes(whole)


def test_who_says_stop_ends_it_for_good(loaded: LoadedBase, make_job) -> None:
    job = make_job("linear", {"epochs": 3})
    stop = Additions(on_checkpoint=lambda checkpoint, _prepared: checkpoint.epoch == 2.0)
    tuned = tune(job, loaded, stop, shown=False)
    assert [checkpoint.epoch for checkpoint in tuned.checkpoints] == [1.0, 2.0]
    again = tune(job, loaded, stop, shown=False)
    assert again.kept
    assert hashes(again) == hashes(tuned)


def test_a_finished_training_is_kept_unless_a_file_of_it_changed(loaded: LoadedBase, make_job) -> None:
    job = make_job("linear")
    first = tune(job, loaded, shown=False)
    assert tune(job, loaded, shown=False).kept
    file = first.checkpoints[0].folder / "projector.safetensors"
    file.write_bytes(file.read_bytes()[:-4] + b"oops")
    mended = tune(job, loaded, shown=False)
    assert not mended.kept
    assert hashes(mended) == hashes(first)


def test_another_trainings_folder_is_not_continued(loaded: LoadedBase, make_job, tmp_path: Path) -> None:
    tune(make_job("linear"), loaded, shown=False)
    with pytest.raises(EmtError, match="holds a training of another recipe"):
        tune(make_job("linear", {"optimizer.learning_rate": 1e-3}), loaded, shown=False)
    assert not tune(make_job("linear", {"optimizer.learning_rate": 1e-3}), loaded, shown=False, fresh=True).kept


def test_what_tensorboard_was_told_stays_with_the_training(loaded: LoadedBase, make_job) -> None:
    pytest.importorskip("tensorboard", reason="the tracker's own package")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    job = make_job("linear", report_to=["tensorboard"])
    tuned = tune(job, loaded, shown=False)
    told = EventAccumulator(str(job.folder / "tensorboard"))
    told.Reload()
    losses = {event.step: event.value for event in told.Scalars("train/loss")}
    assert losses == {point.step: pytest.approx(point.loss) for point in tuned.curve}


def test_two_starts_of_one_training_do_not_write_over_each_other(loaded: LoadedBase, make_job) -> None:
    job, said = make_job("linear", {"epochs": 2}), []

    def start_again(_checkpoint, _prepared) -> bool:
        with pytest.raises(EmtError, match="another training toy-linear-cifar10 is at work in") as caught:
            tune(job, loaded, shown=False)
        said.append(caught.value)
        return False

    assert not tune(job, loaded, Additions(on_checkpoint=start_again), shown=False).kept
    assert len(said) == 2


def test_a_folder_of_somebody_elses_stays_as_it_is(loaded: LoadedBase, make_job) -> None:
    job = make_job("linear")
    job.folder.mkdir(parents=True)
    (job.folder / "thesis").write_text("years of work")
    for fresh in (False, True):
        with pytest.raises(EmtError, match="was not made here, so it stays as it is"):
            tune(job, loaded, shown=False, fresh=fresh)
    assert (job.folder / "thesis").read_text() == "years of work"


def test_killed_by_the_system_and_started_again_ends_alike(
    base_folder: Path, sets: Path, loaded: LoadedBase, make_job, tmp_path: Path
) -> None:
    """kill -9, at a moment that nobody chose."""
    fields = {"epochs": 30, "fractions": "[]", "batch_size": 8, "lora.rank": 2, "lora.dropout": 0.3}
    words = ["finetune", "toy-lora", "--base", str(base_folder), "--data", "cifar10?rows=24", "--device", "cpu"]
    words += ["--data-dir", str(sets), "--out", str(tmp_path / "killed"), "--state-every", "1", "--json"]
    command = [sys.executable, "-m", "emt_tasks", *words, *(f"--set-field={k}={v}" for k, v in fields.items())]
    environment = os.environ | {"OMP_NUM_THREADS": str(torch.get_num_threads()), "HF_HUB_OFFLINE": "1"}
    state = tmp_path / "killed" / "toy-lora-cifar10" / ".state"
    started = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while started.poll() is None and _step(state) < 25:
        time.sleep(0.002)
    os.kill(started.pid, signal.SIGKILL)
    _, said = started.communicate()
    assert started.returncode == -signal.SIGKILL, said.decode()
    assert 25 <= _step(state) < 90
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    folders = [Path(each["folder"]) for each in json.loads(done.stdout)["checkpoints"]]
    whole = tune(make_job("lora", fields | {"fractions": []}, out=tmp_path / "whole"), loaded, shown=False)
    assert [read_checkpoint(folder).told["weights"] for folder in folders] == hashes(whole)
    assert len(folders) == 30


def _step(state: Path) -> int:
    newest = newest_state(state) if state.is_dir() else None
    return 0 if newest is None else int(newest.name.removeprefix("step-"))
