"""Which encoder a name means, before anything is loaded."""

from pathlib import Path

import pytest

from emt_tasks.errors import EmtError, UnknownName
from model_wrappers.text_encoders.naming import ClipTexts, Sentences, text_source
from model_wrappers.zero_shot.arguments import Source


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("ViT-L-14/openai", ClipTexts(Source("ViT-L-14", "openai", quick_gelu=True))),
        ("ViT-L/14/openai", ClipTexts(Source("ViT-L-14", "openai", quick_gelu=True))),
        ("ViT-L-14 openai", ClipTexts(Source("ViT-L-14", "openai", quick_gelu=True))),
        (" ViT-H-14/laion2b_s32b_b79k ", ClipTexts(Source("ViT-H-14", "laion2b_s32b_b79k"))),
        ("hf-hub:laion/some-clip", ClipTexts(Source("hf-hub:laion/some-clip", None))),
        ("sentence-transformers/all-MiniLM-L6-v2", Sentences("sentence-transformers/all-MiniLM-L6-v2")),
        ("all-MiniLM-L6-v2", Sentences("sentence-transformers/all-MiniLM-L6-v2")),
        ("BAAI/bge-small-en-v1.5", Sentences("BAAI/bge-small-en-v1.5")),
    ],
)
def test_a_name_means_what_its_library_means_by_it(name: str, source: object) -> None:
    assert text_source(name) == source


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ViT-L-15/openai", "no architecture of open_clip 'ViT-L-15'. Did you mean 'ViT-"),
        ("ViT-L-14/opanai", "of ViT-L-14 'opanai'. Did you mean 'openai'"),
        ("ViT-L-14", "ViT-L-14 needs a tag, as in ViT-L-14/openai"),
        ("/no where/at all", "there is no folder '/no where/at all'"),
        ("ViT-L-14=/no/where.safetensors", "no such file or folder"),
        ("/no/where", "there is no folder '/no/where'"),
        ("~/no-where-at-all", "there is no folder"),
        ("a/b/c", "neither a folder here nor a name that the hub allows"),
        ("local-dir:/no/where", "there is no folder '/no/where'"),
    ],
)
def test_what_does_not_exist_is_said(name: str, message: str) -> None:
    with pytest.raises(EmtError, match=message):
        text_source(name)


def test_a_folder_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    with pytest.raises(EmtError, match=r"holds no encoder of texts: neither open_clip_config\.json"):
        text_source(str(tmp_path))
    (tmp_path / "modules.json").write_text("[]")
    assert text_source(str(tmp_path)) == Sentences(str(tmp_path))
    for name in ("open_clip_config.json", "a.safetensors"):
        (tmp_path / name).write_text("{}")
    assert text_source(str(tmp_path)) == ClipTexts(Source(f"local-dir:{tmp_path}", None))


def test_a_file_of_weights_needs_its_architecture(tmp_path: Path) -> None:
    file = tmp_path / "my weights.safetensors"
    file.write_text("")
    with pytest.raises(EmtError, match=r"Name it too, as in ViT-L-14="):
        text_source(str(file))
    assert text_source(f"ViT-L-14={file}") == ClipTexts(Source("ViT-L-14", str(file)))


def test_an_unknown_architecture_is_an_unknown_name() -> None:
    with pytest.raises(UnknownName):
        text_source("ViT-L-15/openai")
