"""Two processes train what one trains, whole copies (DDP) or spread (FSDP2), on gloo."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from safetensors.torch import load_file

from finetuning.training.answer_trainer import newest_state
from finetuning.tuning.tune import tune

pytestmark = pytest.mark.slow
LAUNCH = Path(__file__).parents[3] / "finetuning" / "launch"
FSDP_ON_CPU = str(Path(__file__).parent / "fsdp_on_cpu.py")


def environment() -> dict[str, str]:
    """What `accelerate launch --config_file fsdp.yaml` would tell its processes, on a CPU."""
    said = yaml.safe_load((LAUNCH / "fsdp.yaml").read_text())["fsdp_config"]
    told = {name.upper(): str(value).lower() if isinstance(value, bool) else str(value) for name, value in said.items()}
    return os.environ | told | {"ACCELERATE_USE_CPU": "true", "ACCELERATE_USE_FSDP": "true", "OMP_NUM_THREADS": "1"}


def words(job, program: list[str]) -> list[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ranks = ["-m", "torch.distributed.run", "--nproc_per_node", "2", "--master_port", str(port)]
    given = ["finetune", f"toy-{job.recipe.method}", "--base", job.base, "--data", job.data[0], "--device", "cpu"]
    given += ["--data-dir", str(job.data_dir), "--out", f"{job.out}-2", "--state-every", "1", "--json"]
    given += [f"--set-field={name}={value}" for name, value in read_by(job.recipe.method).items()]
    return [sys.executable, *ranks, *program, *given]


FIELDS = {"epochs": 30, "fractions": [], "batch_size": 8}
OF_LORA = {"lora.rank": 2, "lora.dropout": 0.0}


def read_by(method: str) -> dict[str, object]:
    return FIELDS | (OF_LORA if method == "lora" else {})


def largest_difference(one: Path, other: Path) -> float:
    [a], [b] = (list(folder.glob("*.safetensors")) for folder in (one, other))
    first, second = load_file(a), load_file(b)
    assert first.keys() == second.keys()
    return max(float((first[name] - second[name]).abs().max()) for name in first)


def step(state: Path) -> int:
    newest = newest_state(state) if state.is_dir() else None
    return 0 if newest is None else int(newest.name.removeprefix("step-"))


def test_two_copies_learn_what_one_does(make_job) -> None:
    job = make_job("lora", read_by("lora"))
    alone = tune(job, shown=False)
    single = os.environ | {"OMP_NUM_THREADS": "1"}
    command = words(job, ["-m", "emt_tasks"])
    done = subprocess.run(command, env=single, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for checkpoint in alone.checkpoints:
        together = Path(f"{job.out}-2") / job.name / checkpoint.folder.name
        assert largest_difference(checkpoint.folder, together) < 1e-3


def test_a_spread_model_learns_what_one_does_also_after_a_kill(make_job) -> None:
    job = make_job("full", read_by("full"))
    alone = tune(job, shown=False)
    folder = Path(f"{job.out}-2") / job.name
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = subprocess.Popen(words(job, [FSDP_ON_CPU]), env=environment(), start_new_session=True, **quiet)
    while started.poll() is None and step(folder / ".state") < 20:
        time.sleep(0.01)
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    assert 20 <= step(folder / ".state") < 90
    assert not (folder / "training.json").exists()
    done = subprocess.run(words(job, [FSDP_ON_CPU]), env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for checkpoint in alone.checkpoints:
        assert largest_difference(checkpoint.folder, folder / checkpoint.folder.name) < 1e-3
