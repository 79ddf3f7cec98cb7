"""Models of sentence-transformers, at toy size, against the library's own encode."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sentence_transformers", reason="needs the extra `sentences`")

import toy_sentences

from emt_tasks.clip_argmin import ClipSettings, read_all, require
from emt_tasks.errors import EmtError
from emt_tasks.labels import label_set
from model_wrappers.text_encoders import load_text_encoder
from model_wrappers.text_encoders.sentence_models import folder_fingerprint

TEXTS = ["the object is a ship", "ship", "", "a (truck)?", "\u202e\U0001f6a2", "frog " * 20]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_sentences.saved(tmp_path_factory.mktemp("sentences") / "toy")


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_the_points_are_the_librarys_whatever_the_batch(folder: Path, batch_size: int) -> None:
    from sentence_transformers import SentenceTransformer

    found = load_text_encoder(str(folder), "cpu", batch_size).embedded(TEXTS)
    theirs = SentenceTransformer(str(folder), device="cpu").encode(TEXTS)
    np.testing.assert_allclose(found.vectors, theirs, atol=1e-5)
    assert found.truncated.tolist() == [True, False, False, False, False, True]


def test_answers_are_read_with_it(folder: Path, tmp_path: Path) -> None:
    asked = ClipSettings(str(folder), "{label}", device="cpu", cache=tmp_path / "kept.sqlite")
    cifar = label_set("cifar10")
    found = read_all([*cifar.labels, "x" * 10**6, ""], cifar, asked)
    assert [reading.named for reading in found[:10]] == [(label,) for label in cifar.labels]
    assert (found[10].extra["truncated"], found[11].says_something) == (True, False)


def test_the_fingerprint_is_of_weights_settings_and_words_not_of_the_place(folder: Path, tmp_path: Path) -> None:
    mark = folder_fingerprint(folder)
    assert load_text_encoder(str(folder), "cpu").fingerprint == mark
    copy = tmp_path / "copy"
    for file in folder.rglob("*"):
        if file.is_file():
            (copy / file.relative_to(folder)).parent.mkdir(parents=True, exist_ok=True)
            (copy / file.relative_to(folder)).write_bytes(file.read_bytes())
    (copy / "pytorch_model.bin").write_bytes(b"the same weights in another format")
    assert folder_fingerprint(copy) == mark
    pooling = json.loads((copy / "1_Pooling" / "config.json").read_text())
    (copy / "1_Pooling" / "config.json").write_text(json.dumps({**pooling, "changed": 1}))
    assert folder_fingerprint(copy) != mark


def test_a_model_that_is_nowhere_or_damaged_is_said_with_what_to_do(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(EmtError, match=r"can't load nobody/nothing.*EMT_CLIP_TEXT_MODEL"):
        require(ClipSettings("nobody/nothing", device="cpu"))
    (tmp_path / "modules.json").write_text((folder / "modules.json").read_text())
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(EmtError, match="sentence-transformers can't load"):
        require(ClipSettings(str(tmp_path), device="cpu"))
