import warnings

import numpy as np
import pytest
from PIL import Image
from toy_requests import generate

from emt_tasks.errors import EmtError
from model_wrappers.generating.pictures import as_shown, pictures_of
from model_wrappers.generating.questions import generation_questions


@pytest.mark.parametrize(
    ("picture", "rgb"),
    [
        (Image.new("L", (2, 1), 9), (9, 9, 9)),
        (Image.new("1", (2, 1), 1), (255, 255, 255)),
        (Image.new("RGB", (1, 1), (1, 2, 3)), (1, 2, 3)),
        (Image.new("RGBA", (1, 1), (1, 2, 3, 0)), (1, 2, 3)),  # alpha is dropped, not painted on white
        (Image.new("LA", (1, 1), (7, 0)), (7, 7, 7)),
        (Image.new("CMYK", (1, 1), (0, 0, 0, 255)), (0, 0, 0)),
        (Image.fromarray(np.full((1, 1), 256 * 40 + 9, np.uint16)), (40, 40, 40)),
        (Image.fromarray(np.full((1, 1), 41, np.int32)), (41, 41, 41)),
    ],
)
def test_whatever_the_mode_a_picture_comes_out_as_shown(picture, rgb):
    made = as_shown(picture)
    assert (made.mode, made.size, made.getpixel((0, 0))) == ("RGB", picture.size, rgb)


def test_a_palette_with_alpha_is_looked_up_without_a_warning():
    picture = Image.new("P", (1, 1), 0)
    picture.putpalette([10, 20, 30])
    picture.info["transparency"] = bytes([0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert as_shown(picture).getpixel((0, 0)) == (10, 20, 30)


def test_a_video_is_refused_with_its_row():
    (question,) = generation_questions([generate("what?", row=3)])
    with pytest.raises(EmtError, match=r"row 3 of toy \(test\): models here see images, and this is a str"):
        pictures_of(question, {"image": "film.mp4"})


def test_a_picture_that_breaks_off_is_an_error_with_its_row(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(content[: len(content) // 2])
    (question,) = generation_questions([generate("what?", row=5)])
    with pytest.raises(EmtError, match=r"the image in row 5 of toy .* can't be decoded.*truncated"):
        pictures_of(question, {"image": Late(tmp_path / "a.png")})


class Late(Image.Image):
    """A picture that is decoded when it is looked at."""

    def __init__(self, file):
        super().__init__()
        self.file, self._mode = file, "L"

    def convert(self, mode):
        return Image.open(self.file).convert(mode)
