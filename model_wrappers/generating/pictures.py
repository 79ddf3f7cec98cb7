"""The pictures of a row, all in RGB and of a size that can be borne, whatever they come as."""

from collections.abc import Sequence
from typing import Any

from PIL import Image

from emt_tasks.errors import EmtError
from emt_tasks.images import shown, whole_pictures_only
from model_wrappers.generating.questions import UNREADABLE, Question


def pictures_of(question: Question, row: Any) -> list[Image.Image]:
    """The RGB pictures of a question's row, in order; none for a question without a row.

    Raises:
        EmtError: a picture can't be decoded, or is none (a video, say).
    """
    if question.to_visuals is None or row is None:
        return []
    try:
        with whole_pictures_only():
            return [as_shown(visual) for visual in question.to_visuals(row) or ()]
    except UNREADABLE as error:
        raise EmtError(f"the image in {question.place} can't be decoded ({error}). Fetch the set again.") from error
    except TypeError as error:
        raise EmtError(f"{question.place}: {error}") from error


def as_shown(picture: Image.Image) -> Image.Image:
    """`picture` as `emt_tasks.images.shown` makes it.

    Raises:
        TypeError: this is no picture.
    """
    if not isinstance(picture, Image.Image):
        raise TypeError(f"models here see images, and this is a {type(picture).__name__}")
    return shown(picture)


def sizes(pictures: Sequence[Image.Image]) -> tuple[tuple[int, int], ...]:
    """(width, height) in pixels of each."""
    return tuple(picture.size for picture in pictures)
