from collections import Counter
from pathlib import Path
from random import Random

import datasets
import pytest

from emt_tasks import docs
from emt_tasks.images import pixel_hash
from emt_tasks.labels import label_set
from finetuning.toy.data import SetSizes, digit_splits, drawing_splits, write_toy_data
from finetuning.toy.drawings import drawing

SMALL = SetSizes(digit_tests=3, drawing_tests=3, drawing_trains=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    write_toy_data(folder, 0, SMALL)
    return folder


@pytest.mark.parametrize("label", label_set("cifar10").labels)
def test_a_drawing_of_every_class_is_a_picture_of_cifar10s_kind_and_none_is_like_another(label: str) -> None:
    random = Random(0)
    drawings = [drawing(label, random) for _ in range(20)]
    assert {(picture.mode, picture.size) for picture in drawings} == {("RGB", (32, 32))}
    assert len({pixel_hash(picture) for picture in drawings}) == 20


def test_one_seed_writes_the_same_bytes_and_another_does_not(folder: Path, tmp_path: Path) -> None:
    write_toy_data(tmp_path / "same", 0, SMALL)
    write_toy_data(tmp_path / "other", 1, SMALL)
    files = sorted(path.relative_to(folder) for path in folder.rglob("*.parquet"))
    assert len(files) == 4
    for file in files:
        assert (folder / file).read_bytes() == (tmp_path / "same" / file).read_bytes()
        assert (folder / file).read_bytes() != (tmp_path / "other" / file).read_bytes()


@pytest.mark.parametrize("splits", [digit_splits(0, SMALL), drawing_splits(0, SMALL)], ids=["digits", "drawings"])
def test_no_picture_stands_in_two_splits_and_tests_are_balanced(splits: dict) -> None:
    train, test = ({pixel_hash(image) for image, _ in splits[name]} for name in ("train", "test"))
    assert not train & test
    assert Counter(label for _, label in splits["test"]) == dict.fromkeys(range(10), 3)


@pytest.mark.parametrize("key", ["mnist", "cifar10"])
def test_the_tasks_read_the_folder_as_they_read_the_hub(folder: Path, key: str) -> None:
    rows = datasets.load_dataset(str(folder / key), data_files={"test": "*/test-*"})["test"]
    read = getattr(docs, key)(rows)
    assert len(read) == 30
    assert set(read["label_name"]) == set(label_set(key).hub_names)
    assert read[0]["image"].mode == ("L" if key == "mnist" else "RGB")
