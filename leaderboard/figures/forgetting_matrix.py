"""What was forgotten: a row for each tuning, a column for each set asked about, a number in each cell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leaderboard.figures.theme import INK, ON_DEEP, ON_PALE, Spec, framed, points
from leaderboard.words import signed

CELL_WIDTH, CELL_HEIGHT = 118, 46
GAIN, NONE, LOSS = "#0072B2", "#f7f7f7", "#D55E00"
DEEP = 0.92  # of the reach of gains: from there on white letters read better; on losses black ones always do
LEAST_REACH = 20.0  # points: colours of small differences stay pale
BARE: Spec = {"ticks": False, "domain": False}
COLUMNS: Spec = {
    "axis": {**BARE, "orient": "top", "labelAngle": 0, "labelFontWeight": "bold", "titleColor": INK},
    "scale": {"padding": 0.04},
}
ROWS: Spec = {"axis": {**BARE, "labelLimit": 340, "labelPadding": 8}, "scale": {"padding": 0.06}}
OWN: Spec = {"type": "rect", "fill": "#ffffff", "stroke": "#8a8a8a", "strokeDash": [4, 3], "strokeWidth": 1.4}


@dataclass(frozen=True, slots=True)
class Cell:
    """Forgetting of one tuning on one set, in [-1, 1], above 0 where accuracy fell; `own` where it was tuned on it."""

    row: str
    column: str
    value: float
    low: float
    high: float
    own: bool


def matrix(cells: Sequence[Cell], title: str, subtitle: str) -> Spec:
    """Cells coloured by forgetting, with number and interval; rows and columns in the order in which they are named.

    Raises:
        ValueError: there is nothing to draw.
    """
    if not cells:
        raise ValueError("a matrix needs at least one cell.")
    rows, columns = (list(dict.fromkeys(getattr(cell, side) for cell in cells)) for side in ("row", "column"))
    reach = max(LEAST_REACH, *(abs(points(cell.value)) for cell in cells))
    values = [_row(cell, reach) for cell in cells]
    layers = _layers(
        {"field": "column", "type": "nominal", "sort": columns, "title": "asked about", **COLUMNS},
        {"field": "row", "type": "nominal", "sort": rows, "title": None, **ROWS},
        reach,
    )
    body = {"data": {"values": values}, "width": {"step": CELL_WIDTH}, "height": {"step": CELL_HEIGHT}, "layer": layers}
    return framed(body, title, subtitle, "; ".join(f"{v['row']}, {v['column']}: {v['text']}" for v in values))


def _layers(x: Spec, y: Spec, reach: float) -> list[Spec]:
    """Coloured cells, dashed ones for what was tuned on, and two lines of text in each."""
    at = {"x": x, "y": y}
    colour = {
        "field": "value",
        "type": "quantitative",
        "title": "forgetting, points",
        "scale": {"domain": [-reach, 0, reach], "range": [GAIN, NONE, LOSS], "type": "linear"},
        "legend": {"orient": "bottom", "gradientLength": 200, "direction": "horizontal"},
    }
    ink = {"condition": {"test": "datum.deep", "value": ON_DEEP}, "value": ON_PALE}
    looks = (("text", {"dy": -7, "fontSize": 14, "fontWeight": "bold"}), ("interval", {"dy": 10, "fontSize": 10.5}))
    texts = [
        {
            "mark": {"type": "text", **look},
            "encoding": {**at, "text": {"field": field, "type": "nominal"}, "color": ink},
        }
        for field, look in looks
    ]
    return [
        {"transform": [{"filter": "!datum.own"}], "mark": "rect", "encoding": {**at, "color": colour}},
        {"transform": [{"filter": "datum.own"}], "mark": OWN, "encoding": at},
        *texts,
    ]


def _row(cell: Cell, reach: float) -> dict[str, Any]:
    value, low, high = (points(number) for number in (cell.value, cell.low, cell.high))
    return {
        "row": cell.row,
        "column": cell.column,
        "value": value,
        "low": low,
        "high": high,
        "own": cell.own,
        "text": signed(value),
        "interval": f"[{signed(low)}, {signed(high)}]",
        "deep": not cell.own and -value > DEEP * reach,
    }
