"""Numbers by epoch: a panel for each measure or set, a line for each thing that is followed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leaderboard.figures.theme import FAINT, INK, OKABE_ITO, SHAPES, Spec, framed

COLUMNS, WIDTH, HEIGHT = 2, 330, 190
FEW = 12  # epochs: each has a number on the axis
MOST_POINTS = 24  # epochs: with more, lines have no marks on them
LINE_DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [3, 1], [10, 4])


@dataclass(frozen=True, slots=True)
class Value:
    """What a line has at an epoch."""

    panel: str
    line: str
    epoch: float
    value: float


@dataclass(frozen=True, slots=True)
class Panel:
    """How a panel is drawn.

    Attributes:
        name: of its values.
        title: of its axis.
        domain: of the axis; None is that of the values.
        log: whether the axis is logarithmic; values that are not above 0 are left out.
        rules: where something changes on the way, after so many epochs, and what, as a short word.
    """

    name: str
    title: str
    domain: tuple[float, float] | None = None
    log: bool = False
    rules: tuple[tuple[float, str], ...] = ()


def by_epoch(values: Sequence[Value], panels: Sequence[Panel], title: str, subtitle: str, legend: str = "") -> Spec:
    """Lines over epochs; lines in the order in which they are first named.

    Raises:
        ValueError: there is nothing to draw, or there are more lines than can be told apart.
    """
    lines = list(dict.fromkeys(value.line for value in values))
    if not panels or not 0 < len(lines) <= len(OKABE_ITO):
        raise ValueError(f"{len(panels)} panels of {len(lines)} lines: 1 to {len(OKABE_ITO)} can be told apart.")
    drawn = [_panel(panel, values, lines, legend if place == 0 else None) for place, panel in enumerate(panels)]
    body = {"concat": drawn, "columns": min(COLUMNS, len(panels)), "spacing": 34}
    return framed(body, title, subtitle, "; ".join(map(_sentence, values)))


def _panel(panel: Panel, values: Sequence[Value], lines: Sequence[str], legend: str | None) -> Spec:
    own = [value for value in values if value.panel == panel.name and not (panel.log and value.value <= 0)]
    epochs = sorted({value.epoch for value in own})
    x, y = _axes(panel, epochs)
    named = {"field": "line", "type": "nominal", "sort": list(lines)}
    said = None if legend is None else {"title": legend or None, "orient": "top", "direction": "horizontal"}
    marked = len(epochs) <= MOST_POINTS
    styles = {
        "color": {**named, "scale": {"domain": lines, "range": OKABE_ITO[: len(lines)]}, "legend": said},
        "strokeDash": {
            **named,
            "scale": {"domain": lines, "range": LINE_DASHES[: len(lines)]},
            "legend": None if marked else said,
        },
    }
    layers: list[Spec] = [{"mark": {"type": "line", "strokeWidth": 2}, "encoding": {"x": x, "y": y, **styles}}]
    if marked:
        shape = {**named, "scale": {"domain": lines, "range": SHAPES[: len(lines)]}, "legend": said}
        marks = {"x": x, "y": y, "color": styles["color"], "shape": shape}
        layers.append({"mark": {"type": "point", "filled": True, "size": 42, "opacity": 1}, "encoding": marks})
    return {
        "title": {"text": panel.name, "anchor": "start", "fontSize": 13, "color": INK},
        "data": {"values": [{"line": value.line, "epoch": value.epoch, "value": value.value} for value in own]},
        "width": WIDTH,
        "height": HEIGHT,
        "layer": [*layers, *(mark for rule in panel.rules for mark in _rule(*rule, epochs))],
    }


def _axes(panel: Panel, epochs: Sequence[float]) -> tuple[Spec, Spec]:
    """Where an epoch and a value stand."""
    x: dict[str, Any] = {
        "field": "epoch",
        "type": "quantitative",
        "title": "epoch",
        "axis": {"grid": False, "format": "~g", "tickMinStep": 1} | ({"values": epochs} if len(epochs) <= FEW else {}),
        "scale": {"domain": [epochs[0], epochs[-1]] if epochs else [0, 1], "nice": False, "padding": 10},
    }
    y: dict[str, Any] = {"field": "value", "type": "quantitative", "title": panel.title}
    y["scale"] = {"type": "log" if panel.log else "linear", "zero": not panel.log}
    if panel.domain:
        y["scale"] |= {"domain": list(panel.domain), "nice": False}
    if panel.log:
        y["axis"] = {"format": "~g", "tickCount": 5}
    return x, y


def _rule(epoch: float, word: str, epochs: Sequence[float]) -> list[Spec]:
    """A line from top to bottom after some epochs, with a word above it, on the side where there is room."""
    late = bool(epochs) and epoch > (epochs[0] + epochs[-1]) / 2
    at = {"x": {"datum": epoch + 0.5, "type": "quantitative"}}
    alone: Spec = {"values": [{}]}
    side = {"align": "right", "dx": 4} if late else {"align": "left", "dx": -4}
    text = {"type": "text", "text": word, **side, "y": -10, "fontSize": 11, "color": FAINT}
    return [
        {"data": alone, "mark": {"type": "rule", "strokeDash": [3, 3], "color": FAINT}, "encoding": at},
        {"data": alone, "mark": text, "encoding": at},
    ]


def _sentence(value: Value) -> str:
    return f"{value.panel}, {value.line}, epoch {value.epoch:g}: {value.value:.4g}"
