"""What a page is made of, part by part."""

import io
import json
from base64 import b64decode
from dataclasses import replace
from html import unescape
from re import sub

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from synthetic_board import board

from emt_tasks.escaping import plain
from leaderboard.board.headlines import headlines as of_entries
from leaderboard.board.view import Board, Headline, Rank
from leaderboard.figures.theme import INHERITED
from leaderboard.page import render
from leaderboard.page.answers import marked
from leaderboard.page.carried import script_data
from leaderboard.page.drawings import GAPS, ROSES, epochs, gaps, roses
from leaderboard.page.filters import is_https
from leaderboard.page.headlines import headlines
from leaderboard.page.maps import confused, map_of, picture
from leaderboard.page.matrices import matrices
from leaderboard.page.naming import LONGEST, apart, drawn, models, names, short, tunings
from leaderboard.page.room import LEAST, SHARES, WHOLE, Room
from leaderboard.page.wording import words

TEXT = st.text(st.sampled_from("a<b>&\"'/ \u202e\x1b[31m\n猫"), max_size=30)


@given(TEXT, st.lists(st.tuples(st.integers(-2, 32), st.integers(-2, 32)), max_size=4))
def test_marking_words_changes_no_text_and_lets_no_markup_in(raw: str, spans: list[tuple[int, int]]) -> None:
    told = str(marked(raw, spans))
    bare = sub("</?mark>", "", told)
    assert "<" not in bare
    assert told.count("<mark>") == told.count("</mark>")
    kept = {character for character in unescape(bare) if character.isalpha()}
    assert kept <= set(raw)
    if not spans:
        assert unescape(bare) == plain(raw)


@given(st.recursive(TEXT, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)))
def test_no_text_leaves_the_script_that_holds_it(told: object) -> None:
    written = str(script_data({"told": told}))
    assert written.isascii()
    assert not set("<>&") & set(written)
    assert json.loads(written) == {"told": told}


