"""A training's folder: one at a time in it, of one training, and by name what another differs in."""

from pathlib import Path

import pytest

from emt_tasks.errors import EmtError
from finetuning.training.home import Home
from finetuning.tuning.job_folder import differences, own

INPUTS = {"recipe": {"epochs": 3, "optimizer": {"learning_rate": 0.1}}, "limit": None, "data": "a" * 64}
OTHER = {"recipe": {"epochs": 1, "optimizer": {"learning_rate": 0.1}}, "limit": 8, "data": "b" * 64}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, "lora", "mnist+cifar10", 1)


def test_a_folder_is_called_by_recipe_sets_and_a_seed_that_is_not_0(home: Home) -> None:
    assert home.folder == home.out / "lora-mnist+cifar10-seed1"
    assert Home(home.out, "lora", "mnist", 0).name == "lora-mnist"


def test_it_is_continued_by_the_same_training_and_no_other(home: Home) -> None:
    with own(home, INPUTS, fresh=False):
        (home.folder / "kept").touch()
    with own(home, INPUTS, fresh=False):
        assert (home.folder / "kept").is_file()
    said = r"of another data, limit \(nothing there, 8 here\), recipe.epochs \(3 there, 1 here\)\. Choose another --out"
    with pytest.raises(EmtError, match=said), own(home, OTHER, fresh=False):
        pass
    with own(home, OTHER, fresh=True):
        assert not (home.folder / "kept").exists()


def test_two_at_once_are_one_too_many(home: Home) -> None:
    with (
        own(home, INPUTS, fresh=False),
        pytest.raises(EmtError, match="another training lora-mnist"),
        own(home, INPUTS, fresh=False),
    ):
        pass


@pytest.mark.parametrize("fresh", [False, True])
def test_what_was_not_made_here_stays(home: Home, fresh: bool) -> None:
    home.folder.mkdir()
    (home.folder / "mine").touch()
    with pytest.raises(EmtError, match="was not made here, so it stays"), own(home, INPUTS, fresh):
        pass
    assert (home.folder / "mine").is_file()


def test_what_came_or_went_differs_too() -> None:
    assert list(differences({"a": 1}, {"b": {"c": 2}})) == [
        "a (1 there, nothing here)", 'b (nothing there, {"c": 2} here)',
    ]  # fmt: skip


@pytest.mark.parametrize("garbage", ["[]", "{", '{"inputs": 3}'])
def test_a_damaged_record_of_a_training_is_called_damaged(home: Home, garbage: str) -> None:
    home.folder.mkdir()
    (home.folder / "training.json").write_text(garbage)
    with (
        pytest.raises(EmtError, match=r"training\.json is damaged\. Delete .*lora-mnist"),
        own(home, INPUTS, fresh=False),
    ):
        pass
