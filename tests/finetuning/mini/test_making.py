"""A miniature of some thousand weights: its parts are what they are said to be, and its making repeats."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from open_clip import create_model
from PIL import Image
from transformers import LlavaForConditionalGeneration

from emt_tasks.errors import EmtError, UnknownName
from finetuning.mini.encoder import EncoderFields, new_encoder, save_encoder, tower_of_encoder
from finetuning.mini.lessons import BASE, ENCODER
from finetuning.mini.making import Making
from finetuning.mini.miniature import Miniature, read_miniature
from finetuning.mini.pictures import pictures_of, scaled, varied
from finetuning.records.rows import instruction_rows
from finetuning.records.wording import read_template
from finetuning.studies.study import read_study
from finetuning.toy.stages import MANIFEST
from finetuning.training.threads import on_threads
from model_wrappers.clip import EmtClip
from model_wrappers.llava import EmtLlava

SIZES = {"width": 16, "layers": 2, "heads": 2, "text_width": 8, "text_layers": 1, "text_heads": 1, "shared": 8}
BRIEF = {"epochs": 0.5, "batch_size": 16}
TINY = {
    "sets": ["mnist?rows=20", "cifar10?rows=20"],
    "threads": 1,
    "encoder": SIZES,
    "contrast": {"epochs": 2, "batch_size": 16},
    "language": {"width": 16, "layers": 1, "heads": 2, "vocabulary": 512},
    "sentences": {**BRIEF, "each": 1},
    "alignment": BRIEF,
    "instructions": BRIEF,
    "lists": BRIEF,
}


@pytest.fixture(scope="session")
def tiny() -> Miniature:
    return read_miniature("mini", TINY)


@pytest.fixture(scope="session")
def made(tiny: Miniature, sets: Path, tmp_path_factory: pytest.TempPathFactory) -> Making:
    making = Making(tiny, tmp_path_factory.mktemp("made"), sets, lambda _: None)
    making.run()
    return making


def files(making: Making) -> dict[str, bytes]:
    return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in sorted(making.out.rglob("*.safetensors"))}


def test_the_tower_in_transformers_computes_what_open_clip_computes() -> None:
    sizes = EncoderFields(**SIZES)
    encoder = new_encoder(sizes, 0).eval()
    tower = tower_of_encoder(encoder, sizes, "e")
    pixels = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        seen = tower(pixels).pooler_output @ encoder.visual.proj
        torch.testing.assert_close(seen, encoder.encode_image(pixels), rtol=1e-4, atol=1e-5)


def test_open_clip_reads_the_encoder_back(tmp_path: Path) -> None:
    sizes = EncoderFields(**SIZES)
    encoder = new_encoder(sizes, 0)
    save_encoder(encoder, sizes, tmp_path)
    again = create_model(f"local-dir:{tmp_path}", require_pretrained=True)
    assert all(torch.equal(again.state_dict()[name], tensor) for name, tensor in encoder.state_dict().items())


def test_the_encoder_and_the_model_around_it_answer_and_name_the_same_encoder(made: Making) -> None:
    encoder = EmtClip(model=f"local-dir:{made.encoder}", device="cpu")
    base = EmtLlava(pretrained=str(made.base), device="cpu")
    assert encoder.encoder == base.encoder == ENCODER


def test_the_frozen_tower_is_the_encoder_in_every_stage(made: Making) -> None:
    before, after = (LlavaForConditionalGeneration.from_pretrained(made.out / name) for name in ("language", BASE))
    learnt = {name for name, weight in after.named_parameters() if not torch.equal(weight, before.get_parameter(name))}
    assert learnt
    assert not [name for name in learnt if "vision_tower" in name]
    assert {name.split(".")[1] for name in learnt if name.startswith("model.")} == {
        "language_model",
        "multi_modal_projector",
    }


def test_made_twice_it_has_the_same_weights_and_a_second_start_keeps_all(
    made: Making, tiny: Miniature, sets: Path, tmp_path: Path
) -> None:
    again = Making(tiny, tmp_path, sets, lambda _: None)
    again.run()
    assert files(again) == files(made)
    told: list[str] = []
    Making(tiny, tmp_path, sets, told.append).run()
    assert len(told) == 5
    assert all("kept" in line for line in told)


def test_a_file_that_is_not_as_it_was_written_is_made_anew_and_told_of(
    made: Making, tiny: Miniature, sets: Path, tmp_path: Path
) -> None:
    shutil.copytree(made.out, tmp_path, dirs_exist_ok=True)
    weights = tmp_path / BASE / "model.safetensors"
    turned = bytearray(weights.read_bytes())
    turned[-1] ^= 1
    weights.write_bytes(turned)
    (tmp_path / "aligned/model.safetensors").write_bytes(b"")
    told: list[str] = []
    making = Making(tiny, tmp_path, sets, told.append)
    assert not making.finished
    making.run()
    assert [line.split()[0] for line in told if "not as they were written" in line] == ["aligned", BASE]
    assert files(making) == files(made)


def test_a_stage_that_diverges_is_named_with_the_field_that_mends_it(made: Making, sets: Path, tmp_path: Path) -> None:
    shutil.copytree(made.out, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / BASE)
    wild = read_miniature("mini", {**TINY, "lists": {**BRIEF, "learning_rate": 1e30, "epochs": 4}})
    with pytest.raises(EmtError, match=r"stage mini-llava .*diverged.*Lower lists\.learning_rate"):
        Making(wild, tmp_path, sets, lambda _: None).run()


def test_what_a_kill_leaves_beside_a_finished_stage_is_gone_after_the_next_start(
    made: Making, tiny: Miniature, sets: Path, tmp_path: Path
) -> None:
    shutil.copytree(made.out, tmp_path, dirs_exist_ok=True)
    left = [tmp_path / f".instructed.{end}" for end in ("0a1b2c3d.state", "0a1b2c3d.state.part", "spent.json")]
    for path in left:
        path.write_bytes(b"half")
    Making(tiny, tmp_path, sets, lambda _: None).run()
    assert not [path for path in left if path.exists()]
    assert files(made).keys() == {f"{path.parent.name}/{path.name}" for path in tmp_path.rglob("*.safetensors")}


def test_every_stage_tells_its_cost_and_one_of_an_older_version_is_kept_and_tells_none(
    made: Making, tiny: Miniature, sets: Path, tmp_path: Path
) -> None:
    assert list(made.cost) == [ENCODER, "language", "aligned", "instructed", BASE]
    assert all(spent is not None and spent.cpu > 0 for spent in made.cost.values())
    shutil.copytree(made.out, tmp_path, dirs_exist_ok=True)
    record = tmp_path / "aligned" / MANIFEST
    told = json.loads(record.read_text())
    del told["spent"]
    record.write_text(json.dumps(told))
    older = Making(tiny, tmp_path, sets, lambda _: None)
    assert older.finished
    assert older.cost == made.cost | {"aligned": None}


def test_another_miniature_in_the_folder_is_refused_and_stays(made: Making, sets: Path, tmp_path: Path) -> None:
    shutil.copytree(made.out, tmp_path, dirs_exist_ok=True)
    other = read_miniature("mini", {**TINY, "contrast": {"epochs": 1, "batch_size": 16}})
    with pytest.raises(
        EmtError, match=r"mini-encoder is of another miniature: training\.epochs \(2\.0 there, 1\.0 here\)"
    ):
        Making(other, tmp_path, sets, lambda _: None).run()
    assert {path.name: path.read_bytes() for path in tmp_path.rglob("*.safetensors")} == {
        path.name: path.read_bytes() for path in made.out.rglob("*.safetensors")
    }


def test_on_any_number_of_threads_the_weights_are_those_of_the_recipes(
    made: Making, tiny: Miniature, sets: Path, tmp_path: Path
) -> None:
    with on_threads(2):
        here = torch.get_num_threads()
        again = Making(tiny, tmp_path, sets, lambda _: None)
        again.run()
        assert torch.get_num_threads() == here
    assert files(again) == files(made)


def test_a_context_that_cuts_sentences_is_refused(sets: Path, tmp_path: Path) -> None:
    short = read_miniature("mini", {**TINY, "encoder": {**SIZES, "context": 8}})
    with pytest.raises(EmtError, match=r"encoder\.context: 8 tokens are too few for '.*', which takes 1\d"):
        Making(short, tmp_path, sets, lambda _: None).run()


def test_stopped_after_each_stage_it_ends_with_the_same_weights(
    made: Making, tiny: Miniature, sets: Path, tmp_path: Path
) -> None:
    def stop(line: str) -> None:
        if "kept" not in line and line.split()[0] not in ("reading", "encoding") and not line.startswith(ENCODER):
            raise KeyboardInterrupt

    started: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        Making(tiny, tmp_path, sets, stop).run()
    making = Making(tiny, tmp_path, sets, started.append)
    making.run()
    assert "kept" in started[0]
    assert files(making) == files(made)


def test_digits_are_moved_and_never_mirrored() -> None:
    torch.manual_seed(0)
    pixels = torch.zeros(64, 3, 8, 8, dtype=torch.uint8)
    pixels[:, :, :, 0] = 200  # a bar at the left
    moved = varied(pixels, torch.ones(64, dtype=torch.bool), 2)
    assert moved.shape == pixels.shape
    assert not (moved[:, :, :, 5:] > 0).any()
    free = varied(pixels, torch.zeros(64, dtype=torch.bool), 2)
    assert (free[:, :, :, 5:] > 0).any()


@pytest.mark.parametrize(("width", "height"), [(84, 84), (28, 28), (40, 20), (20, 50)])
def test_pictures_of_any_shape_are_scaled_to_a_square(width: int, height: int) -> None:
    assert scaled(Image.new("RGB", (width, height)), 32).shape == (32, 32, 3)


def test_a_word_of_two_sets_is_one_class_and_a_digit_is_no_object(sets: Path) -> None:
    rows = instruction_rows(["mnist?rows=4", "cifar10?rows=4"], read_template("reproduction"), 0, sets)
    pictures = pictures_of(rows, 32)
    assert len(pictures.classes) == 20
    assert {noun for noun, _ in pictures.classes} == {"number", "object"}
    for subject in pictures.subjects:
        for row, target in zip(subject.rows.tolist(), subject.targets.tolist(), strict=True):
            assert pictures.classes[int(pictures.targets[row])] == (subject.noun, subject.words[target])


def test_an_unknown_field_and_a_study_without_a_base_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="contrast"):
        read_miniature("mini", {"contrasts": {}})
    path = tmp_path / "study.yaml"
    path.write_text("sets: [mnist]\nrecipes: [toy-linear]\n")
    with pytest.raises(EmtError, match="--base"):
        read_study(str(path))


@pytest.mark.parametrize(
    "fields",
    [
        {"encoder": {"patch": 5}},
        {"encoder": {"heads": 5}},
        {"language": {"heads": 3}},
        {"sets": ["mnist?row=3"]},
        {"contrast": {"epochs": 0}},
        {"contrast": {"epochs": 3, "horizon": 2}},
        {"seed": 2**60},
        {"threads": 0},
        {"lists": {"talks": []}},
        {"lists": {"talks": [{"template": "paper", "share": 0}]}},
    ],
)
def test_sizes_that_fit_no_model_and_rates_that_teach_nothing_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(EmtError):
        read_miniature("mini", fields)
