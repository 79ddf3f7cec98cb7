"""Pictures are decoded once, and what is wrong with them is said by name."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emt_tasks.errors import EmtError
from emt_tasks.images import UnreadableImage


def folder(root: Path, sizes: dict[str, list[tuple[int, int]]]) -> Path:
    for label, several in sizes.items():
        (root / label).mkdir(parents=True)
        for place, size in enumerate(several):
            Image.new("RGB", size, (place, 50, 90)).save(root / label / f"{place}.png")
    return root


def test_pictures_of_any_shape_become_one_size_and_keep_their_order(make_job, tmp_path: Path) -> None:
    root = folder(tmp_path / "x", {"a": [(30, 40), (9, 60)], "b": [(30, 30)], "c": [(200, 31)], "d": [(31, 31)]})
    found = make_job(data=f"folder:{root}").pictures
    assert tuple(found.pixels.shape) == (5, 30, 30, 3)  # the median of the shorter sides
    assert found.labels == ("a", "b", "c", "d")
    assert found.targets.tolist() == [0, 0, 1, 2, 3]
    assert found.pixels[:, 15, 15, 0].tolist() == [0, 1, 0, 0, 0]


def test_large_pictures_are_read_at_84_unless_told_otherwise(make_job, tmp_path: Path) -> None:
    root = folder(tmp_path / "x", {label: [(500, 375)] for label in "abcd"})
    assert make_job(data=f"folder:{root}").pictures.side == 84
    assert make_job(data=f"folder:{root}", side=20).pictures.side == 20


def test_grey_pictures_are_repeated(make_job) -> None:
    pixels = make_job().pictures.pixels.numpy()
    assert (pixels[..., 0] == pixels[..., 2]).all()


def test_a_limit_takes_as_many_of_each_class_by_the_seed(make_job) -> None:
    chosen = make_job(limit=4)
    assert np.bincount(chosen.source.targets[chosen.rows]).tolist() == [4] * 5
    assert make_job(limit=4).rows.tolist() == chosen.rows.tolist()
    assert make_job(limit=4, seed=1).rows.tolist() != chosen.rows.tolist()
    assert len(make_job(limit=100).rows) == 60


def test_a_class_without_rows_is_named(make_job, digits: Path) -> None:
    with pytest.raises(EmtError, match=r"the class '.*' has no picture among the 2 rows"):
        _ = make_job(data=f"folder:{digits}?rows=2").rows


def test_a_damaged_picture_is_named_by_its_file(make_job, tmp_path: Path) -> None:
    root = folder(tmp_path / "x", {label: [(8, 8)] * 2 for label in "abcd"})
    (root / "c" / "1.png").write_bytes((root / "c" / "1.png").read_bytes()[:45])
    with pytest.raises(UnreadableImage, match=r"row 5 .*1\.png"):
        _ = make_job(data=f"folder:{root}", side=8).pictures


def test_the_fingerprint_knows_pixels_classes_and_words(make_job, tmp_path: Path) -> None:
    one = folder(tmp_path / "one", {label: [(8, 8)] * 2 for label in "abcd"})
    other = folder(tmp_path / "other", {label: [(8, 8)] * 2 for label in "abce"})
    first = make_job(data=f"folder:{one}").pictures.fingerprint()
    assert first != make_job(data=f"folder:{other}").pictures.fingerprint()
    Image.new("RGB", (8, 8), (0, 50, 91)).save(one / "a" / "0.png")
    assert first != make_job(data=f"folder:{one}").pictures.fingerprint()
