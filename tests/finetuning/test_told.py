"""Records on disk that something has damaged are no records, and end no command with a traceback."""

from pathlib import Path

import pytest

from emt_tasks.errors import EmtError
from finetuning.studies.speeds import _read_speeds
from finetuning.told import json_in, read_told
from finetuning.toy.stages import MANIFEST, finished, made_of
from finetuning.training.checkpoint import FILE, read_checkpoint

DEEP = "[" * 100_000
GARBAGE = [DEEP, '{"a":' * 100_000, "{", "[]", "3", "null", ""]


@pytest.mark.parametrize("text", GARBAGE, ids=range(len(GARBAGE)))
def test_a_damaged_record_says_nothing(text: str, tmp_path: Path) -> None:
    for name in (MANIFEST, "speeds.json"):
        (tmp_path / name).write_text(text)
    assert read_told(tmp_path / MANIFEST) == {}
    assert made_of(tmp_path) is None
    assert finished(tmp_path, {}) is None
    assert _read_speeds(tmp_path / "speeds.json", "key") is None


@pytest.mark.parametrize(
    "text",
    [
        '{"on": "key", "images_per_second": {"a": "fast"}, "each": 1, "row": 1}',
        '{"on": "key", "images_per_second": {"a": NaN}, "each": 1, "row": 1}',
        '{"on": "key", "images_per_second": {"a": 0}, "each": 1, "row": 1}',
        '{"on": "key", "images_per_second": [1], "each": 1, "row": 1}',
    ],
)
def test_speeds_that_are_no_numbers_are_measured_again(text: str, tmp_path: Path) -> None:
    (tmp_path / "speeds.json").write_text(text)
    assert _read_speeds(tmp_path / "speeds.json", "key") is None


def test_a_record_that_is_nested_too_deep_is_called_damaged(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(DEEP)
    with pytest.raises(ValueError, match="nested too deep"):
        json_in(tmp_path / FILE)
    with pytest.raises(EmtError, match="is damaged"):
        read_checkpoint(tmp_path)
