"""Batches are the pictures themselves, moved and mirrored by a rule of the epoch."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from finetuning.repro.batches import Batches, Look, channel_statistics, shifted
from finetuning.repro.pictures import Pictures
from model_wrappers.zero_shot.preprocessing import Preprocessing

PLAIN = ((0.0, 0.0, 0.0), (1 / 255, 1 / 255, 1 / 255))  # values as they are stored


def pictures(count: int, side: int = 6, seed: int = 0) -> Pictures:
    chance = np.random.default_rng(seed)
    pixels = chance.integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    return Pictures("x", ("a", "b"), "object", torch.from_numpy(pixels), np.arange(count) % 2)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5), st.integers(-3, 3), st.integers(-3, 3), st.booleans(), st.integers(0, 99))
def test_a_picture_is_moved_and_mirrored_as_pixel_by_pixel(count, down, across, mirrored, seed) -> None:
    pixels = pictures(count, seed=seed).pixels
    moves = torch.tensor([[down, across]]).expand(count, 2)
    found = shifted(pixels, moves, torch.full((count,), mirrored))
    whole = pixels.flip(2) if mirrored else pixels
    for row in range(6):
        for column in range(6):
            at = (row + down, column + across)
            inside = 0 <= at[0] < 6 and 0 <= at[1] < 6
            wanted = whole[:, at[0], at[1]] if inside else torch.zeros(count, 3, dtype=torch.uint8)
            assert torch.equal(found[:, row, column], wanted)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 40), st.integers(2, 9), st.integers(0, 99), st.integers(1, 5))
def test_an_epoch_has_each_row_once_and_no_batch_of_few(count, size, seed, epoch) -> None:
    all_of_them = pictures(count)
    all_of_them.targets[:] = np.arange(count)
    batches = Batches(all_of_them, Look(*PLAIN, side=6), torch.device("cpu"))
    rows = np.arange(count)
    seen = [targets.tolist() for _, targets in batches.of_epoch(rows, size, seed, epoch)]
    assert sorted(itertools.chain.from_iterable(seen)) == list(range(count))
    assert min(map(len, seen)) >= min(size / 2, count)
    again = [targets.tolist() for _, targets in batches.of_epoch(rows, size, seed, epoch)]
    assert seen == again


def test_chance_is_another_in_each_epoch_and_the_same_in_the_same() -> None:
    batches = Batches(pictures(8), Look(*PLAIN, side=6, crop=2, flip=True), torch.device("cpu"))

    def epoch(number: int) -> torch.Tensor:
        return torch.cat([pixels for pixels, _ in batches.of_epoch(np.arange(8), 4, 0, number)])

    assert torch.equal(epoch(1), epoch(1))
    assert not torch.equal(epoch(1), epoch(2))


def test_plain_batches_are_the_pictures_in_order() -> None:
    some = pictures(5)
    batches = Batches(some, Look(*PLAIN, side=6, crop=2, flip=True), torch.device("cpu"))
    found = torch.cat([pixels for pixels, _ in batches.plain(np.arange(5), 2)])
    assert torch.equal(found.permute(0, 2, 3, 1), some.pixels.float())


@pytest.mark.parametrize(("stored", "taken"), [(32, 32), (28, 64), (84, 64), (32, 224)])
def test_a_tower_is_shown_in_training_what_it_is_shown_when_asked(stored: int, taken: int) -> None:
    """open_clip's own preprocessing, by Pillow, which rounds after each direction: within two of 255 levels."""
    some = pictures(3, stored)
    smooth = torch.nn.functional.avg_pool2d(some.pixels.permute(0, 3, 1, 2).float(), 5, 1, 2).byte()
    some = Pictures("x", ("a", "b"), "object", smooth.permute(0, 2, 3, 1).contiguous(), some.targets)
    config = PreprocessCfg(size=taken)
    clips = Preprocessing(image_transform_v2(config, is_train=False))
    wanted = clips.pixels(Image.fromarray(picture.numpy()) for picture in some.pixels)
    look = Look(config.mean, config.std, taken)
    found = next(Batches(some, look, torch.device("cpu")).plain(np.arange(3), 3))[0]
    assert (found - wanted).abs().max() * max(config.std) * 255 < 2


def test_mean_and_deviation_are_numpys() -> None:
    some = pictures(2100, 4)
    mean, std = channel_statistics(some)
    values = some.pixels.numpy().reshape(-1, 3) / 255
    assert mean == pytest.approx(values.mean(axis=0).tolist())
    assert std == pytest.approx(values.std(axis=0).tolist())
