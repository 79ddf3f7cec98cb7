"""Indexes that say nothing, and those that say which weight is where."""

import json

import pytest
from toy_llava_repository import repository_llava
from toy_otter import toy_checkpoint

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.weight_index import file_of, files_of
from model_wrappers.hf import EmtHf
from model_wrappers.llava import EmtLlava
from model_wrappers.otter import EmtOtter

DAMAGED = ["[]", "{}", '{"weight_map": 3}', '{"weight_map": {"a": 3}}', '{"weight_map": {}}', "{"]


@pytest.mark.parametrize("text", DAMAGED)
def test_an_index_that_says_nothing_is_named(text, tmp_path):
    (tmp_path / "model.safetensors.index.json").write_text(text)
    with pytest.raises(EmtError, match=r"model\.safetensors\.index\.json .*Copy it again"):
        files_of(tmp_path)


def test_the_files_come_once_and_in_order(tmp_path):
    index = tmp_path / "pytorch_model.bin.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "2.bin", "b": "1.bin", "c": "2.bin"}}))
    assert files_of(tmp_path) == ["1.bin", "2.bin"]
    assert file_of(index)["c"] == "2.bin"
    assert files_of(tmp_path / "no") is None


def test_every_wrapper_names_a_damaged_index(llava_folder, tmp_path):
    hf = tmp_path / "hf"
    hf.mkdir()
    for file in llava_folder.iterdir():
        (hf / file.name).write_bytes(file.read_bytes())
    wrappers = {EmtHf: hf, EmtLlava: repository_llava(tmp_path / "llava").folder}
    wrappers[EmtOtter] = toy_checkpoint(tmp_path / "otter", "llama")
    for wrapper, folder in wrappers.items():
        (folder / "model.safetensors.index.json").write_text("{}")
        with pytest.raises(EmtError, match="does not say which weight is in which file"):
            wrapper(pretrained=str(folder), device="cpu")
