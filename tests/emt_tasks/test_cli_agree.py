"""`emt agree` at the front door."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from toy_readings import write_run

from emt_tasks.cli.agree import command
from emt_tasks.errors import EmtError
from emt_tasks.hand_labelled import hand_labelled
from emt_tasks.scoring.readers import by_label_match, records
from emt_tasks.scoring.stored import keep, stored_answers


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run")


def agree(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(word) for word in arguments], catch_exceptions=False, terminal_width=80)


def test_the_table_tells_accuracy_kappa_and_where_they_differ(run: Path) -> None:
    shown = agree(run, "--rows", 9)
    assert shown.exit_code == 0
    assert "0.400" in shown.stdout
    assert "puppy" in shown.stdout
    assert "\x1b[31m" not in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert "next: emt agree --hand" in shown.stderr


def test_json_has_every_row_on_which_they_differ(run: Path) -> None:
    (pair,) = json.loads(agree(run, "--json").stdout)["pairs"]
    assert pair["accuracy"] == [2 / 6, 4 / 6]
    assert [one["rows"] for one in pair["differences"]] == [[2, 3], [5]]
    assert pair["kappa"]["value"] == pytest.approx(0.4)


def test_what_answers_are_worth_beside_the_strict_number_is_told_with_depths(tmp_path: Path) -> None:
    rows = [
        ("cat", "an animal", "extrinsic", None),
        ("automobile", "a car", "extrinsic", None),
        ("cat", "a cat", "correct", "cat"),
    ]
    run = write_run(tmp_path / "run", [(*row, *row[2:]) for row in rows])
    (beside,) = json.loads(agree(run, "--json").stdout)["beside"]
    told = {name: beside[name] for name in ("n", "correct", "synonym", "hypernym", "depths", "coarse")}
    assert told == {"n": 3, "correct": 1, "synonym": 1, "hypernym": 1, "depths": {"6": 1}, "coarse": None}
    assert "33.3" in agree(run).stdout


def test_the_page_is_one_file_in_which_no_answer_is_markup(run: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert agree(run, "--out", page).exit_code == 0
    text = page.read_text("utf-8")
    assert "<b>a dog</b>" not in text
    assert "&lt;b&gt;a dog" in text
    tags: list[tuple[str, dict]] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append((tag, dict(attributes)))  # type: ignore[method-assign]
    parser.feed(text)
    assert not [tag for tag, found in tags if tag in ("script", "link", "img") or "src" in found]


def test_one_reading_alone_is_told_how_to_have_another(run: Path) -> None:
    with pytest.raises(EmtError, match="there is label_match, other"):
        agree(run, "--reading", "label_match")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a run"),
        (("--save", "x"), "say --hand too"),
        (("--hand", "--tasks", "emt_mnist"), "leave --tasks out"),
    ],
)
def test_what_can_not_be_meant_is_a_usage_error(arguments: tuple[str, ...], said: str) -> None:
    shown = agree(*arguments)
    assert shown.exit_code == 2
    assert said in shown.stderr


def test_label_match_is_set_against_the_person_on_every_answer() -> None:
    found = json.loads(agree("--hand", "--json").stdout)
    errors = found["readings"]["label_match"]["errors"]
    assert sum(part["n"] for part in errors.values()) == len(hand_labelled()) == found["answers"]
    # What it reads today, so that no change makes it worse unseen: of both halves, real answers.
    assert errors["real, tuning"]["outcome"] <= 6
    assert errors["real, held back"]["outcome"] <= 15
    assert found["readings"]["label_match"]["injection"]["taken_in"] == 0


def test_what_is_shown_of_the_wrong_ones_is_not_held_back() -> None:
    held = {str(one.id) for one in hand_labelled() if one.half == "held_back"}
    shown = agree("--hand", "--rows", 99).stdout.partition("reads wrongly")[2]
    numbers = {line.split()[0] for line in shown.splitlines() if line.split() and line.split()[0].isdecimal()}
    assert numbers
    assert not numbers & held


def test_other_readings_of_the_saved_answers_are_set_against_the_person_too(tmp_path: Path) -> None:
    folder = tmp_path / "hand"
    assert agree("--hand", "--save", folder).exit_code == 0
    answers, _ = stored_answers([folder])
    for some in answers:
        keep(some, "again", records(some, by_label_match, "again"))
    found = json.loads(agree("--hand", folder, "--json").stdout)["readings"]
    assert found["again"] == found["label_match"]
    with pytest.raises(EmtError, match="is not empty"):
        agree("--hand", "--save", folder)


def test_a_run_of_other_answers_is_refused(run: Path) -> None:
    with pytest.raises(EmtError, match="does not hold the hand-labelled answers"):
        agree("--hand", run)


def test_a_reading_of_another_log_is_not_compared_and_that_is_said(run: Path) -> None:
    log = next(run.glob("*_samples_*"))
    log.write_text(log.read_text().replace("a puppy", "a whelp"))
    shown = CliRunner().invoke(command, [str(run)])
    assert shown.exit_code != 0
    assert "which has changed since: it is left out. Run emt score again" in shown.stderr


def test_a_reading_of_other_answers_is_not_set_against_the_person(tmp_path: Path) -> None:
    folder = tmp_path / "hand"
    agree("--hand", "--save", folder)
    answers, _ = stored_answers([folder])
    for some in answers:
        keep(some, "again", records(some, by_label_match, "again"))
        some.samples.write_text(some.samples.read_text() + "\n")
    shown = agree("--hand", folder, "--json")
    assert list(json.loads(shown.stdout)["readings"]) == ["label_match"]
    assert "which has changed since" in shown.stderr
