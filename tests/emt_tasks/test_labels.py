"""The label files: complete, in the hub's order, and spelled as the prompt and CLIP spell them."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from emt_tasks.errors import UnknownName
from emt_tasks.labels import ALL_SETS, label_set

SHARED = Path(__file__).parents[3] / "shared" / "data"
SIZES = {"mnist": 10, "cifar10": 10, "cifar100": 100, "miniimagenet": 100}
HUB = {
    "mnist": ("mnist", "label"),
    "cifar10": ("cifar10", "label"),
    "cifar100": ("cifar100", "fine_label"),
    "miniimagenet": ("mini-imagenet", "label"),
}


@pytest.mark.parametrize("key", ALL_SETS)
def test_a_set_has_all_its_classes_each_once(key: str) -> None:
    labels = label_set(key)
    for column in (labels.hub_names, labels.labels, labels.clip_names, labels.names):
        assert len(column) == len(set(column)) == SIZES[key]


@pytest.mark.parametrize("key", ALL_SETS)
def test_a_line_says_only_what_is_known_and_its_first_name_is_its_label(key: str) -> None:
    for line in json.loads(files("emt_tasks.labels").joinpath(f"{key}.json").read_text(encoding="utf-8"))["classes"]:
        assert {"hub", "label", "clip"} <= set(line) <= {"hub", "label", "clip", "names", "why"}
        assert line.get("names", [line["label"]])[0].replace("|", "").lower() == line["label"].lower(), line


@pytest.mark.parametrize("key", ["mnist", "cifar10", "cifar100"])
def test_labels_are_hub_names_with_spaces_but_for_crab(key: str) -> None:
    labels = label_set(key)
    expected = ["crab" if name == "cra" else name.replace("_", " ") for name in labels.hub_names]
    assert list(labels.labels) == expected


def test_an_unknown_set_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"no label set 'cifar-10'\. Did you mean 'cifar10'\?"):
        label_set("cifar-10")


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/data, the hub's class names")
@pytest.mark.parametrize("key", ALL_SETS)
def test_classes_stand_in_the_hubs_order(key: str) -> None:
    folder, column = HUB[key]
    card = yaml.safe_load((SHARED / folder / "README.md").read_text().split("---")[1])
    feature = next(f for f in card["dataset_info"]["features"] if f["name"] == column)
    stored = feature["dtype"]["class_label"]["names"]
    assert list(label_set(key).hub_names) == [stored[str(i)] for i in range(len(stored))]


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/data, ImageNet's and CLIP's names")
def test_miniimagenet_has_imagenets_plain_names_and_clips() -> None:
    words = json.loads((SHARED / "mini_imagenet_names.json").read_text())
    labels = label_set("miniimagenet")
    assert list(labels.labels) == [words[wnid]["file_name_label"] for wnid in labels.hub_names]
    assert list(labels.clip_names) == [words[wnid]["clip_name"] for wnid in labels.hub_names]
