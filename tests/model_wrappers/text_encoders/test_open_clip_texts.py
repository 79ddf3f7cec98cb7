"""Text towers of open_clip, at toy size, against open_clip's own encode_text; and who may have what is kept of them."""

import time
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
import toy_clip

from emt_tasks.clip_argmin import ClipSettings, encoder_of, read_all, require
from emt_tasks.errors import EmtError
from emt_tasks.labels import label_set
from model_wrappers.text_encoders import load_text_encoder

TEXTS = [
    "The object in the image is a ship.",
    "ship",
    "",
    "\u202e\U0001f6a2 \u0633\u0641\u064a\u0646\u0629",
    "8 " * 300,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_clip.saved(tmp_path_factory.mktemp("texts") / "toy")


@torch.no_grad()
def open_clips(folder: Path, texts: list[str]) -> np.ndarray:
    model = open_clip.create_model(f"local-dir:{folder}").eval()
    return model.encode_text(open_clip.get_tokenizer(f"local-dir:{folder}")(texts)).numpy()


@pytest.mark.parametrize("batch_size", [1, 2, 64])
def test_the_points_are_open_clips_whatever_the_batch(folder: Path, batch_size: int) -> None:
    found = load_text_encoder(str(folder), "cpu", batch_size).embedded(TEXTS)
    np.testing.assert_allclose(found.vectors, open_clips(folder, TEXTS), atol=1e-4)
    assert found.vectors.dtype == np.float32


def test_a_tower_is_trimmed_to_the_longest_text_and_is_whole_again_after(folder: Path) -> None:
    encoder = load_text_encoder(str(folder), "cpu")
    assert encoder._trims
    seen = []
    encoder._model.transformer.register_forward_pre_hook(lambda _module, given: seen.append(given[0].shape[1]))
    encoder.embedded(["a ship", "a"])
    assert seen == [4]
    assert encoder._model.positional_embedding.shape[0] == encoder._model.attn_mask.shape[0] == 77


def test_texts_past_77_tokens_are_told_apart(folder: Path) -> None:
    encoder = load_text_encoder(str(folder), "cpu")
    told = encoder.embedded(["a " * 75, "a " * 76, "a", ""]).truncated
    assert told.tolist() == [False, True, False, False]
    assert encoder.longest >= 77


def test_no_texts_are_no_points(folder: Path) -> None:
    assert load_text_encoder(str(folder), "cpu").embedded([]).vectors.shape == (0, toy_clip.CONFIG["embed_dim"])


def test_a_word_as_long_as_a_text_may_be_takes_no_more_than_a_moment(folder: Path) -> None:
    encoder = load_text_encoder(str(folder), "cpu")
    word = "".join(chr(ord("a") + n * n % 26) for n in range(encoder.longest))
    start = time.perf_counter()
    encoder.embedded([word])
    assert time.perf_counter() - start < 10


def test_the_picture_tower_is_let_go(folder: Path) -> None:
    names = dict(load_text_encoder(str(folder), "cpu")._model.named_parameters())
    assert names
    assert not [name for name in names if name.startswith("visual")]


def test_the_fingerprint_is_of_the_weights_wherever_they_lie(folder: Path, tmp_path: Path) -> None:
    same, other = toy_clip.saved(tmp_path / "same"), toy_clip.saved(tmp_path / "other", seed=1)
    mark = load_text_encoder(str(folder), "cpu").fingerprint
    assert load_text_encoder(str(same), "cpu").fingerprint == mark
    assert load_text_encoder(str(other), "cpu").fingerprint != mark


def test_a_file_of_weights_for_an_architecture_is_the_folders_encoder(folder: Path, tmp_path: Path) -> None:
    name = toy_clip.architecture(tmp_path)
    by_file = load_text_encoder(f"{name}={folder / 'open_clip_model.safetensors'}", "cpu")
    np.testing.assert_array_equal(
        by_file.embedded(TEXTS).vectors, load_text_encoder(str(folder), "cpu").embedded(TEXTS).vectors
    )


def test_answers_are_read_with_it_and_the_loaded_encoder_is_kept(folder: Path, tmp_path: Path) -> None:
    asked = ClipSettings(str(folder), device="cpu", cache=tmp_path / "kept.sqlite")
    assert require(asked) == f"{folder} ({encoder_of(asked).fingerprint[:12]})"
    assert encoder_of(asked) is encoder_of(asked)
    cifar = label_set("cifar10")
    sentences = [asked.sentence(label, "cifar10") for label in cifar.labels]
    found = read_all([*sentences, "x" * 10**6], cifar, asked)
    assert [reading.named for reading in found[:10]] == [(label,) for label in cifar.labels]
    assert [reading.extra["distance"] for reading in found[:10]] == pytest.approx([0] * 10, abs=1e-3)
    assert found[10].extra["truncated"]


@pytest.mark.parametrize(
    ("name", "device", "message"),
    [
        ("ViT-L-14/openai", "cpu", r"can't load ViT-L-14 openai.*Name another encoder, or a folder, by EMT_CLIP_TEXT"),
        ("/no/where", "cpu", "there is no folder"),
        ("ViT-L-14/openai", "gpu", "no device 'gpu' for texts"),
    ],
)
def test_an_encoder_that_cannot_be_had_is_said_with_what_to_do(name: str, device: str, message: str) -> None:
    with pytest.raises(EmtError, match=message):
        require(ClipSettings(name, device=device))


def test_a_pickle_with_code_is_not_run(folder: Path, tmp_path: Path, capsys) -> None:
    class Code:
        def __reduce__(self):
            return (print, ("this was run",))

    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "open_clip_config.json").write_text((folder / "open_clip_config.json").read_text())
    import pickle

    (bad / "open_clip_pytorch_model.bin").write_bytes(pickle.dumps({"x": Code()}))
    with pytest.raises(EmtError, match=r"pickled objects|can't load"):
        require(ClipSettings(str(bad), device="cpu"))
    assert "this was run" not in capsys.readouterr().out
