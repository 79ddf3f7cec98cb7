"""The examples in this room's docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

import leaderboard


@pytest.mark.parametrize("name", [one.name for one in pkgutil.walk_packages(leaderboard.__path__, "leaderboard.")])
def test_the_rooms_examples_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
