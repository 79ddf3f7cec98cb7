"""Roses: a wedge for each set, a petal for each model, the encoder a dashed outline; area is accuracy (Fig. 4, 5)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, pi, sin, sqrt
from typing import Any

from leaderboard.figures.theme import FAINT, GRID, INK, OKABE_ITO, Spec, framed

RADIUS, MARGIN = 150, 26  # of an accuracy of 1, and around it for names, in points
MOST = 4  # petals a wedge: more can't be told apart
GAP = 0.05  # between wedges, in radians
RINGS = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Petal:
    """One model on one set: an accuracy with its interval, fractions in [0, 1]."""

    model: str
    key: str
    value: float
    low: float
    high: float


def rose(petals: Sequence[Petal], encoder: Sequence[Petal], title: str, subtitle: str) -> Spec:
    """The accuracies of at most four models over the sets, beside their encoder's.

    Args:
        petals: models and sets are drawn in the order in which they are first named.
        encoder: the encoder's accuracies; empty where it was not run.
        title: what the figure says.
        subtitle: how it was measured.

    Raises:
        ValueError: there is no petal, or there are more than four models.
    """
    models = list(dict.fromkeys(petal.model for petal in petals))
    keys = list(dict.fromkeys(petal.key for petal in (*petals, *encoder)))
    if not 0 < len(models) <= MOST:
        raise ValueError(f"a rose of {len(models)} models: between 1 and {MOST} can be told apart.")
    side = 2 * (RADIUS + MARGIN)
    layers = [*_grid(keys), _petals(petals, models, keys)]
    if encoder:
        layers.append(_outline(encoder, keys))
    layers += [*_ring_names(), *_whiskers(petals, models, keys)]
    spoken = "; ".join(map(_sentence, (*petals, *encoder)))
    return framed({"width": side, "height": side, "layer": layers}, title, subtitle, spoken, width=56)


def _wedge(place: int, of: int) -> tuple[float, float]:
    """Where the wedge of a set begins and ends, in radians from 12 o'clock."""
    return 2 * pi * place / of + GAP / 2, 2 * pi * (place + 1) / of - GAP / 2


def _slot(petal: Petal, models: Sequence[str], keys: Sequence[str]) -> tuple[float, float]:
    """Where a petal begins and ends."""
    start, end = _wedge(keys.index(petal.key), len(keys))
    width = (end - start) / len(models)
    place = models.index(petal.model)
    return start + place * width, start + (place + 1) * width


def _at(angle: float, radius: float) -> tuple[float, float]:
    centre = RADIUS + MARGIN
    return round(centre + radius * sin(angle), 2), round(centre - radius * cos(angle), 2)


def _radius(share: float) -> float:
    """So that a petal's area, not its length, is the accuracy."""
    return RADIUS * sqrt(max(share, 0.0))


def _raw(field: str) -> dict[str, Any]:
    """A field that holds points or radians already."""
    return {"field": field, "type": "quantitative", "scale": None, "axis": None}


def _grid(keys: Sequence[str]) -> Iterator[Spec]:
    centre = RADIUS + MARGIN
    rings = [{"x": centre, "y": centre, "size": (2 * _radius(ring)) ** 2} for ring in RINGS]
    yield {
        "data": {"values": rings},
        "mark": {"type": "point", "filled": False, "stroke": GRID, "strokeWidth": 1, "opacity": 1},
        "encoding": {"x": _raw("x"), "y": _raw("y"), "size": {**_raw("size"), "legend": None}},
    }
    names = []
    for place, key in enumerate(keys):
        start, end = _wedge(place, len(keys))
        x, y = _at((start + end) / 2, RADIUS + 16)
        side = sin((start + end) / 2)
        names.append(
            {"x": x, "y": y, "name": key, "align": "left" if side > 0.2 else "right" if side < -0.2 else "center"}
        )
    for align in dict.fromkeys(name["align"] for name in names):
        yield _text(
            [name for name in names if name["align"] == align], align=align, fontSize=13, fontWeight="bold", color=INK
        )


