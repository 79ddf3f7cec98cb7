"""What an encoder is known by: what its files hold, wherever they lie."""

import shutil
from pathlib import Path

import pytest

from emt_tasks.preflight import Asked, checks
from finetuning.studies.run import contents

CONFIG = "open_clip_config.json"


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    folder = tmp_path / "mini-encoder"
    folder.mkdir()
    (folder / "open_clip_model.safetensors").write_bytes(b"weights")
    (folder / CONFIG).write_text("{}")
    return folder


def test_it_is_the_same_by_every_path_and_wherever_it_was_moved(
    encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = contents({"model": f"local-dir:{encoder}"})
    monkeypatch.chdir(tmp_path)
    assert contents({"model": "local-dir:mini-encoder"}) == known
    shutil.move(encoder, tmp_path / "moved")
    assert contents({"model": f"local-dir:{tmp_path / 'moved'}"}) == known
    assert str(tmp_path) not in str(known)


@pytest.mark.parametrize("file", ["open_clip_model.safetensors", CONFIG])
def test_it_is_another_when_a_file_of_it_is(encoder: Path, file: str) -> None:
    known = contents({"model": f"local-dir:{encoder}"})
    (encoder / file).write_bytes(b"others")
    assert contents({"model": f"local-dir:{encoder}"}) != known


def test_names_stay_names_even_beside_a_folder_that_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ViT-B-32").mkdir()
    monkeypatch.chdir(tmp_path)
    named = {"model": "ViT-B-32", "pretrained": "openai"}
    assert contents(named) == {"model": ["ViT-B-32"], "pretrained": ["openai"]}
    assert contents({"model": "local-dir:gone"}) == {"model": ["local-dir:gone"]}


def test_where_there_is_no_room_for_runs_the_option_of_the_command_is_named() -> None:
    *_, last = checks(Asked(("emt_mnist",), "emt_clip", {}, Path("/proc/nowhere"), elsewhere="--out"))
    assert str(last.problem).endswith("hoose another --out.")
