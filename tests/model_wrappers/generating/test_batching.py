import threading

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model_wrappers.generating.batching import BatchSize, ahead, in_batches, ordered

CPU = torch.device("cpu")


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5)), max_size=30), st.integers(1, 7), st.integers(1, 3))
def test_every_item_is_in_one_batch_of_its_own_kind_longest_first(items, size, lanes):
    numbered = list(enumerate(items))
    groups = ordered(numbered, group=lambda item: item[1][0], length=lambda item: item[1][1])
    batches = list(in_batches(groups, BatchSize(size, None, CPU), lanes))
    assert sorted(item for batch in batches for item in batch) == numbered
    for batch in batches:
        assert 0 < len(batch) <= size
        assert len({kind for _, (kind, _) in batch}) == 1
    for group in groups:
        assert [length for _, (_, length) in group] == sorted((length for _, (_, length) in group), reverse=True)


def test_questions_of_equal_length_keep_their_order():
    assert ordered([3, 1, 2], group=lambda _: 0, length=lambda _: 0) == [[3, 1, 2]]


def test_a_batch_halved_on_the_way_is_small_from_then_on():
    size = BatchSize(None, 8, CPU)
    batches = in_batches([list(range(16))], size)
    assert len(next(batches)) == 8
    size.failed(8)
    size.failed(8)
    assert [len(batch) for batch in batches] == [4, 4]


def test_auto_starts_where_its_user_says_or_where_a_cpu_gains_no_more():
    assert BatchSize(None, 5, CPU).now == 5
    assert BatchSize(None, None, CPU).now == 32
    assert BatchSize(3, 5, CPU).now == 3


@pytest.mark.parametrize(("rows", "lengths"), [(32, [16, 16]), (96, [24] * 4), (500, [32] * 15 + [20]), (1, [1])])
def test_two_lanes_end_together(rows, lengths):
    assert [len(batch) for batch in in_batches([range(rows)], BatchSize(32, None, CPU), lanes=2)] == lengths


@pytest.mark.parametrize("workers", [1, 2])
def test_the_next_batches_are_made_meanwhile_and_no_more_than_there_are_workers(workers):
    asked, taken = [], []

    def batches():
        for number in range(7):
            asked.append(number)
            yield number

    for batch, result in ahead(batches(), lambda item: (item, threading.current_thread().name), workers):
        taken.append(batch)
        assert result[0] == batch
        assert result[1].startswith("emt-batches")
        assert len(asked) <= len(taken) + workers
    assert taken == asked == list(range(7))


def test_workers_make_at_the_same_time():
    together = threading.Barrier(2, timeout=10)
    assert len(list(ahead(iter(range(4)), lambda _: together.wait(), workers=2))) == 4


def test_an_error_comes_when_its_batch_s_turn_has_come():
    seen = []

    def make(item):
        if item == 2:
            raise ValueError(item)
        return item

    with pytest.raises(ValueError, match="2"):
        seen.extend(batch for batch, _ in ahead(iter(range(4)), make))
    assert seen == [0, 1]


def test_the_model_s_threads_stay_as_many_as_they_were():
    before = torch.get_num_threads()
    for workers in (1, 3):
        threads = [result for _, result in ahead(iter(range(6)), lambda _: torch.get_num_threads(), workers)]
        assert threads == [1] * 6
    assert torch.get_num_threads() == before
    fresh = []
    worker = threading.Thread(target=lambda: fresh.append(torch.get_num_threads()))
    worker.start()
    worker.join()
    assert fresh == [before]


def test_breaking_off_ends_the_thread():
    before = threading.active_count()
    for _ in ahead(iter(range(100)), lambda item: item):
        break
    assert threading.active_count() == before
