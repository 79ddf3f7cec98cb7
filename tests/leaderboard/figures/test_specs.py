"""Every figure of the report: rendered, looked through, and given hostile names."""

from collections.abc import Callable
from math import dist
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from leaderboard.figures.before_and_after import Share, before_after
from leaderboard.figures.by_epoch import Panel, Value, by_epoch
from leaderboard.figures.confusion_map import confusion_map
from leaderboard.figures.embedding import inline, texts_of
from leaderboard.figures.epoch_curves import Point, curves
from leaderboard.figures.forgetting_matrix import Cell, matrix
from leaderboard.figures.gap_forest import Difference, forest
from leaderboard.figures.outcome_bars import UNKNOWN, Stack, stacks
from leaderboard.figures.rendering import svg_of, write_figure
from leaderboard.figures.roses import MARGIN, MOST, RADIUS, Petal, rose
from leaderboard.figures.theme import INHERITED, OKABE_ITO, OTHER_DASHES, SHAPES, Spec

SETS = ("MNIST", "CIFAR-10", "CIFAR-100", "miniImageNet")
CENTRE = RADIUS + MARGIN
HOSTILE = "</text><script>alert(1)</script>\"'&<img onerror=x> datum.x || `${1}`"


def roses(name: str) -> Spec:
    petals = [Petal(model, key, 0.5, 0.4, 0.6) for model in (name, "other") for key in SETS]
    return rose(petals, [Petal("encoder", key, 0.9, 0.85, 0.93) for key in SETS], name, "how")


def epoch_curves(name: str) -> Spec:
    return curves(
        [
            Point(name, key, method, name + method, epoch, 0.5, 0.4, 0.6, epoch > 1)
            for key in SETS
            for method in ("LoRA", name)
            for epoch in (0.0, 0.5, 3.0)
        ],
        name,
        "how",
    )


def gaps(name: str) -> Spec:
    return forest([Difference(name, key, -0.2, -0.25, -0.1) for key in SETS], name, "how", "points")


def forgetting(name: str) -> Spec:
    cells = [Cell(row, key, 0.2, 0.1, 0.3, row == key) for row in (name, *SETS) for key in SETS]
    return matrix(cells, name, "how")


def outcomes(name: str) -> Spec:
    shares = {"correct": 0.6, "incorrect": 0.2, "intrinsic": 0.1, "extrinsic": 0.05, "empty": 0.05}
    return stacks(
        [Stack(name, key, epoch, shares, 0.1) for key in SETS for epoch in ("0", "0.5", "10", UNKNOWN)], name, "how"
    )


def confusion(name: str) -> Spec:
    return confusion_map((name, "b"), (name, "b", "none"), ((0.5, 0.3, 0.2), (0.0, 1.0, 0.0)), name, "how")


def before_and_after_one(name: str) -> Spec:
    shares = [Share(m, g, s, 0.5, 0.4, 0.6) for m in (name, "b") for g in (name, "x") for s in (name, "y")]
    return before_after(shares, name)


def by_epochs(name: str) -> Spec:
    values = [Value(name, line, epoch, 0.5) for line in (name, "y") for epoch in (1, 2)]
    return by_epoch(values, [Panel(name, name, rules=((1.0, name),))], name, "how")


ALL = (roses, epoch_curves, gaps, forgetting, outcomes, confusion)
NAMES = (
    *sorted(INHERITED), "prototype", "length", "undefined", "null", "NaN", "0", "a.b", "a[0]", "a['b']", 'a"b', "a\\.b",
    "",
)  # fmt: skip
Drawn = Callable[[str], Spec]


@pytest.mark.parametrize("draw", ALL)
def test_it_is_drawn_offline_and_what_it_is_called_stays_text(draw: Drawn, tmp_path: Path) -> None:
    svg, png = write_figure(draw(HOSTILE), tmp_path / "figure")
    root = ElementTree.fromstring(svg.read_text())  # noqa: S314  # our own file
    assert not {element.tag.rsplit("}", 1)[-1] for element in root.iter()} & {"script", "image", "a", "foreignObject"}
    assert "alert(1)" in "".join(root.itertext())
    assert svg.read_text().count("aria-label")
    with Image.open(png) as image:
        assert min(image.size) > 200


@pytest.mark.parametrize("draw", ALL)
def test_the_same_numbers_give_the_same_bytes_and_a_description(draw: Drawn) -> None:
    assert svg_of(draw("a model")) == svg_of(draw("a model"))
    assert "a model" in draw("a model")["description"] or draw is confusion


@pytest.mark.parametrize("draw", ALL)
def test_in_a_page_its_ids_are_its_own(draw: Drawn) -> None:
    text = inline(svg_of(draw(HOSTILE)), "name")
    root = ElementTree.fromstring(text)  # noqa: S314  # our own
    assert all(element.attrib["id"].startswith("name-") for element in root.iter() if "id" in element.attrib)
    assert "url(#name-" in text or "url(#" not in text
    assert "<script" not in text


@pytest.mark.parametrize("bad", ["<script/>", '<g onload="x"/>', '<a href="x"/>', "<foreignObject/>", "<image/>"])
def test_what_draws_nothing_does_not_get_into_a_page(bad: str) -> None:
    with pytest.raises(ValueError, match="figure"):
        inline(f'<svg xmlns="http://www.w3.org/2000/svg">{bad}</svg>', "name")


