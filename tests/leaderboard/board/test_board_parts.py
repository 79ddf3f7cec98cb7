"""Flags, headlines, leaks, pictures, settings and the list of known data, each by itself."""

import base64
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import synthetic_board
import toy_entries
import toy_runs
import toy_sets
import yaml
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from emt_tasks.errors import EmtError
from emt_tasks.images import stored_pixel_hashes
from emt_tasks.labels import label_set
from emt_tasks.runs.reading_back import read_run
from emt_tasks.sources import SOURCES
from emt_tasks.stored_pictures import split_files
from leaderboard.board.assembling import board
from leaderboard.board.estimates import joined, macro
from leaderboard.board.flags import flagged
from leaderboard.board.headlines import headlines, median_interval
from leaderboard.board.leaks import leaks
from leaderboard.board.paper import paper_rows
from leaderboard.board.pictures import sprite, with_pictures
from leaderboard.board.settings import BoardSettings, board_settings
from leaderboard.board.view import Entry, Estimate, Scored
from leaderboard.entry.folder import read_entries
from leaderboard.entry.hub_sets import parts
from leaderboard.entry.known import known_data
from leaderboard.entry.making import made

ROOT = Path(__file__).parents[3]


def model(accuracy: float, org: str = "org") -> Entry:
    one = synthetic_board.board(2).entries[0]
    return replace(one, model=replace(one.model, org=org), macro=Estimate(accuracy, accuracy, accuracy, 4))


def rules(entry: Entry, others: list[Entry]) -> set[str]:
    return {remark.rule for remark in flagged(entry, [entry, *others])}


def test_a_model_far_above_everybody_elses_is_flagged() -> None:
    others = [model(0.5, f"other{k}") for k in range(3)]
    assert "jump" in rules(model(0.75), others)
    assert "jump" not in rules(model(0.65), others)
    assert "jump" not in rules(model(0.75), [*others, model(0.7, "fourth")])
    assert "jump" not in rules(model(0.75), others[:2]), "two others are too few to be far above"


def test_not_one_mistake_is_flagged() -> None:
    entry = model(0.5)
    result = entry.results["mnist"]
    perfect = replace(result, by={"label_match": replace(result.by["label_match"], accuracy=1.0)})
    assert "perfect" in rules(replace(entry, results={**entry.results, "mnist": perfect}), [])
    assert "perfect" not in rules(entry, [])


def test_a_model_far_above_its_own_encoder_is_flagged_unless_it_was_tuned_on_the_set() -> None:
    entry = model(0.5)
    result = entry.results["cifar10"]
    above = replace(result, encoder=replace(result.encoder, difference=0.2, shown=True))
    for tuned_on in (False, True):
        results = {**entry.results, "cifar10": replace(above, tuned_on=tuned_on)}
        assert ("above_encoder" in rules(replace(entry, results=results), [])) is not tuned_on


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=40))
def test_the_median_lies_in_its_interval(values: list[float]) -> None:
    low, high, exact = median_interval(values)
    assert low <= np.median(values) <= high
    assert exact == (len(values) >= 6)


def test_the_medians_interval_holds_it_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    for n in (6, 11, 30):
        held = sum(
            low <= 0 <= high for low, high, _ in (median_interval(list(rng.normal(size=n))) for _ in range(1000))
        )
        assert held >= 940, n


def test_headlines_of_nothing_say_so() -> None:
    assert [one.numbers["about"] for one in headlines((), ("cifar100",))] == [
        "below_encoder",
        "forgetting",
        "hallucination",
    ]


def test_joined_limits_are_narrower_than_their_parts_and_unbounded_where_one_is() -> None:
    found = joined([(0.5, 0.4, 0.6), (0.7, 0.6, 0.8)])
    assert (found.value, found.of) == (0.6, 2)
    assert 0.5 < found.low < found.value < found.high < 0.7
    assert joined([(0.5, 0.4, None), (0.7, 0.6, 0.8)]).high is None
    assert joined([]) is None


def test_the_limits_of_a_mean_accuracy_are_shares() -> None:
    none_right = Scored(10, 0, 0.0, 0.0, 0.28, {}, 0.0)
    found = macro([none_right, none_right])
    assert (found.low, found.value) == (0.0, 0.0)
    assert found.high < 0.28


def test_words_of_other_sets_are_counted_by_label(tmp_path: Path) -> None:
    rows = toy_entries.rows("cifar10", wrong="The object is a(n) 8.")
    for row in rows:
        row["emt"]["foreign"] = [] if row["emt"]["outcome"] == "correct" else ["8"]
    run, _ = read_run(toy_entries.run(tmp_path / "run", {"emt_cifar10": rows}))
    found = leaks(run.tasks[0], "cifar10")
    assert {(one.other_set, one.other_label, one.count) for one in found} == {("mnist", "8", 1)}
    assert sum(one.count for one in found) == 3


