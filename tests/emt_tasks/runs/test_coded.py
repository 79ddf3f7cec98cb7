"""Columns in which values repeat."""

from hypothesis import given
from hypothesis import strategies as st

from emt_tasks.runs.coded import coded


@given(st.lists(st.text("aAbBcs", max_size=2)))
def test_a_column_read_as_something_is_the_column_of_that(values: list[str]) -> None:
    found = coded(values).read_as(str.upper)
    right = coded([value.upper() for value in values])
    assert (found.values, found.codes.tolist()) == (right.values, right.codes.tolist())


@given(st.lists(st.integers(0, 5), min_size=1))
def test_a_function_is_asked_once_a_value(values: list[int]) -> None:
    asked: list[int] = []
    coded(values).read_as(asked.append)  # type: ignore[func-returns-value]
    assert sorted(asked) == sorted(set(values))
