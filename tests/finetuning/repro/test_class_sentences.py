"""Every class of our sets is worded; what is wrong with a wording is said."""

from pathlib import Path

import pytest

from emt_tasks.errors import EmtError, UnknownName
from emt_tasks.labels import ALL_SETS, label_set
from finetuning.repro.wording import read_wording


@pytest.mark.parametrize("key", ALL_SETS)
def test_each_class_of_our_sets_has_a_name_a_description_and_a_sentence_of_its_own(key: str) -> None:
    labels = label_set(key)
    wording = read_wording("described")
    assert set(wording.descriptions[key]) == set(labels.clip_names)
    said = wording.said(labels.labels, key)
    assert len(set(said)) == len(labels.labels)
    for sentence, name in zip(said, labels.clip_names, strict=True):
        assert name in sentence
        assert wording.descriptions[key][name] in sentence
        assert "{" not in sentence


def test_classes_of_other_sets_have_their_name_alone() -> None:
    assert read_wording("described").said(("red car", "cat"), "photos") == (
        "a photo of a red car.",
        "a photo of a cat.",
    )
    assert read_wording("plain").said(("red car",), "photos") == ("a photo of a red car.",)


def test_a_wording_of_ones_own_describes_ones_own_classes(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text('sentences: {other: "{c}: {d}"}\nwithout: {other: "{c}"}\ndescriptions: {photos: {cat: a pet}}\n')
    assert read_wording(str(path)).said(("cat", "dog"), "photos") == ("cat: a pet", "dog")


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("sentence: {other: x}", UnknownName, "Did you mean 'sentences'"),
        ("sentences: {mnist: a}", EmtError, "no sentence with {c} for 'photos'"),
        ('sentences: {other: "{c} {d}"}', EmtError, "no sentence with {c} for 'photos'"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, error: type[EmtError], said: str) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(error, match=said):
        read_wording(str(tmp_path / "mine.yaml")).said(("cat",), "photos")


def test_an_unknown_wording_has_the_nearest_name() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'described'"):
        read_wording("describe")
