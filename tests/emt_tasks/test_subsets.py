import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emt_tasks.subsets import balanced_rows

rows = st.lists(
    st.tuples(st.integers(0, 4), st.text("0123456789abcdef", min_size=8, max_size=8)),
    min_size=5,
    max_size=60,
    unique=True,
)


@given(rows, st.integers(5, 40))
def test_every_class_that_occurs_has_equally_many_rows(pairs: list[tuple[int, str]], most: int) -> None:
    labels, hashes = [label for label, _ in pairs], [hash_ for _, hash_ in pairs]
    kept = balanced_rows(labels, hashes, most)
    counts = {label: sum(labels[row] == label for row in kept) for label in labels}
    assert len(set(counts.values())) == 1
    assert 0 < len(kept) <= most


@given(rows, st.integers(5, 40), st.randoms())
def test_the_order_of_rows_changes_nothing(pairs: list[tuple[int, str]], most: int, shuffled_by: random.Random) -> None:
    shuffled = pairs.copy()
    shuffled_by.shuffle(shuffled)
    chosen = [pairs[row] for row in balanced_rows(*zip(*pairs, strict=True), most)]
    assert chosen == [shuffled[row] for row in balanced_rows(*zip(*shuffled, strict=True), most)]


def test_rows_with_the_smallest_hashes_are_taken_in_the_order_of_their_hashes() -> None:
    assert balanced_rows([0, 0, 0, 1, 1, 1], ["c", "a", "b", "f", "e", "d"], most=4) == [1, 2, 5, 4]


def test_too_few_rows_for_every_class_is_refused() -> None:
    with pytest.raises(ValueError, match="1 rows can't hold each of 2 classes"):
        balanced_rows([0, 1], ["a", "b"], most=1)
