"""Records are the rows of a set as its task asks about them and as the paper's models answer."""

from pathlib import Path

import pytest

from emt_tasks.errors import EmtError
from emt_tasks.images import pixel_hash
from emt_tasks.tasks import prompt_of
from finetuning.records.record import answers_of, records
from finetuning.toy.data import SetSizes, digit_splits, drawing_splits, write_toy_data

SMALL = SetSizes(digit_tests=2, drawing_tests=2, drawing_trains=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    write_toy_data(folder, 0, SMALL)
    return folder


@pytest.mark.parametrize(("key", "splits"), [("mnist", digit_splits), ("cifar10", drawing_splits)])
def test_every_row_comes_back_in_order_with_its_picture_in_rgb(folder: Path, key: str, splits) -> None:
    for split, examples in splits(0, SMALL).items():
        read = records(folder, key, split)
        assert [(pixel_hash(row.image), row.label) for row in read] == [(pixel_hash(i), y) for i, y in examples]
        assert {row.image.mode for row in read} == {"RGB"}


@pytest.mark.parametrize("key", ["mnist", "cifar10"])
def test_the_question_is_the_tasks_and_the_answer_names_the_label(folder: Path, key: str) -> None:
    for row in records(folder, key, "test"):
        assert row.prompt == prompt_of(f"emt_{key}")
        assert row.answer == answers_of(key)[row.label]


def test_a_split_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(EmtError, match=r"no parquet file of the split 'validation'.*ylecun/mnist"):
        records(folder, "mnist", "validation")
