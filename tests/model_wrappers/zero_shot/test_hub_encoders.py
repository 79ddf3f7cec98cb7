"""Encoders named by `hf-hub:`, through the real clients, from a hub on loopback and then from the cache alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import toy_clip
import toy_hub
from toy_requests import ask, generate
from toy_requests import pictures as noise

from emt_tasks.errors import EmtError
from emt_tasks.labels import label_set
from model_wrappers.clip import EmtClip
from model_wrappers.text_encoders import load_text_encoder

TESTS = Path(__file__).parents[2]
CIFAR = list(label_set("cifar10").labels)


def told(name: str) -> dict:
    """What the encoder `name` is and answers, on pictures and on a text."""
    lm = EmtClip(model=name, template="a {c}.", device="cpu", batch_size=4)
    rows = [{**row, "labels": CIFAR} for row in noise(5)]
    return {
        "answers": ask(lm, [generate("?", row) for row in range(5)], rows),
        "weights": lm.weights_fingerprint() if name.startswith("hf-hub:") else None,
        "text": load_text_encoder(name, "cpu").embedded(["a ship"]).vectors[0, :3].tolist(),
    }


def in_a_process(endpoint: str, home: Path, offline: bool) -> list:
    """What a new process is told of an encoder that the hub has, and of one that it has not."""
    places = [str(TESTS), str(TESTS / "model_wrappers"), str(Path(__file__).parent)]
    code = (
        f"import sys, json; sys.path[:0] = {places!r}\n"
        "from test_hub_encoders import refusal, told\n"
        "print(json.dumps([told('hf-hub:somebody/clip'), refusal('hf-hub:nobody/clip')]))"
    )
    environment = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_OFFLINE": str(int(offline))}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def refusal(name: str) -> str:
    """What is said of an encoder that is not there."""
    with pytest.raises(EmtError) as said:
        load_text_encoder(name, "cpu")
    return str(said.value)


def test_a_hub_encoder_is_the_folder_it_was_fetched_from_and_needs_no_network_the_second_time(tmp_path: Path) -> None:
    folder = toy_clip.saved(tmp_path / "clip")
    with toy_hub.served({"somebody/clip": folder}) as endpoint:
        first, missing = in_a_process(endpoint, tmp_path / "home", offline=False)
    here = told(f"local-dir:{folder}")
    assert first["answers"] == here["answers"]
    assert first["text"] == pytest.approx(here["text"], abs=1e-5)
    assert "open_clip can't load hf-hub:nobody/clip" in missing
    again, _ = in_a_process(endpoint, tmp_path / "home", offline=True)
    assert again == first
