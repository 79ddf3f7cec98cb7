"""Encoders and vocabularies are looked for before anything is loaded, and not fetched."""

from pathlib import Path

import pytest
import toy_clip
from huggingface_hub import constants

from emt_tasks.errors import EmtError
from model_wrappers.clip import EmtClip
from model_wrappers.lens import EmtLens

TAGGED = {"model": "ViT-L-14", "pretrained": "openai"}


def in_the_hub_s_cache(root: Path, hub_id: str, file: str) -> None:
    """Put a `file` of `hub_id` where huggingface_hub keeps what it has fetched."""
    folder = root / f"models--{hub_id.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("0" * 40)
    (folder / "snapshots" / ("0" * 40)).mkdir(parents=True)
    (folder / "snapshots" / ("0" * 40) / file).write_text("{}")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    return tmp_path


def test_a_tag_that_can_t_be_had_is_told_with_its_repository(cache):
    with pytest.raises(EmtError, match=r"pretrained=timm/vit_large_patch14_clip_224\.openai: .*HF_HUB_OFFLINE is set"):
        EmtClip.locate(TAGGED)


@pytest.mark.parametrize("file", ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"])
def test_a_tag_in_the_cache_is_there_without_a_network(cache, file):
    in_the_hub_s_cache(cache, "timm/vit_large_patch14_clip_224.openai", file)
    assert EmtClip.locate(TAGGED) == {"pretrained": "ViT-L-14 openai"}


def test_a_model_of_the_hub_is_looked_for_by_its_id(cache):
    with pytest.raises(EmtError, match="pretrained=somebody/clip: "):
        EmtClip.locate({"model": "hf-hub:somebody/clip"})


def test_a_folder_is_there(cache, tmp_path):
    folder = toy_clip.saved(tmp_path / "clip")
    assert EmtClip.locate({"pretrained": str(folder)}) == {"pretrained": f"local-dir:{folder}"}


def test_lens_looks_for_each_of_its_parts(cache, tmp_path):
    clip = str(toy_clip.saved(tmp_path / "clip"))
    phrases = tmp_path / "phrases.txt"
    phrases.write_text("a ship\n")
    given = {"clip_pretrained": clip, "tags": str(phrases)}
    with pytest.raises(EmtError, match="pretrained=google/flan-t5-xl: "):
        EmtLens.locate(given)
    in_the_hub_s_cache(cache, "google/flan-t5-xl", "config.json")
    with pytest.raises(EmtError, match="blip=Salesforce/blip-image-captioning-large: "):
        EmtLens.locate(given)
    in_the_hub_s_cache(cache, "Salesforce/blip-image-captioning-large", "config.json")
    with pytest.raises(EmtError, match="attributes=llm-lens/attributes: "):
        EmtLens.locate(given)
    found = EmtLens.locate(given | {"attributes": str(phrases)})
    assert list(found) == ["pretrained", "blip", "clip_pretrained", "tags", "attributes"]
