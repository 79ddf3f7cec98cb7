import pytest
import torch

from emt_tasks.errors import EmtError
from model_wrappers.placement import placement


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
