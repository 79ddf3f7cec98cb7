import hashlib
import io

import pytest
from PIL import Image

from emt_tasks.images import UnreadableImage, pixel_hash, rgb, stored_pixel_hash, stored_pixel_hashes


def file_of(image: Image.Image, kind: str) -> dict:
    file = io.BytesIO()
    image.save(file, kind)
    return {"bytes": file.getvalue(), "path": None}


def test_hash_is_the_sha256_of_the_rgb_bytes() -> None:
    image = Image.new("RGB", (3, 2), (1, 2, 3))
    assert pixel_hash(image) == hashlib.sha256(bytes([1, 2, 3]) * 6).hexdigest()


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "1", "RGBA", "LA", "I", "CMYK"])
def test_every_mode_becomes_rgb_of_the_same_size(mode: str) -> None:
    converted = rgb(Image.new("RGB", (5, 4), "white").convert(mode))
    assert (converted.mode, converted.size) == ("RGB", (5, 4))


def test_grey_and_its_rgb_copy_are_the_same_picture() -> None:
    grey = Image.linear_gradient("L").resize((28, 28))
    assert pixel_hash(grey) == pixel_hash(grey.convert("RGB"))


def test_alpha_is_dropped_and_not_painted_on_anything() -> None:
    assert rgb(Image.new("RGBA", (1, 1), (1, 2, 3, 0))).getpixel((0, 0)) == (1, 2, 3)


def test_lossless_formats_give_the_same_hash() -> None:
    image = Image.radial_gradient("L").resize((9, 9))
    assert (
        stored_pixel_hash(file_of(image, "PNG"), "")
        == stored_pixel_hash(file_of(image, "BMP"), "")
        == pixel_hash(image)
    )


@pytest.mark.parametrize(
    "cell",
    [{"bytes": b"", "path": None}, {"bytes": b"no picture", "path": None}, {"bytes": None, "path": "nowhere.png"}],
)
def test_what_is_no_picture_is_named_with_its_row(cell: dict) -> None:
    with pytest.raises(UnreadableImage, match="cifar10, row 7, holds a picture that can't be read"):
        stored_pixel_hash(cell, "cifar10, row 7,")


def test_a_truncated_picture_is_named_among_many() -> None:
    whole = file_of(Image.effect_noise((64, 64), 50), "PNG")
    cut = {"bytes": whole["bytes"][: len(whole["bytes"]) // 2], "path": None}
    with pytest.raises(UnreadableImage, match="row 1"):
        stored_pixel_hashes([whole, cut, whole], ["row 0", "row 1", "row 2"])
