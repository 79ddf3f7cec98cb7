"""The examples in the docstrings of the rules are true."""

import doctest
import importlib
import pkgutil

import pytest

import emt_tasks

DOORS = ("cli", "__main__")
RULES = [
    module.name
    for module in pkgutil.walk_packages(emt_tasks.__path__, "emt_tasks.")
    if module.name.split(".")[1] not in DOORS
]


@pytest.mark.parametrize("name", RULES)
def test_the_examples_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
