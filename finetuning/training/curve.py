"""The loss over the steps: as rows, and as a figure's description."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple


class Point(NamedTuple):
    """Mean loss of the steps since the point before; `learning_rate` is the last step's."""

    step: int
    epoch: float
    loss: float
    learning_rate: float


def points(history: Iterable[Mapping[str, Any]]) -> tuple[Point, ...]:
    """The points of a Trainer's log."""
    return tuple(
        Point(int(row["step"]), float(row["epoch"]), float(row["loss"]), float(row["learning_rate"]))
        for row in history
        if "loss" in row
    )


def figure(curve: Sequence[Point], title: str) -> dict[str, Any]:
    """A Vega-Lite line of the loss over the epochs."""
    rows = [{"epoch": point.epoch, "loss": point.loss} for point in curve]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": {"text": title, "anchor": "start"},
        "data": {"values": rows},
        "width": 480,
        "height": 260,
        "mark": {"type": "line", "point": len(rows) < 40},
        "encoding": {
            "x": {"field": "epoch", "type": "quantitative", "title": "epoch"},
            "y": {"field": "loss", "type": "quantitative", "title": "loss of an answer's token (nats)"},
        },
    }
