"""Lines over epochs: what is drawn, and what is refused."""

import pytest

from leaderboard.figures.by_epoch import MOST_POINTS, Panel, Value, by_epoch
from leaderboard.figures.rendering import svg_of


def lines(count: int, epochs: int = 3) -> list[Value]:
    return [Value("p", f"line {line}", epoch, 1.0 + line) for line in range(count) for epoch in range(1, epochs + 1)]


def test_each_line_can_be_told_by_colour_and_by_shape() -> None:
    spec = by_epoch(lines(6), [Panel("p", "y")], "title", "how")
    colour = spec["concat"][0]["layer"][0]["encoding"]["color"]["scale"]
    assert len(set(colour["range"])) == len(colour["domain"]) == 6
    assert "line 5" in svg_of(spec)


@pytest.mark.parametrize("count", [0, 7])
def test_more_lines_than_can_be_told_apart_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 6 can be told apart"):
        by_epoch(lines(count), [Panel("p", "y")], "title", "how")


def test_a_logarithmic_panel_leaves_out_what_has_no_logarithm() -> None:
    values = [Value("p", "a", 1, 0.0), Value("p", "a", 2, 3.0)]
    spec = by_epoch(values, [Panel("p", "y", log=True)], "title", "how")
    assert [row["epoch"] for row in spec["concat"][0]["data"]["values"]] == [2]
    assert "<svg" in svg_of(spec)


def test_a_rule_is_drawn_once_and_named() -> None:
    drawn = svg_of(by_epoch(lines(2), [Panel("p", "y", rules=((1.0, "other half"),))], "title", "how"))
    assert drawn.count(">other half<") == 1


def test_many_epochs_have_no_marks() -> None:
    layers = by_epoch(lines(1, MOST_POINTS + 1), [Panel("p", "y")], "title", "how")["concat"][0]["layer"]
    assert [layer["mark"]["type"] for layer in layers] == ["line"]
