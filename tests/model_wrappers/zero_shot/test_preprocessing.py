"""A batch's pixels against open_clip's own transform of each picture, whatever the picture's shape."""

import random
import resource

import open_clip.transform
import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from emt_tasks.picture_bounds import bounded
from model_wrappers.zero_shot.preprocessing import Preprocessing

SHAPES = [(32, 32), (1, 1), (7, 5), (300, 200), (200, 300), (224, 224), (1, 300), (300, 1), (31, 997)]
MEGABYTE = 1024  # of ru_maxrss, which counts kilobytes


def picture(width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), random.Random(width).randbytes(3 * width * height))


def transform(size: tuple[int, int] = (224, 224), mode: str = "shortest"):
    return image_transform_v2(PreprocessCfg(size=size, resize_mode=mode), is_train=False)


@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("size", [(224, 224), (32, 32), (48, 32)])
def test_a_batch_is_bit_by_bit_what_open_clip_makes_of_each_picture(size, mode) -> None:
    theirs, pictures = transform(size, mode), [picture(*shape) for shape in SHAPES]
    assert torch.equal(Preprocessing(theirs).pixels(pictures), torch.stack([theirs(bounded(one)) for one in pictures]))


@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("shape", [(1, 10_000), (10_000, 1), (3, 10_000)])
def test_the_longest_picture_needs_no_memory_to_speak_of(shape, mode) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pixels = Preprocessing(transform(mode=mode)).pixels([picture(*shape)])
    assert pixels.shape == (1, 3, 224, 224)
    assert pixels.isfinite().all()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * MEGABYTE


def test_a_transform_that_we_do_not_know_is_done_as_it_says() -> None:
    theirs = open_clip.transform.Compose([*transform().transforms, torch.nn.Identity()])
    pictures = [picture(30, 40), picture(50, 20)]
    assert torch.equal(Preprocessing(theirs).pixels(pictures), torch.stack([theirs(one) for one in pictures]))
