"""What is told of a miniature before it is made: measured once, less what a kept state has done, or why it can't be."""

import json
import resource
import shutil
from pathlib import Path

import pytest
import torch
from transformers import LlavaForConditionalGeneration

from emt_tasks.errors import EmtError
from finetuning.mini.base import FOLDER, UNTRAINED, MiniatureBase
from finetuning.mini.lessons import BASE, ENCODER
from finetuning.mini.memory import within_memory
from finetuning.studies.study import read_study
from finetuning.toy.stages import MANIFEST

BRIEF = {"epochs": 0.5, "batch_size": 16}
TINY = {
    "sets": ["mnist?rows=20", "cifar10?rows=500000"],
    "threads": 1,
    "encoder": {"width": 16, "layers": 2, "heads": 2, "text_width": 8, "text_layers": 1, "text_heads": 1, "shared": 8},
    "contrast": {"epochs": 2, "batch_size": 16},
    "language": {"width": 16, "layers": 1, "heads": 2, "vocabulary": 512},
    "sentences": {**BRIEF, "each": 1},
    "alignment": BRIEF,
    "instructions": BRIEF,
    "lists": BRIEF,
}


def base_in(out: Path, sets: Path, told: list[str] | None = None, **fields: object) -> MiniatureBase:
    study = {"miniature": {"like": "mini", **TINY, **fields}, "sets": ["mnist?rows=16"], "recipes": ["toy-linear"]}
    return MiniatureBase(read_study("mini", study), out, sets, (told if told is not None else []).append, live=False)


@pytest.fixture(scope="module")
def planned_once(sets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("planned")
    base_in(out, sets).planned()
    return out


@pytest.fixture
def out(planned_once: Path, tmp_path: Path) -> Path:
    """The folder of a study that has been planned once."""
    shutil.copytree(planned_once, tmp_path / "out")
    return tmp_path / "out"


def measured(told: list[str]) -> bool:
    return any(line.startswith("measuring") for line in told)


def test_it_is_told_by_an_untrained_base_of_its_sizes_and_measured_once(out: Path, sets: Path) -> None:
    told: list[str] = []
    base = base_in(out, sets, told)
    study, seconds = base.planned()
    assert not measured(told)
    assert not base.finished
    assert set(seconds) == {ENCODER, "language", "aligned", "instructed", BASE}
    assert all(each >= 0 for each in seconds.values())
    assert study.base == str(out / UNTRAINED)
    assert LlavaForConditionalGeneration.from_pretrained(study.base).config.text_config.hidden_size == 16


def test_the_plan_knows_its_rows_and_tells_of_sets_that_have_fewer(out: Path, sets: Path) -> None:
    told: list[str] = []
    base = base_in(out, sets, told)
    base.planned()
    assert base.rows["mnist"] == 20
    assert any(f"cifar10: {base.rows['cifar10']} rows, not the 500,000 asked for" in line for line in told)
    assert not any("mnist" in line for line in told)


def test_of_a_stage_that_was_killed_half_way_half_is_left(out: Path, sets: Path) -> None:
    base = base_in(out, sets)
    whole = base.planned()[1]
    inputs = json.loads((out / UNTRAINED / MANIFEST).read_text())["inputs"]
    assert inputs["making"] == base._making.digest
    digest = base._making._digest_of(ENCODER)
    state = base._making._state(ENCODER, digest)
    state.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"digest": digest, "losses": [1.0] * 3, "steps": 6}, state)
    assert base.planned()[1] == whole | {ENCODER: whole[ENCODER] / 2}
    torch.save({"digest": "another", "losses": [1.0] * 3, "steps": 6}, state)
    assert base.planned()[1] == whole


@pytest.mark.parametrize("damage", ["weights", "seconds", "older"])
def test_what_was_measured_and_is_damaged_is_measured_again(out: Path, sets: Path, damage: str) -> None:
    record = out / UNTRAINED / MANIFEST
    if damage == "weights":
        (out / UNTRAINED / "model.safetensors").write_bytes(b"")
    elif damage == "seconds":
        record.write_text(json.dumps(json.loads(record.read_text()) | {"outcome": {ENCODER: "soon"}}))
    else:
        record.unlink()  # as an older version left the folder
    told: list[str] = []
    assert set(base_in(out, sets, told).planned()[1]) == {ENCODER, "language", "aligned", "instructed", BASE}
    assert measured(told)


@pytest.mark.parametrize(("way", "said"), [("link", "is a link"), ("file", "is there and was not made here")])
def test_what_lies_in_the_way_of_the_untrained_base_is_named(tmp_path: Path, sets: Path, way: str, said: str) -> None:
    there = tmp_path / UNTRAINED
    if way == "link":
        (tmp_path / "elsewhere").mkdir()
        there.symlink_to(tmp_path / "elsewhere")
    else:
        there.write_text("mine")
    with pytest.raises(EmtError, match=rf"{UNTRAINED} {said}"):
        base_in(tmp_path, sets).planned()


def test_a_stage_that_is_a_link_and_not_whole_is_told_of_before_anything_is_measured(
    tmp_path: Path, sets: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / BASE).symlink_to(tmp_path / "elsewhere")
    told: list[str] = []
    with pytest.raises(EmtError, match=f"{BASE} is a link"):
        base_in(tmp_path, sets, told).planned()
    assert not measured(told)


def test_a_full_disk_is_told_of_in_a_sentence(tmp_path: Path, sets: Path) -> None:
    base = base_in(tmp_path, sets)
    base._making.require_own()  # which reads the sets, once
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, most))
    try:
        with pytest.raises(EmtError, match=rf"{UNTRAINED} can't be written .*make room or choose another --out"):
            base.planned()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


@pytest.mark.parametrize("field", ["language", "encoder"])
def test_a_model_that_no_memory_holds_is_refused_before_it_is_tried(tmp_path: Path, sets: Path, field: str) -> None:
    told: list[str] = []
    wide = {**TINY[field], "width": 10_000_000}  # type: ignore[dict-item]
    with pytest.raises(EmtError, match=r"does not fit into this machine's memory of .* GB.*Lower language\.width"):
        base_in(tmp_path, sets, told, **{field: wide}).planned()
    assert not measured(told)


def test_memory_that_torch_can_not_have_is_told_of_and_other_errors_stay_what_they_are() -> None:
    with pytest.raises(EmtError, match="does not fit"), within_memory():
        torch.empty(2**60)
    with pytest.raises(RuntimeError, match="must match"), within_memory():
        torch.ones(2) + torch.ones(3)
