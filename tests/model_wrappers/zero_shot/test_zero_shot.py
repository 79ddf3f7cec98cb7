"""Class features against open_clip's own."""

from pathlib import Path

import open_clip
import pytest
import torch
import toy_clip

from emt_tasks.labels import ALL_SETS, label_set
from model_wrappers.zero_shot.classifier import Classifiers, asked_with, class_features
from model_wrappers.zero_shot.prompt_templates import read_templates


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory):
    torch.set_num_threads(1)
    folder: Path = toy_clip.saved(tmp_path_factory.mktemp("clip"))
    model = open_clip.create_model(f"local-dir:{folder}")
    return model.eval(), open_clip.get_tokenizer(f"local-dir:{folder}")


@pytest.mark.parametrize(("key", "classes"), [("mnist", 10), ("cifar10", 10), ("cifar100", 25), ("miniimagenet", 12)])
def test_class_features_are_open_clips(encoder, key, classes):
    model, tokenizer = encoder
    names, sentences = label_set(key).clip_names[:classes], read_templates("clip_benchmark").sentences(key)
    own = class_features(model, tokenizer, names, sentences, torch.device("cpu"))
    theirs = open_clip.build_zero_shot_classifier(model, tokenizer, names, [s.replace("{c}", "{}") for s in sentences])
    assert own.shape == (classes, 24)
    torch.testing.assert_close(own, theirs.T, atol=1e-5, rtol=0)
    assert torch.unique((own * 1e4).round(), dim=0).shape[0] == classes


def test_a_name_with_braces_is_taken_as_it_is(encoder):
    model, tokenizer = encoder
    odd = class_features(model, tokenizer, ["{0}", "a"], ["a {c}."], torch.device("cpu"))
    assert not torch.allclose(odd[0], odd[1])


def test_a_classifier_is_built_once(encoder, monkeypatch):
    model, tokenizer = encoder
    texts = []
    classifiers = Classifiers(
        model, lambda some: texts.extend(some) or tokenizer(some), read_templates("a {c}."), torch.device("cpu")
    )
    labels = label_set("cifar10").labels
    assert classifiers.of(labels) is classifiers.of(tuple(labels))
    assert texts == [f"a {name}." for name in labels]


@pytest.mark.parametrize("key", ALL_SETS)
def test_an_emt_set_is_asked_with_clips_names(key):
    asked = asked_with(list(label_set(key).labels))
    assert (asked.key, asked.names) == (key, label_set(key).clip_names)


def test_other_labels_are_asked_with_as_they_are():
    assert asked_with(["tabby", "manx"]).names == ("tabby", "manx")
    assert asked_with(["tabby", "manx"]).key == ""
