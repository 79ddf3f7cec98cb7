"""Pictures past all measure become ones that a model can be shown; all others are left alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from emt_tasks.images import shown
from emt_tasks.picture_bounds import MOST_PIXELS, MOST_TIMES, bounded

sides = st.integers(1, 30_000)


@settings(max_examples=30, deadline=None)
@given(sides, sides)
def test_every_picture_is_within_the_bounds_and_stays_as_it_is_from_then_on(width: int, height: int) -> None:
    if width * height > 4 * MOST_PIXELS:
        width = max(1, 4 * MOST_PIXELS // height)
    made = bounded(Image.new("L", (width, height)))
    assert made.width * made.height <= MOST_PIXELS
    assert max(made.size) <= MOST_TIMES * min(made.size)
    assert bounded(made) is made


@pytest.mark.parametrize("size", [(1, 1), (32, 32), (28, 28), (500, 375), (3584, 3584), (160, 10)])
def test_what_is_within_the_bounds_is_the_same_object(size: tuple[int, int]) -> None:
    picture = Image.new("RGB", size)
    assert bounded(picture) is picture


def test_all_of_a_large_picture_is_still_there() -> None:
    picture = Image.new("RGB", (6000, 6000), "red")
    picture.paste("blue", (3000, 0, 6000, 6000))
    made = bounded(picture)
    assert made.size == (3000, 3000)
    assert (made.getpixel((0, 0)), made.getpixel((1499, 2999))) == ((255, 0, 0), (255, 0, 0))
    assert (made.getpixel((1500, 0)), made.getpixel((2999, 2999))) == ((0, 0, 255), (0, 0, 255))


def test_a_line_is_repeated_across_and_not_blurred() -> None:
    line = Image.new("RGB", (1, 1000), "red")
    line.paste("blue", (0, 500, 1, 1000))
    made = bounded(line)
    assert made.size == (63, 1000)
    assert {made.getpixel((x, y)) for x in (0, 31, 62) for y in (0, 499)} == {(255, 0, 0)}
    assert {made.getpixel((x, y)) for x in (0, 31, 62) for y in (500, 999)} == {(0, 0, 255)}


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "CMYK", "I;16", "I", "F", "YCbCr"])
def test_every_mode_is_shown_in_rgb(mode: str) -> None:
    assert shown(Image.new("L", (5000, 5000), 200).convert(mode)).size == (2500, 2500)