def test_the_paper_is_quoted_in_words_alone() -> None:
    rows = paper_rows()
    assert {row.model for row in rows} == {
        "LLaVA-7b",
        "LLaVA-13b",
        "Otter",
        "LENS",
        "InstructBLIP-7b",
        "InstructBLIP-13b",
    }
    assert {letter for row in rows for letter in row.claims} == set("abcde")
    assert not re.search(r"\d\d\.\d", (ROOT / "leaderboard/paper.yaml").read_text().replace("2309.10313", ""))


def webp(colour: tuple[int, int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (28, 28), colour).save(out, "WEBP", lossless=True)
    return out.getvalue()


def test_a_sprite_holds_each_picture_at_its_tile() -> None:
    colours = [(k * 10, 255 - k * 10, 0) for k in range(23)]
    found = sprite("mnist", [webp(colour) for colour in colours])
    sheet = Image.open(io.BytesIO(base64.b64decode(found.uri.partition(",")[2]))).convert("RGB")
    for tile, colour in enumerate(colours):
        at = tile % found.columns * found.side + 5, tile // found.columns * found.side + 5
        assert sheet.getpixel(at) == colour
    assert found.count == 23
    assert sprite("mnist", [webp(colour) for colour in colours]) == found


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Toy copies of the four sets, in the hub's schemas."""
    return toy_sets.write_all(tmp_path_factory.mktemp("sets"), each=2)


def asked_about(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Rows as a run on a copy of the sets has them."""
    found = {}
    for key in toy_entries.KEYS:
        source, labels = SOURCES[key], label_set(key).labels
        table = pq.read_table(split_files(key, folder)[0])
        hashes = stored_pixel_hashes(table[source.image].to_pylist(), [key] * len(table))
        found[f"emt_{key}"] = [
            toy_runs.row(number, labels[label], labels[label], image=image)
            for number, (label, image) in enumerate(zip(table[source.label].to_pylist(), hashes, strict=True))
        ]
    return found


def test_the_lines_of_a_copy_of_the_sets_are_those_by_which_its_runs_are_known(sets: Path, tmp_path: Path) -> None:
    run = toy_runs.write_run(tmp_path / "run", asked_about(sets))
    told = json.loads(made(read_run(run)[0], toy_entries.SAID).entry)["datasets"]
    assert {(one.key, one.fingerprint, one.n) for one in parts(sets)} == {
        (key, one["fingerprint"], one["n"]) for key, one in told.items()
    }


def test_without_the_sets_there_are_no_lines(tmp_path: Path) -> None:
    with pytest.raises(EmtError, match="--data-dir"):
        list(parts(tmp_path))


def test_pictures_come_from_the_folder_of_sets_and_only_of_those_that_may_be_shown(sets: Path, tmp_path: Path) -> None:
    entries = toy_entries.Board(tmp_path / "entries")
    entries.add(toy_runs.write_run(tmp_path / "run", asked_about(sets)))
    known = known_data(entries.folder)
    whole = board(read_entries(entries.folder, known), known, BoardSettings())
    found = with_pictures(whole, sets)
    assert {one.key: one.sprite is not None for one in found.sets} == {
        "mnist": True, "cifar10": True, "cifar100": True, "miniimagenet": False,
    }  # fmt: skip
    assert all((one.tile is None) == (one.key == "miniimagenet") for one in found.samples)
    assert all(one.sprite for one in with_pictures(whole, sets, everything=True).sets)
    assert with_pictures(whole, sets) == found


def test_without_pictures_at_hand_a_board_has_none(tmp_path: Path) -> None:
    made = synthetic_board.board(2)
    found = with_pictures(made, tmp_path)
    assert all(one.sprite is None for one in found.sets)
    assert all(one.tile is None for one in found.samples)


@pytest.mark.parametrize("text", ["sets: [svhn]", "title: <b>x</b>", "other: 1", "sets: {", "- x"])
def test_settings_that_are_wrong_are_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "board.yaml").write_text(text)
    with pytest.raises(EmtError, match=r"board\.yaml"):
        board_settings(tmp_path)


def test_the_list_that_ships_can_be_read_and_names_each_data_once() -> None:
    text = (ROOT / "leaderboard/known_data.yaml").read_text()
    assert len(known_data()) == len(yaml.safe_load(text)["known"])


def test_pull_requests_are_checked_with_a_token_that_may_only_read_and_by_mains_code() -> None:
    for path in (ROOT / ".github/workflows/board.yml", ROOT / "leaderboard/template/workflows/board.yml"):
        text = path.read_text()
        told = yaml.safe_load(text)
        assert told["permissions"] == {"contents": "read"}
        writers = [name for name, job in told["jobs"].items() if job.get("permissions")]
        assert writers == ["publish"]
        assert told["jobs"]["publish"]["needs"] == "build"
        assert told["jobs"]["build"]["if"] == "github.event_name == 'push'"
        assert "pull_request_target" not in text
        assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", use) for use in re.findall(r"uses: (\S+)", text))
        checks = [step["run"] for step in told["jobs"]["validate"]["steps"] if "run" in step]
        assert any("--lists" in step for step in checks)
        assert not any("handed-in" in step and "pip" in step for step in checks)
