"""Settings from the environment and from task files."""

from pathlib import Path

import pytest

from emt_tasks.clip_argmin import ClipSettings
from emt_tasks.errors import EmtError, UnknownName


def test_the_defaults_are_the_papers_encoder_and_a_sentence_that_answers_its_question(monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    settings = ClipSettings.from_environment()
    assert settings == ClipSettings()
    assert settings.text_model == "ViT-L-14/openai"
    assert settings.sentence("pickup truck", "cifar100") == "The object in the image is a pickup truck."
    assert settings.sentence("7", "mnist") == "The number in the image is 7."
    assert settings.store == Path("/cache/emt-bench/embeddings.sqlite")


def test_the_environment_sets_each_field_and_a_task_file_has_the_last_word(monkeypatch) -> None:
    said = {
        "TEXT_MODEL": "a/b", "TEMPLATE": "a {label}", "NORMALISE": "no", "MAX_DISTANCE": "0.5", "DEVICE": "cpu",
        "BATCH_SIZE": "7", "CACHE": "/x/y.sqlite",
    }  # fmt: skip
    for name, value in said.items():
        monkeypatch.setenv(f"EMT_CLIP_{name}", value)
    settings = ClipSettings("a/b", "a {label}", False, 0.5, "cpu", 7, Path("/x/y.sqlite"))
    assert ClipSettings.from_environment() == settings
    assert ClipSettings.from_environment(text_model="c/d", max_distance=1).text_model == "c/d"
    assert settings.sentence("{label} \\1", "mnist") == "a {label} \\1"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("TEMPLATE", "a photo", "needs {label} once"),
        ("TEMPLATE", "{label} {label}", "needs {label} once"),
        ("TEMPLATE", "{label} in {place}", "no other place"),
        ("NORMALISE", "perhaps", "it is one of 1, true"),
        ("MAX_DISTANCE", "far", "MAX_DISTANCE is 'far'"),
        ("MAX_DISTANCE", "-1", "0 or more"),
        ("MAX_DISTANCE", "nan", "0 or more"),
        ("BATCH_SIZE", "0", "1 or more"),
        ("MAX_DISTNACE", "1", "Did you mean 'EMT_CLIP_MAX_DISTANCE'"),
    ],
)
def test_a_wrong_variable_is_said_with_its_name(monkeypatch, name: str, value: str, message: str) -> None:
    monkeypatch.setenv(f"EMT_CLIP_{name}", value)
    with pytest.raises(EmtError, match=message):
        ClipSettings.from_environment()


def test_a_task_file_with_an_unknown_setting_is_told_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"no setting of clip_argmin 'templat'\. Did you mean 'template'"):
        ClipSettings.from_environment(templat="a {label}")
    with pytest.raises(EmtError, match="TEXT_MODEL is empty"):
        ClipSettings.from_environment(text_model=" ")


def test_an_empty_variable_is_as_none(monkeypatch) -> None:
    monkeypatch.setenv("EMT_CLIP_MAX_DISTANCE", "")
    assert ClipSettings.from_environment().max_distance is None
