"""Accuracy by epoch: a panel for each tuning set, a line for each set asked about, epoch 0 is the base (Fig. 6, 7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from leaderboard.figures.theme import DASHES, OKABE_ITO, OTHER_DASHES, SHAPES, Spec, framed, points

COLUMNS, WIDTH, HEIGHT = 2, 300, 210


@dataclass(frozen=True, slots=True)
class Point:
    """One set after some epochs of one tuning.

    Attributes:
        panel: what was tuned on.
        line: the set asked about.
        method: of the tuning: `lora` is solid, `linear` dashed.
        tuning: tells apart tunings that are otherwise alike.
        epoch: 0 for the base.
        value, low, high: accuracy with its interval, fractions in [0, 1].
        drop: whether the paired interval of the change from the base lies below 0.
    """

    panel: str
    line: str
    method: str
    tuning: str
    epoch: float
    value: float
    low: float
    high: float
    drop: bool


def curves(measured: Sequence[Point], title: str, subtitle: str) -> Spec:
    """Lines with intervals; panels and lines in the order in which they are first named.

    Raises:
        ValueError: there is nothing to draw, or there are more lines in a panel than can be told apart.
    """
    lines = list(dict.fromkeys(point.line for point in measured))
    if not 0 < len(lines) <= len(OKABE_ITO):
        raise ValueError(f"curves of {len(lines)} sets: between 1 and {len(OKABE_ITO)} can be told apart.")
    panels = list(dict.fromkeys(point.panel for point in measured))
    body = {
        "data": {"values": [_row(point) for point in measured]},
        "facet": {"field": "panel", "type": "nominal", "sort": panels, "title": None},
        "columns": COLUMNS,
        "spacing": 28,
        "spec": {"width": WIDTH, "height": HEIGHT, "layer": _layers(measured, lines)},
    }
    return framed(body, title, subtitle, "; ".join(map(_sentence, measured)))


def _layers(measured: Sequence[Point], lines: Sequence[str]) -> list[Spec]:
    epochs = sorted({point.epoch for point in measured})
    methods = list(dict.fromkeys(point.method for point in measured))
    x = {
        "field": "epoch",
        "type": "quantitative",
        "title": "epoch",
        "axis": {"values": epochs, "grid": False, "format": "~g"},
        "scale": {"domain": [min(epochs), max(epochs)], "nice": False, "padding": 12},
    }
    y: dict[str, Any] = {"type": "quantitative", "scale": {"domain": [0, 100]}, "title": "accuracy, %"}
    named = {"field": "line", "type": "nominal", "sort": lines}
    legend = {"title": "asked about", "orient": "top", "direction": "horizontal", "symbolOpacity": 1}
    colour = {**named, "scale": {"domain": lines, "range": OKABE_ITO[: len(lines)]}, "legend": legend}
    shape = {**named, "scale": {"domain": lines, "range": SHAPES[: len(lines)]}, "legend": legend}
    dash = _dash(methods)
    value = {"field": "value", **y}
    at = {"x": x, "y": value, "color": colour}
    return [
        {
            "mark": {"type": "rule", "strokeWidth": 1.5, "opacity": 0.7},
            "encoding": {"x": x, "y": {"field": "low", **y}, "y2": {"field": "high"}, "color": colour},
        },
        {
            "mark": {"type": "line", "strokeWidth": 2},
            "encoding": {**at, "strokeDash": dash, "detail": [{"field": "tuning", "type": "nominal"}]},
        },
        {
            "transform": [{"filter": "!datum.drop"}],
            "mark": {"type": "point", "filled": True, "size": 55, "opacity": 1, "fill": "white", "strokeWidth": 1.8},
            "encoding": {"x": x, "y": value, "stroke": {**colour, "legend": None}, "shape": shape},
        },
        {
            "transform": [{"filter": "datum.drop"}],
            "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
            "encoding": {**at, "shape": shape},
        },
    ]


def _dash(methods: Sequence[str]) -> Spec:
    """A dash for each method."""
    return {
        "field": "method",
        "type": "nominal",
        "sort": list(methods),
        "scale": {"domain": methods, "range": _dashes(methods)},
        "legend": {"title": "method", "orient": "bottom", "symbolType": "stroke", "symbolSize": 500},
    }


def _row(point: Point) -> dict[str, Any]:
    return {
        "panel": point.panel,
        "line": point.line,
        "method": point.method,
        "tuning": point.tuning,
        "epoch": point.epoch,
        "value": points(point.value),
        "low": points(point.low),
        "high": points(point.high),
        "drop": point.drop,
    }


def _sentence(point: Point) -> str:
    fell = ", a drop" if point.drop else ""
    return f"{point.method} on {point.panel}, epoch {point.epoch:g}, {point.line}: {100 * point.value:.1f} %{fell}"


def _dashes(methods: Sequence[str]) -> list[list[int]]:
    """The dash of each method, whatever else its name says ("full tuning"); others have their own, while they last."""
    others = cycle(OTHER_DASHES)
    return [DASHES.get(method.lower().partition(" ")[0]) or next(others) for method in methods]
