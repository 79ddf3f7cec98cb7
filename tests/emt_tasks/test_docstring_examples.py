"""The examples in the docstrings of the rules are true."""

import doctest
import importlib

import pytest

RULES = """
    adjectives english intervals labels label_match lexicon mention numerals outcomes plurals reading senses
    spelling tokens
"""


@pytest.mark.parametrize("name", RULES.split())
def test_the_examples_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"emt_tasks.{name}")).failed == 0
