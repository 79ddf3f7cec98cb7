"""One model over several devices: here memory and disk, with accelerate's own hooks."""

from pathlib import Path

import pytest
import toy_adapters
import toy_instructblip
import toy_models
import toy_otter
import toy_requests

from emt_tasks.errors import EmtError
from model_wrappers.base import HFModel
from model_wrappers.hf import EmtHf
from model_wrappers.instructblip import EmtInstructBlip
from model_wrappers.llava import EmtLlava
from model_wrappers.otter import EmtOtter

QUESTION = "What is the object in the image?"
FAMILIES = {
    "emt_llava": (EmtLlava, toy_models.llava),
    "emt_hf": (EmtHf, toy_models.qwen),
    "emt_instructblip": (EmtInstructBlip, toy_instructblip.saved),
    "emt_otter": (EmtOtter, lambda folder: toy_otter.toy_checkpoint(folder, "mpt")),
}


def said(lm: HFModel) -> tuple[list[str], list[float]]:
    rows = toy_requests.pictures(3)
    answers = toy_requests.ask(lm, [toy_requests.generate(QUESTION, row) for row in range(3)], rows)
    scores = toy_requests.ask(lm, [toy_requests.score(QUESTION, label, 0) for label in ("cat", "ship")], rows)
    return answers, [round(float(score[0]), 4) for score in scores]


@pytest.mark.parametrize("family", FAMILIES)
def test_half_on_disk_answers_and_scores_are_those_of_the_whole(family: str, tmp_path: Path) -> None:
    kind, make = FAMILIES[family]
    base = str(make(tmp_path / "base"))
    whole = said(kind(pretrained=base, device="cpu", batch_size=2))
    given = {"device_map": "auto", "max_memory": '{"cpu": "60KB"}', "offload_folder": str(tmp_path / "disk")}
    spread = kind(pretrained=base, device="cpu", batch_size=2, **given)
    assert "disk" in set(spread.model.hf_device_map.values())
    assert any(hasattr(module, "_hf_hook") for module in spread.model.modules())
    assert said(spread) == whole


def test_an_adapter_on_weights_without_a_device_is_refused(tmp_path: Path) -> None:
    base = toy_models.llava(tmp_path / "base")
    adapter = toy_adapters.lora(base, tmp_path / "lora")
    given = {"device_map": "auto", "max_memory": '{"cpu": "60KB"}', "offload_folder": str(tmp_path / "disk")}
    with pytest.raises(EmtError, match="device_map found no room on a device"):
        EmtLlava(pretrained=str(base), peft=str(adapter), device="cpu", **given)
    with_room = EmtLlava(pretrained=str(base), peft=str(adapter), device="cpu", device_map="auto")
    assert said(with_room) == said(EmtLlava(pretrained=str(base), peft=str(adapter), device="cpu"))


def test_a_map_of_modules_is_json(llava_folder: Path) -> None:
    lm = EmtLlava(pretrained=str(llava_folder), device="cpu", device_map='{"": "cpu"}')
    assert said(lm) == said(EmtLlava(pretrained=str(llava_folder), device="cpu"))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"max_memory": '{"cpu": "1GiB"}'}, "add device_map=auto"),
        ({"device_map": "auto", "max_memory": "{cpu: 1GiB}"}, "is no JSON"),
        ({"device_map": "auto", "max_memory": "20GiB"}, "is no JSON"),
        ({"device_map": "auto", "offload_folder": "/proc/nowhere"}, "can't be made"),
    ],
)
def test_what_can_not_be_used_is_said(llava_folder: Path, given: dict, told: str) -> None:
    with pytest.raises(EmtError, match=told):
        EmtLlava(pretrained=str(llava_folder), device="cpu", **given)
