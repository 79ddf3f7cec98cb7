"""`emt checkpoint`, in this process: what it prints and writes, and with which code it leaves."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from toy_llava_repository import repository_llava, train_lora

from emt_tasks.cli import emt
from emt_tasks.errors import EmtError


def call(*words: object) -> Result:
    return CliRunner().invoke(emt, ["checkpoint", *map(str, words)])


@pytest.fixture(scope="module")
def lora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    return train_lora(repository_llava(folder / "llava"), folder / "lora")


def test_inspect_says_what_it_is_as_a_table_and_as_json(lora: Path) -> None:
    done = call("inspect", lora)
    assert done.exit_code == 0
    assert "llava-repository" in done.stdout
    said = json.loads(call("inspect", lora, "--json").stdout)
    assert (said["method"], said["rank"], said["projector"]) == ("lora", 4, "mlp2x_gelu")
    assert all(len(digest) == 64 for digest in said["files"].values())


def test_inspect_leaves_with_1_where_something_is_missing(lora: Path, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_bytes((lora / "adapter_config.json").read_bytes())
    assert call("inspect", tmp_path).exit_code == 1


def test_convert_prints_the_folder_and_names_what_comes_next(lora: Path, tmp_path: Path) -> None:
    done = call("convert", lora, "--out", tmp_path / "peft")
    assert done.exit_code == 0, done.output
    assert done.stdout.strip() == str(tmp_path / "peft")
    assert "next: emt doctor --model-args pretrained=" in done.stderr
    again = call("convert", lora, "--out", tmp_path / "peft")
    assert isinstance(again.exception, EmtError)
    assert "is there already" in str(again.exception)


@pytest.mark.parametrize("words", [["--help"], ["inspect", "--help"], ["convert", "--help"]])
def test_help_has_an_example(words: list[str]) -> None:
    assert "emt checkpoint" in call(*words).stdout.partition("Example")[2]
