"""Differences with their intervals, sorted, around a line at none."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

from leaderboard.figures.theme import FAINT, INK, OKABE_ITO, SHAPES, Spec, framed, points
from leaderboard.words import signed

WIDTH, ROW = 420, 24
NAMES: Spec = {"labelLimit": 340, "ticks": False, "domain": False, "labelPadding": 10}


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: of what (`row`), on which set (`key`), with its interval, in [-1, 1]."""

    row: str
    key: str
    value: float
    low: float
    high: float


def forest(
    differences: Sequence[Difference],
    title: str,
    subtitle: str,
    axis: str,
    of_one_set: bool = False,
    width: int = WIDTH,
) -> Spec:
    """A row for each difference, the lowest first; the sets in the order in which they are first named.

    More sets than can be told apart have one colour: the rows name them anyway, unless they are `of_one_set`, which the
    title then names. `width` is that of the scale, in points.

    Raises:
        ValueError: there is nothing to draw.
    """
    keys = list(dict.fromkeys(one.key for one in differences))
    if not keys:
        raise ValueError("a forest needs at least one difference.")
    ordered = sorted(differences, key=lambda one: (one.value, one.row, one.key))
    values = [_row(one, of_one_set) for one in ordered]
    lows, highs = ([row[end] for row in values] for end in ("low", "high"))
    ends = (10 * floor(min(-5.0, *lows) / 10), 10 * ceil(max(5.0, *highs) / 10))
    names = {"field": "name", "type": "nominal", "sort": [row["name"] for row in values], "title": None, "axis": NAMES}
    scale = {"type": "quantitative", "scale": {"domain": list(ends), "nice": True}}
    layers = _layers(names, scale, axis, keys, width, named=not of_one_set)
    body = {"data": {"values": values}, "width": width, "height": {"step": ROW}, "layer": layers}
    return framed(body, title, subtitle, "; ".join(f"{row['name']}: {row['text']} points" for row in values))


def _layers(y: Spec, x: Spec, axis: str, keys: Sequence[str], width: int, named: bool) -> list[Spec]:
    """The line at none, intervals, points, and the numbers at the right."""
    apart = len(keys) if len(keys) <= len(OKABE_ITO) else 1
    legend = {"title": None, "orient": "top"} if named and len(keys) == apart else None
    by_key = {"field": "key", "type": "nominal", "sort": list(keys), "legend": legend}
    colour = {**by_key, "scale": {"domain": list(keys), "range": OKABE_ITO[:apart]}}
    shape = {**by_key, "scale": {"domain": list(keys), "range": SHAPES[:apart]}}
    low = {"field": "low", **x, "title": axis}
    return [
        {
            "data": {"values": [{"zero": 0}]},
            "mark": {"type": "rule", "color": FAINT},
            "encoding": {"x": {"field": "zero", "type": "quantitative"}},
        },
        {
            "mark": {"type": "rule", "strokeWidth": 2.5},
            "encoding": {"y": y, "x": low, "x2": {"field": "high"}, "color": colour},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
            "encoding": {"y": y, "x": {"field": "value", **x}, "color": colour, "shape": shape},
        },
        {
            "mark": {"type": "text", "align": "left", "color": INK, "fontSize": 11, "x": width + 12},
            "encoding": {"y": y, "text": {"field": "text", "type": "nominal"}},
        },
    ]


def _row(one: Difference, of_one_set: bool) -> dict[str, Any]:
    value, low, high = (points(number) for number in (one.value, one.low, one.high))
    return {
        "name": one.row if of_one_set else f"{one.row} · {one.key}",
        "key": one.key,
        "value": value,
        "low": low,
        "high": high,
        "text": f"{signed(value)} [{signed(low)}, {signed(high)}]",
    }
