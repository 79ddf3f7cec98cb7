"""What became of the answers, by epoch: a stack of outcomes for each epoch, and how many took another set's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from leaderboard.figures.theme import INK, OUTCOME_COLOURS, Spec, framed, points

WIDTH, HEIGHT = 130, 110
FOREIGN = "foreign words"
UNKNOWN = "tuned"
ORDER = tuple(OUTCOME_COLOURS)
PERCENT: Spec = {"values": [0, 50, 100], "title": "% of answers"}
DIAMOND: Spec = {"fill": INK, "stroke": "white", "strokeWidth": 1}
COLOUR: Spec = {
    "field": "outcome",
    "type": "nominal",
    "sort": list(ORDER),
    "scale": {"domain": list(ORDER), "range": list(OUTCOME_COLOURS.values())},
    "legend": {"title": None, "orient": "top", "symbolType": "square"},
}


@dataclass(frozen=True, slots=True)
class Stack:
    """The outcomes of one checkpoint on one set.

    Attributes:
        row: the tuning.
        column: the set asked about.
        epoch: as it is shown: "0" for the base, `UNKNOWN` where nothing tells it.
        shares: by outcome, fractions in [0, 1] that add up to 1.
        foreign: share of answers with words of another set.
    """

    row: str
    column: str
    epoch: str
    shares: Mapping[str, float]
    foreign: float


def stacks(measured: Sequence[Stack], title: str, subtitle: str) -> Spec:
    """A panel for each tuning and set; rows and columns in the order in which they are first named.

    Raises:
        ValueError: there is nothing to draw.
    """
    if not measured:
        raise ValueError("nothing to stack.")
    rows, columns = (list(dict.fromkeys(getattr(one, side) for one in measured)) for side in ("row", "column"))
    epochs = sorted({one.epoch for one in measured}, key=lambda epoch: inf if epoch == UNKNOWN else float(epoch))
    header = {"labelAngle": 0, "labelAlign": "left", "labelAnchor": "middle", "labelLimit": 220}
    body = {
        "data": {"values": [row for one in measured for row in _rows(one, ORDER)]},
        "facet": {
            "row": {"field": "row", "type": "nominal", "sort": rows, "title": None, "header": header},
            "column": {"field": "column", "type": "nominal", "sort": columns, "title": None},
        },
        "spacing": {"row": 14, "column": 16},
        "spec": {"width": WIDTH, "height": HEIGHT, "layer": _layers(epochs)},
    }
    return framed(body, title, subtitle, "; ".join(map(_sentence, measured)))


def _layers(epochs: Sequence[str]) -> list[Spec]:
    """The stack of outcomes, and a diamond at the share of foreign words."""
    axis = {"labelAngle": 0, "ticks": False}
    x = {"field": "epoch", "type": "ordinal", "sort": list(epochs), "title": "epoch", "axis": axis}
    y = {"field": "share", "type": "quantitative", "scale": {"domain": [0, 100]}, "axis": PERCENT}
    return [
        {
            "transform": [{"filter": f"datum.outcome != '{FOREIGN}'"}],
            "mark": {"type": "bar", "stroke": "white", "strokeWidth": 0.6},
            "encoding": {"x": x, "y": y, "color": COLOUR, "order": {"field": "place", "type": "quantitative"}},
        },
        {
            "transform": [{"filter": f"datum.outcome == '{FOREIGN}' && datum.share > 0"}],
            "mark": {"type": "point", "filled": True, "shape": "diamond", "size": 70, "opacity": 1, **DIAMOND},
            "encoding": {"x": x, "y": y},
        },
    ]


def _rows(one: Stack, order: Sequence[str]) -> list[dict[str, Any]]:
    at = {"row": one.row, "column": one.column, "epoch": one.epoch}
    shares = [
        {**at, "outcome": name, "share": points(one.shares.get(name, 0.0)), "place": place}
        for place, name in enumerate(order)
    ]
    return [*shares, {**at, "outcome": FOREIGN, "share": points(one.foreign), "place": len(order)}]


def _sentence(one: Stack) -> str:
    said = ", ".join(f"{name} {100 * share:.0f} %" for name, share in one.shares.items() if share)
    return f"{one.row}, epoch {one.epoch}, {one.column}: {said}, foreign words {100 * one.foreign:.0f} %"
