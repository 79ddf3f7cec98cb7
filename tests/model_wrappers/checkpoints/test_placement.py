import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.placement import placement


def test_one_process_is_the_first_of_one():
    place = placement("cpu", None)
    assert (place.rank, place.world_size, place.device) == (0, 1, torch.device("cpu"))
    assert place.accelerator.num_processes == 1


def test_a_device_that_does_not_exist_is_an_error():
    with pytest.raises(EmtError, match="no device 'gpu'"):
        placement("gpu", None)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_the_cpu_is_taken_and_cuda_refused():
    assert placement(None, None).device.type == "cpu"
    with pytest.raises(EmtError, match="torch sees 0 GPUs"):
        placement("cuda", None)


RANK = """
import sys
import torch
from accelerate import Accelerator
from model_wrappers.checkpoints.placement import placement
if sys.argv[1] == "after the harness":
    Accelerator()
place = placement("cpu", None)
torch.distributed.barrier()
if sys.argv[1] == "first":
    ranks = place.accelerator.gather(torch.tensor(place.rank, device=place.device)).tolist()
    assert sorted(ranks) == [0, 1], ranks
print(f"rank {place.rank} of {place.world_size}")
torch.distributed.destroy_process_group()
"""


@pytest.mark.parametrize("turn", ["first", "after the harness"])
def test_two_processes_of_torchrun_know_each_other(turn, tmp_path):
    (tmp_path / "rank.py").write_text(RANK)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [*command, str(tmp_path / "rank.py"), turn],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "rank 0 of 2" in done.stdout
    assert "rank 1 of 2" in done.stdout