@given(st.integers(0, 2 * WHOLE), st.lists(st.integers(1, WHOLE // 4), min_size=1, max_size=12))
def test_parts_take_no_more_room_than_there_is_but_for_one_of_each(fixed: int, sizes: list[int]) -> None:
    room = Room("x" * fixed)
    left = room.left
    for part in SHARES:
        fitting = room.fitting(part, ((size, "x" * size) for size in sizes), len(sizes))
        assert list(fitting.items) == sizes[: len(fitting.items)]
        assert fitting.left == len(sizes) - len(fitting.items)
        assert fitting.items
        if len(fitting.items) > 1:
            assert sum(fitting.items) <= max(LEAST, left)


def test_a_map_is_a_pixel_a_cell_whose_opacity_is_the_root_of_its_share() -> None:
    uri = picture([(0, 0, 3), (0, 2, 1), (1, 1, 5)], 2, 4)
    drawn = Image.open(io.BytesIO(b64decode(uri.split(",")[1]))).convert("RGBA")
    alpha = np.asarray(drawn)[:, :, 3] / 255
    expected = np.sqrt([[0.75, 0, 0.25, 0], [0, 1, 0, 0]])
    assert alpha.shape == (2, 4)
    assert alpha == pytest.approx(expected, abs=1 / 255)


def test_a_maps_numbers_are_those_of_its_cells_and_its_mistakes_go_down() -> None:
    entry, of, told = next(confused(board(3)))
    drawn = map_of(entry, of, told)
    assert drawn.n == sum(count for *_, count in told.cells)
    assert drawn.right == sum(count for row, column, count in told.cells if row == column)
    counts = [one.count for one in drawn.top]
    assert counts == sorted(counts, reverse=True)
    assert all(one.row != one.column for one in drawn.top)


def test_confusions_of_what_is_not_tuned_come_first() -> None:
    entries = [entry for entry, *_ in confused(board(12)) if entry in board(12).entries]
    tuned = [entry.series is not None for entry in entries]
    assert tuned == sorted(tuned)


def test_each_change_stands_in_one_cell_of_one_matrix() -> None:
    made = board(12)
    cells = [
        c
        for matrix in matrices(made, tunings(made, words("en")))
        for line in matrix.lines
        for c in line.cells
        if c is not None
    ]
    assert sorted(map(str, cells)) == sorted(map(str, made.matrix))


def test_tunings_stand_in_the_boards_order_of_sets() -> None:
    made = board(12)
    told = words("en")
    order = [of.shown for of in made.sets]
    for matrix in matrices(made, tunings(made, told)):
        sets = [order.index(line.sets[0]) for line in matrix.lines]
        assert sets == sorted(sets)
    for drawing in epochs(made, told):
        panels = list(dict.fromkeys(str(row[0]).rpartition(", tuned on ")[2] for row in drawing.rows))
        assert panels == [one for one in order if one in panels]


def test_seeds_of_one_tuning_are_told_apart_by_their_seed() -> None:
    made = board(12)
    first = next(one for one in made.entries if one.series is not None)
    again = replace(first, id="again", series="again", tuning=replace(first.tuning, seed=7))
    change = next(one for one in made.matrix if one.entry == first.id)
    both = replace(
        made,
        entries=(*made.entries, again),
        matrix=(*made.matrix, replace(change, series="again", entry="again")),
    )
    told, series = names(both, words("en")), tunings(both, words("en"))
    assert told["again"] == f"{told[first.id]}, seed 7"
    assert series["again"] == f"{models(both, words('en'))[first.id]}, seed 7"


def test_a_large_board_draws_no_more_than_can_be_looked_at() -> None:
    made = board(200)
    assert len(roses(made, words("en"))) <= ROSES
    for drawing in gaps(made, words("en")):
        assert len(drawing.rows) == GAPS
        assert drawing.left > 0


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("https://huggingface.co/a/b", True),
        ("http://huggingface.co", False),
        ("javascript:alert(1)", False),
        ("https://a\u202eb", False),
        ('https://a" onclick="1', False),
        ("HTTPS://a", False),
    ],
)
def test_only_plain_https_is_a_link(address: str, link: bool) -> None:
    assert is_https(address) is link


@given(st.text(max_size=200))
def test_a_name_in_a_drawing_is_short(name: str) -> None:
    assert len(short(name)) <= LONGEST
    assert short(name) == name or "…" in short(name)


@pytest.mark.parametrize(("language", "says"), [("en", "lies below 0"), ("zh", "低于 0")])
def test_what_is_filled_is_said_as_it_is_computed(language: str, says: str) -> None:
    told = words(language)
    assert says in told["epochs"]["lead"]
    assert "Holm" in told["matrix"]["lead"]
    assert "Holm" in told["compare"]["shown_nothing"]
    assert {"en": "the best of their group", "zh": "本组最好者"}[language] in told["table"]["lead"]


@pytest.mark.parametrize(
    ("exact", "of", "says"), [(1, 8, "[+10.0, +30.0]"), (0, 5, "go from +10.0 to +30.0"), (0, 1, "difference is +20.0")]
)
def test_limits_are_called_an_interval_only_where_they_are_one(exact: int, of: int, says: str) -> None:
    numbers = {"below": 1, "of": of, "set": "MNIST", "median": 0.2, "low": 0.1, "high": 0.3, "exact": exact}
    made = replace(board(0), headlines=(Headline("below_encoder", numbers),))
    (said,) = headlines(made, words("en"))
    assert says in said.says
    assert ("[" in said.says) is bool(exact)


def test_the_third_headline_counts_what_it_says_and_no_empty_answer() -> None:
    entry = replace(board(1).entries[0], rank=Rank(1, 1, 1), n=100)
    shares = {"correct": 0.4, "incorrect": 0.1, "intrinsic": 0.2, "extrinsic": 0.05, "empty": 0.25, "unscored": 0.0}
    *_, third = of_entries([replace(entry, shares=shares)], ("mnist",))
    made = replace(board(0), headlines=(third,))
    (said,) = headlines(made, words("en"))
    assert said.big == "25.0 %"
    assert "several labels, or say something that names none" in said.says


def called(made: Board, *new: str) -> Board:
    """`made`, its first models called otherwise, and not tuned."""
    first = [
        replace(one, model=replace(one.model, name=name, org=f"org{place}"), tuning=replace(one.tuning, kind="none"))
        for place, (one, name) in enumerate(zip(made.entries, new, strict=False))
    ]
    return replace(made, entries=(*first, *made.entries[len(first) :]))


def test_models_of_one_name_by_two_organisations_are_told_apart_everywhere() -> None:
    made, told = called(board(12), "same", "same", "other"), words("en")
    one, two, other = (entry.id for entry in made.entries[:3])
    for each in (models(made, told), names(made, told), drawn(made, told)):
        assert [each[key].split(" · ")[0] for key in (one, two, other)] == ["org0/same", "org1/same", "other"]
    legends = {petal[0] for pair in roses(made, told) for drawing in pair for petal in drawing.rows}
    assert {"org0/same", "org1/same"} <= legends
    html = render(made).html
    assert html.count(">org0/same</option>") >= 2
    assert '<th scope="row" data-text="same">' in html


@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["x", "x (a)", "x (b)", "y", "x (a) (c)"])))
def test_no_two_names_are_the_same_and_those_that_are_not_stay(told: dict[str, str]) -> None:
    found = apart(told, {key: key for key in told})
    assert len(set(found.values())) == len(told)
    assert all(found[key] == told[key] for key in told if len(set(told.values())) == len(told))


def test_names_in_drawings_stay_apart_where_they_are_cut() -> None:
    made = called(board(4), "a" * 60, "a" * 61)
    assert len(set(drawn(made, words("en")).values())) == len(made.entries) + len(made.pinned)


def test_a_board_of_models_called_as_objects_of_javascript_are_is_drawn() -> None:
    made = called(board(12), *sorted(INHERITED))
    assert render(made).html.count("constructor") > 3
