from pathlib import Path

import pytest

from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.labels import ALL_SETS
from model_wrappers.zero_shot.prompt_templates import read_templates


def test_clip_benchmarks_sentences_are_there_for_every_set():
    templates = read_templates("clip_benchmark")
    assert {key: len(templates.sentences(key)) for key in ALL_SETS} == {
        "mnist": 1, "cifar10": 18, "cifar100": 18, "miniimagenet": 80,
    }  # fmt: skip
    assert templates.sentences("mnist") == ('a photo of the number: "{c}".',)
    assert "a low contrast photo of a {c}." in templates.sentences("cifar100")


def test_one_sentence_is_for_every_set():
    templates = read_templates("a {c}!")
    assert templates.sentences("mnist") == templates.sentences("") == ("a {c}!",)


def test_a_file_has_its_own_and_its_content_is_its_fingerprint(tmp_path: Path):
    file = tmp_path / "mine.yaml"
    file.write_text("mnist: ['{c}', 'digit {c}']\n")
    before = read_templates(str(file))
    assert before.sentences("mnist") == ("{c}", "digit {c}")
    file.write_text("mnist: ['{c}', 'the digit {c}']\n")
    assert read_templates(str(file)).fingerprint != before.fingerprint


def test_a_set_without_sentences_is_named_with_what_to_do():
    with pytest.raises(EmtError, match=r"no sentences for labels that are no EMT set.*Pass one sentence"):
        read_templates("clip_benchmark").sentences("")


@pytest.mark.parametrize("content", ["mnist: []", "mnist: [a digit]", "mnist: a {c}", "- a", "", "mnist: [{", "\x80"])
def test_a_file_of_another_form_is_refused(tmp_path: Path, content: str):
    (tmp_path / "bad.yaml").write_text(content, encoding="latin1")
    with pytest.raises(EmtError, match=r"bad\.yaml"):
        read_templates(str(tmp_path / "bad.yaml"))


def test_an_unknown_name_has_the_nearest():
    with pytest.raises(UnknownName, match="Did you mean 'clip_benchmark'"):
        read_templates("clip_benchmrk")
