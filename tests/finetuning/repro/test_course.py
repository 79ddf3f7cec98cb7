"""Courses are data: what they may say, and how their rate runs."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emt_tasks.errors import EmtError, UnknownName
from finetuning.repro.course import COURSES, rate_at, read_course


def test_the_papers_lengths_are_the_defaults() -> None:
    resnet, clip = read_course("resnet", "resnet"), read_course("clip", "full")
    assert (resnet.epochs, resnet.second_epochs) == (100, 100)
    assert (clip.epochs, clip.second_epochs) == (15, 0)


@pytest.mark.parametrize("path", sorted(COURSES.glob("*/*.yaml")), ids=lambda path: path.stem)
def test_every_course_that_comes_along_can_be_read(path: Path) -> None:
    assert read_course(path.parent.name, path.stem).name == path.stem


def test_a_course_of_ones_own_may_be_like_another(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("like: full\nlearning_rate: 0.5\n")
    mine = read_course("clip", str(tmp_path / "mine.yaml"), {"epochs": 3})
    assert (mine.name, mine.learning_rate, mine.epochs, mine.weight_decay) == ("mine", 0.5, 3, 0.1)


@pytest.mark.parametrize(
    ("named", "fields", "error", "said"),
    [
        ("ful", {}, UnknownName, "Did you mean 'full'"),
        ("full", {"learning_rat": 1}, UnknownName, "Did you mean 'learning_rate'"),
        ("full", {"learning_rate": -1}, EmtError, "learning_rate = -1"),
        ("full", {"epochs": 0}, EmtError, "epochs"),
        ("full", {"alphas": [1.5]}, EmtError, "alphas"),
        ("nothere.yaml", {}, EmtError, "no method file"),
        ("wiseft", {}, UnknownName, "no method 'wiseft'. Did you mean 'wise-ft'.* Known: full, linear-probe, wise-ft"),
        ("resnet", {}, UnknownName, "Known: full, linear-probe, wise-ft"),
        ("full", {"second_epochs": 1}, EmtError, "second_epochs would change nothing in emt repro clip"),
    ],
)
def test_what_is_wrong_is_said_by_name(named: str, fields: dict, error: type[EmtError], said: str) -> None:
    with pytest.raises(error, match=said):
        read_course("clip", named, fields)


@pytest.mark.parametrize("field", [{"alphas": [0.5]}, {"template": "plain"}, {"learns": "tower"}])
def test_a_field_of_the_other_network_is_refused(field: dict) -> None:
    with pytest.raises(EmtError, match="would change nothing in emt repro resnet; only emt repro clip reads it"):
        read_course("resnet", "resnet", field)


@given(st.integers(1, 500), st.floats(0, 0.9), st.sampled_from(["cosine", "constant"]))
def test_the_rate_rises_to_its_height_and_is_never_above_it_or_negative(steps, warmup, schedule) -> None:
    course = read_course("resnet", "resnet", {"learning_rate": 0.5, "warmup": warmup, "schedule": schedule})
    rates = [rate_at(step, steps, course) for step in range(steps)]
    assert all(0 <= rate <= 0.5 + 1e-12 for rate in rates)
    highest = rates.index(max(rates))
    assert rates[: highest + 1] == sorted(rates[: highest + 1])
    assert rates[highest:] == sorted(rates[highest:], reverse=True)
