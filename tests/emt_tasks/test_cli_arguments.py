"""Settings on the command line: pairs, and values with commas in them."""

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emt_tasks.cli.arguments import PAIRS


def read(said: str) -> dict:
    return PAIRS.convert(said, None, None)


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("a=b,c=true,n=7,x=0.5", {"a": "b", "c": True, "n": 7, "x": 0.5}),
        ('pretrained="/data/a,b",dtype=float32', {"pretrained": "/data/a,b", "dtype": "float32"}),
        ("template='a photo of a {c}, small.',n=3", {"template": "a photo of a {c}, small.", "n": 3}),
        ('max_memory={"0": "1GiB", "cpu": "2GiB"}', {"max_memory": '{"0": "1GiB", "cpu": "2GiB"}'}),
        ("revision=1234567,peft=o'neil's", {"revision": "1234567", "peft": "o'neil's"}),
        ('peft="7",a=,,', {"peft": "7", "a": ""}),
    ],
)
def test_values_are_what_they_look_like_and_quotes_hold_commas(said: str, means: dict) -> None:
    assert read(said) == means


@pytest.mark.parametrize("said", ["pretrained", "a=b,oops", "=x"])
def test_what_is_no_pair_is_a_usage_error(said: str) -> None:
    with pytest.raises(click.BadParameter, match="quotes hold a comma"):
        read(said)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.text(st.characters(exclude_characters='"'))))
def test_every_text_without_quotes_can_be_said_in_quotes(pairs: dict[str, str]) -> None:
    assert read(",".join(f'{name}="{text}"' for name, text in pairs.items())) == pairs
