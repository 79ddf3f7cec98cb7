"""Which classes are learnt first."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emt_tasks.errors import EmtError
from finetuning.repro.halves import halves


@given(st.integers(4, 1000))
def test_every_class_is_in_one_half_and_each_half_has_two(classes: int) -> None:
    cut = halves(classes, "x")
    targets = np.arange(classes)
    first, second = cut.rows(targets, 0), cut.rows(targets, 1)
    assert [*first, *second] == list(range(classes))
    assert min(len(first), len(second)) >= 2
    assert len(first) - len(second) == classes % 2
    assert targets[cut.of(0)].tolist() == first.tolist()
    assert targets[cut.of(1)].tolist() == second.tolist()


@pytest.mark.parametrize("classes", [1, 2, 3])
def test_too_few_classes_are_refused_by_name(classes: int) -> None:
    with pytest.raises(EmtError, match=r"photos has .* needs at least 4"):
        halves(classes, "photos")