def _ring_names() -> Iterator[Spec]:
    centre = RADIUS + MARGIN
    names = [{"x": centre, "y": centre - _radius(ring), "name": f"{100 * ring:.0f}"} for ring in RINGS]
    yield _text(names, fontSize=10, stroke="white", strokeWidth=3)
    yield _text(names, fontSize=10, color=FAINT)


def _text(values: Sequence[dict[str, Any]], **look: Any) -> Spec:
    return {
        "data": {"values": list(values)},
        "mark": {"type": "text", **look},
        "encoding": {"x": _raw("x"), "y": _raw("y"), "text": {"field": "name", "type": "nominal"}},
    }


def _petals(petals: Sequence[Petal], models: Sequence[str], keys: Sequence[str]) -> Spec:
    values = []
    for petal in petals:
        start, end = _slot(petal, models, keys)
        values.append(
            {
                "model": petal.model,
                "key": petal.key,
                "accuracy": petal.value,
                "start": start,
                "end": end,
                "r": _radius(petal.value),
            }
        )
    colour = {
        "field": "model",
        "type": "nominal",
        "sort": models,
        "scale": {"domain": models, "range": OKABE_ITO[: len(models)]},
        "legend": {"title": None, "orient": "bottom", "direction": "vertical", "symbolType": "square", "offset": 26},
    }
    return {
        "data": {"values": values},
        "mark": {"type": "arc", "stroke": "white", "strokeWidth": 1, "fillOpacity": 0.82, "radius2": 0},
        "encoding": {
            "theta": _angle("start"),
            "theta2": {"field": "end"},
            "radius": _angle("r"),
            "color": colour,
        },
    }


def _angle(field: str) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "scale": None, "stack": None}


def _outline(encoder: Sequence[Petal], keys: Sequence[str]) -> Spec:
    values = []
    for petal in encoder:
        start, end = _wedge(keys.index(petal.key), len(keys))
        values.append(
            {"start": start, "end": end, "r": _radius(petal.value), "model": petal.model, "accuracy": petal.value}
        )
    return {
        "data": {"values": values},
        "mark": {"type": "arc", "filled": False, "stroke": INK, "strokeWidth": 1.6, "strokeDash": [5, 3], "radius2": 0},
        "encoding": {"theta": _angle("start"), "theta2": {"field": "end"}, "radius": _angle("r")},
    }


def _whiskers(petals: Sequence[Petal], models: Sequence[str], keys: Sequence[str]) -> Iterator[Spec]:
    lines, numbers = [], []
    for petal in petals:
        start, end = _slot(petal, models, keys)
        middle = (start + end) / 2
        (x, y), (x2, y2) = _at(middle, _radius(petal.low)), _at(middle, _radius(petal.high))
        lines.append({"x": x, "y": y, "x2": x2, "y2": y2})
        x, y = _at(middle, _beside(petal))
        numbers.append({"x": x, "y": y, "name": f"{100 * petal.value:.0f}"})
    yield {
        "data": {"values": lines},
        "mark": {"type": "rule", "stroke": INK, "strokeWidth": 1.4},
        "encoding": {"x": _raw("x"), "y": _raw("y"), "x2": {"field": "x2"}, "y2": {"field": "y2"}},
    }
    yield _text(numbers, fontSize=11, stroke="white", strokeWidth=3)
    yield _text(numbers, fontSize=11, color=INK)


def _beside(petal: Petal) -> float:
    """Where a petal's number stands: outside its whisker, inside where the set's name would be in the way."""
    outside = max(_radius(petal.high) + 10, 20)
    return outside if outside < RADIUS - 2 else _radius(petal.low) - 12


def _sentence(petal: Petal) -> str:
    return f"{petal.model}, {petal.key}: {100 * petal.value:.1f} % [{100 * petal.low:.1f}, {100 * petal.high:.1f}]"
