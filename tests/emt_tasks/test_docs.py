from pathlib import Path

import datasets
import pytest
import toy_sets
from PIL import Image

from emt_tasks import docs
from emt_tasks.images import UnreadableImage, pixel_hash
from emt_tasks.labels import label_set


def rows_at(folder: Path, key: str) -> datasets.Dataset:
    return datasets.load_dataset(str(folder), data_files={"test": f"{toy_sets.CONFIGS[key]}/test-*"})["test"]


@pytest.mark.parametrize("key", ["mnist", "cifar10", "cifar100", "miniimagenet"])
def test_every_set_comes_out_with_the_same_columns(tmp_path: Path, key: str) -> None:
    labels = label_set(key)
    rows = getattr(docs, key)(rows_at(toy_sets.write_set(tmp_path, key, [3, 1, 0]), key))
    assert rows.column_names == ["image", "label", "label_name", "labels", "image_sha256"]
    assert rows["label"][:] == [3, 1, 0]
    assert rows["label_name"][:] == [labels.hub_names[i] for i in (3, 1, 0)]
    assert all(row["labels"] == list(labels.labels) for row in rows)
    assert rows["image_sha256"][:] == [pixel_hash(row["image"]) for row in rows]


def test_grey_pictures_reach_the_model_as_rgb(tmp_path: Path) -> None:
    rows = docs.mnist(rows_at(toy_sets.write_set(tmp_path, "mnist", [7]), "mnist"))
    assert rows[0]["image"].mode == "L"
    assert [(image.mode, image.size) for image in docs.visual(rows[0])] == [("RGB", (28, 28))]


def test_the_lite_part_is_the_same_for_any_order_of_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lite = docs.rows_of("cifar10", most=10)
    rows = rows_at(toy_sets.write_set(tmp_path, "cifar10", [row % 10 for row in range(30)]), "cifar10")
    first, second = lite(rows), lite(rows.shuffle(seed=5))
    assert first["image_sha256"][:] == second["image_sha256"][:]
    assert sorted(first["label"]) == list(range(10))


def test_rows_stay_with_their_own_hash_after_a_selection(tmp_path: Path) -> None:
    rows = rows_at(toy_sets.write_set(tmp_path, "cifar10", [0, 1, 2, 3]), "cifar10").select([2, 0])
    assert [row["image_sha256"] for row in docs.cifar10(rows)] == [pixel_hash(row["img"]) for row in rows]


def test_an_empty_split_is_refused(tmp_path: Path) -> None:
    rows = rows_at(toy_sets.write_set(tmp_path, "cifar10", [0]), "cifar10").select([])
    with pytest.raises(docs.BadRows, match="cifar10: the split has no rows"):
        docs.cifar10(rows)


@pytest.mark.parametrize("label", [10, -1])
def test_a_label_out_of_range_is_named_with_its_row(tmp_path: Path, label: int) -> None:
    rows = rows_at(toy_sets.write_set(tmp_path, "cifar10", [0, label]), "cifar10")
    with pytest.raises(docs.BadRows, match=rf"row 1 has label {label}, outside 0\.\.9"):
        docs.cifar10(rows)


def test_the_classes_of_another_set_are_refused(tmp_path: Path) -> None:
    rows = rows_at(toy_sets.write_set(tmp_path, "cifar10", [0]), "cifar10")
    other = rows.cast_column(
        "label", datasets.ClassLabel(names=["automobile", "airplane", *label_set("cifar10").hub_names[2:]])
    )
    with pytest.raises(docs.BadRows, match="the first that differs is class 0"):
        docs.cifar10(other)


def test_a_set_without_the_hubs_columns_is_refused(tmp_path: Path) -> None:
    rows = rows_at(toy_sets.write_set(tmp_path, "mnist", [0]), "mnist")
    with pytest.raises(docs.BadRows, match=r"no column '(img|label)'"):
        docs.cifar10(rows.rename_column("label", "digit"))


def test_a_truncated_picture_is_found_before_any_model_sees_it(tmp_path: Path) -> None:
    whole = toy_sets.png(Image.effect_noise((32, 32), 60).convert("RGB"))
    folder = toy_sets.write_set(tmp_path, "cifar10", [0, 1], files=[whole, whole[:200]])
    with pytest.raises(UnreadableImage, match="cifar10, row 1, holds a picture"):
        docs.cifar10(rows_at(folder, "cifar10"))
