"""Descriptions are somebody's files: what unfolds without end, or too deep, is told in a sentence."""

import time
from pathlib import Path

import pytest

from emt_tasks.errors import EmtError
from finetuning.declared import Fields, read_mapping, validated

LAUGHS = "\n".join(
    ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    + [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 12)]
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(LAUGHS, "unfolds to more than 100,000 values", id="aliases of aliases"),
        pytest.param("a: &a [*a]", "unfolds to more than 100,000 values", id="a list in itself"),
        pytest.param("a: &a {b: *a}", "unfolds to more than 100,000 values", id="a mapping in itself"),
        pytest.param("a: " + "[" * 5000, "is no YAML", id="five thousand lists deep"),
        pytest.param("a: !!python/object/apply:os.system [ls]", "is no YAML", id="a call"),
        pytest.param("- a", "no mapping", id="a list"),
        pytest.param("1: a", "no mapping", id="a number as name"),
    ],
)
def test_what_is_no_description_is_said_at_once(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(text)
    started = time.process_time()
    with pytest.raises(EmtError, match=said):
        read_mapping(path, "study")
    assert time.process_time() - started < 30  # unfolded whole it would be hours


def test_aliases_that_end_are_as_good_as_what_they_stand_for(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("sets: &sets [mnist, cifar10]\nagain: *sets\n")
    assert read_mapping(path, "study") == {"sets": ["mnist", "cifar10"], "again": ["mnist", "cifar10"]}


def test_a_list_that_is_none_is_told_how_lists_are_written() -> None:
    class Named(Fields):
        sets: tuple[str, ...]

    with pytest.raises(EmtError, match=r"sets = '\[mnist\?rows=32\]': Input should be a list, as \['a', 'b\?c=1'\]"):
        validated(Named, {"sets": "[mnist?rows=32]"}, "study x")


def test_a_long_value_is_told_short() -> None:
    class Named(Fields):
        name: str

    with pytest.raises(EmtError) as caught:
        validated(Named, {"name": list(range(10**6))}, "study x")
    assert str(caught.value).startswith("study x: name = [0, 1, 2")
    assert len(str(caught.value)) < 200
