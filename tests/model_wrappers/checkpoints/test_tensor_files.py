import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.tensor_files import load_tensors, load_trained, require_contents, tensor_shapes

TENSORS = {"a.weight": torch.arange(6.0).reshape(2, 3), "b": torch.ones(())}


class Malicious:
    """Makes a file where it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return os.mkdir, (str(self.target),)


@pytest.fixture(params=["safetensors", "bin"])
def file(request, tmp_path):
    path = tmp_path / f"weights.{request.param}"
    save_file(TENSORS, path) if path.suffix == ".safetensors" else torch.save(TENSORS, path)
    return path


def test_shapes_and_tensors_come_back(file):
    assert tensor_shapes(file) == {"a.weight": (2, 3), "b": ()}
    assert all(torch.equal(tensor, TENSORS[name]) for name, tensor in load_tensors(file).items())


def test_half_a_file_is_said_to_be_damaged(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    for read in (tensor_shapes, load_tensors):
        with pytest.raises(EmtError, match="damaged or was copied in part"):
            read(file)


def test_a_malicious_pickle_is_refused_and_not_run(tmp_path):
    target, path = tmp_path / "was-run", tmp_path / "adapter_model.bin"
    torch.save({"a.weight": Malicious(target)}, path)
    for read in (tensor_shapes, load_tensors):
        with pytest.raises(EmtError, match=r"can run any code, so it was not done. Ask for the weights as safetensors"):
            read(path)
    assert not target.exists()


def test_something_else_than_named_tensors_is_refused(tmp_path):
    torch.save([1, 2], tmp_path / "weights.bin")
    with pytest.raises(EmtError, match="does not hold named tensors"):
        load_tensors(tmp_path / "weights.bin")


@pytest.mark.parametrize("name", ["adapter_model.bin", "model.safetensors"])
def test_a_pointer_of_git_lfs_is_called_that(name, tmp_path):
    (tmp_path / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    for read in (tensor_shapes, load_tensors):
        with pytest.raises(EmtError, match=r"pointer of git-lfs.*git lfs pull"):
            read(tmp_path / name)


@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf")])
def test_trained_weights_with_numbers_that_are_none_are_refused_by_name(suffix, wrong, tmp_path):
    tensors = {"sound": torch.ones(2), "odd": torch.tensor([1.0, wrong, wrong]), "odder": torch.tensor([wrong])}
    path = tmp_path / f"weights{suffix}"
    (save_file if suffix == ".safetensors" else torch.save)(tensors, path)
    with pytest.raises(EmtError, match=r"NaN or infinity in odd \(2 of 3 numbers\) and 1 more"):
        load_trained(path)
    assert set(load_tensors(path)) == {"sound", "odd", "odder"}


def test_a_pointer_of_git_lfs_among_a_folder_s_weights_is_named(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    require_contents(tmp_path)
    (tmp_path / "tokenizer.model").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    with pytest.raises(EmtError, match=r"tokenizer\.model is a pointer of git-lfs"):
        require_contents(tmp_path)


def test_a_file_that_ends_in_the_middle_is_called_damaged_whether_it_is_read_or_looked_at(tmp_path):
    path = tmp_path / "weights.bin"
    torch.save({"a": torch.ones(100, 100)}, path)
    path.write_bytes(path.read_bytes()[:5000])
    for read in (load_tensors, tensor_shapes):
        with pytest.raises(EmtError, match="damaged or was copied in part"):
            read(path)