@pytest.mark.parametrize("draw", [*ALL, before_and_after_one, by_epochs])
def test_no_name_of_a_model_or_set_stops_a_figure(draw: Drawn) -> None:
    for name in NAMES:
        texts = [text for text in texts_of(svg_of(draw(name))) if name in text]
        assert len(texts) > 1, name  # its title aside


@pytest.mark.parametrize("name", sorted(INHERITED))
def test_a_name_that_objects_inherit_has_a_colour_of_its_own(name: str) -> None:
    drawn, plain = (svg_of(roses(one)) for one in (name, "a name"))
    assert [drawn.count(colour) for colour in OKABE_ITO] == [plain.count(colour) for colour in OKABE_ITO]


def arcs(spec: Spec, filled: bool) -> list[dict[str, float]]:
    layers = [
        layer
        for layer in spec["layer"]
        if layer["mark"]["type"] == "arc" and layer["mark"].get("filled", True) is filled
    ]
    return [value for layer in layers for value in layer["data"]["values"]]


def test_a_petals_area_is_its_accuracy() -> None:
    small, large = arcs(rose([Petal("m", "a", 0.2, 0.1, 0.3), Petal("m", "b", 0.8, 0.7, 0.9)], [], "t", "s"), True)
    assert large["r"] ** 2 / small["r"] ** 2 == pytest.approx(4)


def test_a_petals_number_does_not_stand_on_the_name_of_its_set() -> None:
    for accuracy in (0.0, 0.3, 0.8, 0.96, 1.0):
        high = min(1.0, accuracy + 0.02)
        spec = rose([Petal("m", key, accuracy, max(0.0, accuracy - 0.02), high) for key in SETS], [], "t", "s")
        texts = [value for layer in spec["layer"] for value in layer["data"]["values"] if "name" in value]
        names = [one for one in texts if one["name"] in SETS]
        numbers = [one for one in texts if one["name"] == f"{100 * accuracy:.0f}" and abs(one["x"] - CENTRE) > 1]
        assert len(numbers) == 2 * len(SETS)
        assert min(dist((a["x"], a["y"]), (b["x"], b["y"])) for a in names for b in numbers) > 12


def test_an_encoder_is_an_outline_over_all_petals_of_a_set() -> None:
    spec = roses("model")
    assert len(arcs(spec, False)) == len(SETS)
    assert all(one["accuracy"] == 0.9 for one in arcs(spec, False))
    petals = arcs(spec, True)
    assert min(one["start"] for one in petals) == arcs(spec, False)[0]["start"]


def test_more_petals_than_can_be_told_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="told apart"):
        rose([Petal(str(at), "a", 0.5, 0.4, 0.6) for at in range(MOST + 1)], [], "t", "s")


def test_only_a_shown_drop_is_filled() -> None:
    layers = epoch_curves("x")["spec"]["layer"]
    filters = {layer["transform"][0]["filter"]: layer["mark"].get("fill") for layer in layers if "transform" in layer}
    assert filters == {"!datum.drop": "white", "datum.drop": None}


def test_methods_have_dashes_of_their_own() -> None:
    methods = ("full tuning", "full", "prompt tuning", "wise-ft", "linear-probe", "LoRA")
    scale = str(curves([Point("p", "s", method, method, 1, 0.5, 0.4, 0.6, False) for method in methods], "t", "s"))
    assert all(str(dash) in scale for dash in ([10, 3, 2, 3], [2, 3], [1, 0], *OTHER_DASHES[:2]))


def test_sets_are_told_apart_by_shape_as_well_as_by_colour() -> None:
    for spec in (epoch_curves("x")["spec"], gaps("x")):
        points = [layer["encoding"] for layer in spec["layer"] if "shape" in layer["encoding"]]
        assert all(point["shape"]["scale"]["range"] == SHAPES[:4] for point in points)


def test_the_lowest_difference_comes_first_and_many_sets_still_draw() -> None:
    many = [Difference("m", f"set {at}", at / 10, at / 10 - 0.1, at / 10 + 0.1) for at in range(len(OKABE_ITO) + 2)]
    spec = forest(many[::-1], "t", "s", "x")
    assert [row["key"] for row in spec["data"]["values"]] == [one.key for one in many]
    assert svg_of(spec)


def test_what_was_tuned_on_is_not_coloured_as_forgotten() -> None:
    values = forgetting("x")["data"]["values"]
    assert [row["column"] for row in values if row["own"]] == list(SETS)
    layers = forgetting("x")["layer"]
    assert layers[0]["transform"] == [{"filter": "!datum.own"}]


@pytest.mark.parametrize(
    "empty",
    [
        lambda: curves([], "t", "s"),
        lambda: forest([], "t", "s", "x"),
        lambda: matrix([], "t", "s"),
        lambda: stacks([], "t", "s"),
        lambda: confusion_map([], [], [], "t", "s"),
    ],
)
def test_nothing_to_draw_is_refused(empty: Callable[[], Spec]) -> None:
    with pytest.raises(ValueError, match=r"at least|nothing|between"):
        empty()
