"""Which rows are seen, and in which order: rules of seed alone."""

from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from finetuning.recipes.recipe import read_recipe
from finetuning.records.selection import balanced, drawn, weighted
from finetuning.training.order import epoch_order
from finetuning.training.schedule import Schedule, folder_of

TARGETS = st.lists(st.integers(0, 5), min_size=1, max_size=60)
SEEDS = st.integers(0, 2**31)


@given(TARGETS, SEEDS)
def test_balanced_gives_each_class_as_many_as_the_rarest_has(targets: list[int], seed: int) -> None:
    rows = balanced(targets, seed)
    counts = Counter(targets[row] for row in rows)
    assert counts == dict.fromkeys(set(targets), min(Counter(targets).values()))
    assert len(set(rows.tolist())) == len(rows)
    assert rows.tolist() == balanced(targets, seed).tolist() == sorted(rows.tolist())


@given(st.integers(0, 80), st.integers(0, 80), st.integers(0, 80), SEEDS)
def test_a_larger_draw_contains_a_smaller_one(n: int, few: int, more: int, seed: int) -> None:
    rows = np.arange(n)
    small, large = (set(drawn(rows, most, seed).tolist()) for most in sorted((few, more)))
    assert small <= large <= set(range(n))
    assert len(large) == min(n, max(few, more))


@given(st.integers(1, 50), st.floats(0.01, 4, allow_nan=False), SEEDS)
def test_a_weight_is_how_often_each_row_is_seen(n: int, weight: float, seed: int) -> None:
    seen = Counter(weighted(np.arange(n), weight, seed).tolist())
    assert sum(seen.values()) == int(weight) * n + round((weight - int(weight)) * n)
    assert set(seen.values()) <= {int(weight), int(weight) + 1}


@given(st.integers(0, 300), SEEDS, st.integers(0, 3), st.integers(1, 9))
def test_each_epoch_sees_every_row_once_in_another_order(n: int, seed: int, epoch: int, batch: int) -> None:
    lengths = [1 + row % 7 for row in range(n)]
    for grouped in (None, lengths):
        order = epoch_order(n, seed, epoch, batch, grouped).tolist()
        assert sorted(order) == list(range(n))
        assert order == epoch_order(n, seed, epoch, batch, grouped).tolist()
        if n > 20:
            assert order != epoch_order(n, seed, epoch + 1, batch, grouped).tolist()
            assert order != epoch_order(n, seed + 1, epoch, batch, grouped).tolist()


def test_grouped_rows_waste_less_padding() -> None:
    lengths = np.random.default_rng(0).integers(5, 60, 800)

    def padding(grouped) -> int:
        batches = np.split(lengths[epoch_order(800, 0, 0, 8, grouped)], 100)
        return sum(int((batch.max() - batch).sum()) for batch in batches)

    assert padding(lengths.tolist()) < padding(None) / 5


@given(st.integers(1, 5000), st.integers(1, 4), st.integers(1, 64), st.integers(1, 16), st.integers(1, 4))
def test_steps_are_enough_for_every_row_and_the_last_is_kept(
    n: int, ranks: int, each: int, device: int, epochs: int
) -> None:
    recipe = read_recipe("lora", {"batch_size": each * ranks, "device_batch_size": device, "epochs": epochs})
    plan = Schedule(recipe, n, ranks)
    assert plan.device_batch * plan.accumulation * ranks == recipe.batch_size
    assert plan.device_batch <= device
    assert (plan.steps_per_epoch - 1) * recipe.batch_size < n + ranks * plan.device_batch
    assert plan.steps_per_epoch * recipe.batch_size >= n
    assert plan.kept[plan.steps] == epochs
    seen = [plan.rows_by(step) for step in range(plan.steps + 1)]
    assert (seen[0], seen[-1]) == (0, n * epochs)
    assert all(0 < later - sooner <= recipe.batch_size for sooner, later in pairwise(seen))
    assert list(plan.kept) == sorted(plan.kept)
    assert set(range(1, epochs + 1)) <= set(plan.kept.values())


def test_a_folder_says_its_epoch() -> None:
    plan = Schedule(read_recipe("lora", {"epochs": 1.5, "batch_size": 10}), 1000)
    assert [folder_of(epoch) for epoch in plan.kept.values()] == [
        "epoch-0.1", "epoch-0.25", "epoch-0.5", "epoch-1.0", "epoch-1.5",
    ]  # fmt: skip
    assert list(plan.kept) == [10, 25, 50, 100, 150]
