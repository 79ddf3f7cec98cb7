import pytest

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.hub_files import find_file, local_folder


@pytest.mark.parametrize("name", ["/no/such/folder", "./nowhere", "~/nowhere-at-all", "runs/a/b/epoch-1"])
def test_a_path_that_is_not_there_is_said_to_be_a_missing_folder(name):
    with pytest.raises(EmtError, match="there is no such folder"):
        local_folder(name, "peft")


def test_a_hub_id_that_is_nowhere_is_named_with_what_to_do():
    with pytest.raises(
        EmtError, match=r"pretrained=owner/name.*HF_HUB_OFFLINE is set. Unset it to download, or name a folder"
    ):
        find_file("owner/name", ["config.json"], "pretrained")


def test_a_name_that_no_hub_allows_is_called_that():
    with pytest.raises(EmtError, match="neither a folder here nor a name that the hub allows"):
        find_file("what is this", ["config.json"], "pretrained")


def test_a_file_is_not_a_folder(tmp_path):
    (tmp_path / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(EmtError, match=r"is a file. Name the folder"):
        local_folder(str(tmp_path / "adapter_model.safetensors"), "peft")


def test_the_first_file_that_is_there_is_taken(tmp_path):
    (tmp_path / "b").touch()
    assert find_file(str(tmp_path), ["a", "b"], "peft") == tmp_path / "b"
    assert find_file(str(tmp_path), ["a"], "peft") is None
