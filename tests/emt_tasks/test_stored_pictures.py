import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from emt_tasks.images import pixel_hash
from emt_tasks.stored_pictures import SIDE, Wanted, thumbnails


def stored(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


@pytest.fixture
def drawn() -> list[Image.Image]:
    chance = np.random.default_rng(0)
    sizes = [(28, 28)] * 5 + [(300, 200)]
    return [Image.fromarray(chance.integers(0, 256, size[::-1], dtype=np.uint8), "L") for size in sizes]


@pytest.fixture
def folder(tmp_path: Path, drawn: list[Image.Image]) -> Path:
    """MNIST's test split in two files, one picture of it broken."""
    cells = [{"bytes": stored(picture), "path": None} for picture in drawn]
    cells.append({"bytes": b"no picture", "path": None})
    (tmp_path / "mnist/mnist").mkdir(parents=True)
    for number, part in enumerate((cells[:3], cells[3:])):
        table = pa.table({"image": part, "label": list(range(len(part)))})
        pq.write_table(table, tmp_path / f"mnist/mnist/test-0000{number}-of-00002.parquet")
    return tmp_path


def test_a_picture_is_found_by_its_row_or_wherever_it_is(folder: Path, drawn: list[Image.Image]) -> None:
    wanted = [Wanted("mnist", pixel_hash(drawn[4]), 4), Wanted("mnist", pixel_hash(drawn[1]), 3)]
    found = thumbnails(wanted, folder)
    assert set(found) == {one.image for one in wanted}
    with Image.open(io.BytesIO(found[wanted[0].image])) as picture:
        assert pixel_hash(picture) == wanted[0].image  # small ones keep every pixel


def test_a_large_picture_is_made_small(folder: Path, drawn: list[Image.Image]) -> None:
    (small,) = thumbnails([Wanted("mnist", pixel_hash(drawn[5]), 5)], folder).values()
    with Image.open(io.BytesIO(small)) as picture:
        assert max(picture.size) == SIDE


def test_what_is_nowhere_is_not_found_and_nothing_breaks(folder: Path, tmp_path: Path) -> None:
    assert thumbnails([Wanted("mnist", "0" * 64, 6), Wanted("mmbench", "0" * 64, 0)], folder) == {}
    assert thumbnails([Wanted("cifar10", "0" * 64, 0)], folder) == {}
    assert thumbnails([Wanted("mnist", "0" * 64, 0)], None) == {}
