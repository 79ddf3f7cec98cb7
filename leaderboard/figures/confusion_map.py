"""What was said in the place of what, as a map: a row for each label, a column for each answer."""

from collections.abc import Sequence
from typing import Any

from leaderboard.figures.theme import ON_DEEP, ON_PALE, Spec, framed, points

CELL, NUMBERED = 34, 13  # points; at most so many labels have their numbers written into the cells
SMALL = 22
PALE, DEEP_COLOUR = "#f7f7f7", "#0b3c5d"
DEEP = 0.64  # of the way to the deep colour: from there on white letters have the better contrast
LABELS: Spec = {"ticks": False, "domain": False, "labelLimit": 150, "titleAnchor": "start"}
ANSWERS: Spec = {**LABELS, "orient": "top", "labelAngle": -45}
COLOUR: Spec = {
    "field": "share",
    "type": "quantitative",
    "title": "% of the label's pictures",
    "scale": {"type": "sqrt", "domain": [0, 100], "range": [PALE, DEEP_COLOUR], "interpolate": "lab"},
    "legend": {"orient": "bottom", "direction": "horizontal", "gradientLength": 200, "values": [0, 10, 25, 50, 100]},
}


def confusion_map(
    labels: Sequence[str], answers: Sequence[str], shares: Sequence[Sequence[float]], title: str, subtitle: str
) -> Spec:
    """Shares of each label's pictures by answer.

    Args:
        labels: the rows.
        answers: the columns: the labels in the same order, then what else can be said.
        shares: a row for each label, fractions in [0, 1] that add up to 1, or all 0 where there was no picture of it.
        title: what the figure says.
        subtitle: how it was measured.

    Raises:
        ValueError: there is nothing to draw.
    """
    if not labels:
        raise ValueError("a confusion needs at least one label.")
    numbered = len(labels) <= NUMBERED
    values = [
        _cell(label, answer, share, bool(place >= len(labels)), numbered)
        for label, row in zip(labels, shares, strict=True)
        for place, (answer, share) in enumerate(zip(answers, row, strict=True))
    ]
    size = {"step": CELL if numbered else SMALL}
    layers = _layers(
        _place("answer", answers, "answer", ANSWERS), _place("label", labels, "picture of", LABELS), numbered
    )
    body = {"data": {"values": values}, "width": size, "height": size, "layer": layers}
    return framed(body, title, subtitle, _sentence(values))


def _place(field: str, order: Sequence[str], title: str, axis: Spec) -> Spec:
    return {"field": field, "type": "nominal", "sort": list(order), "title": title, "axis": axis}


def _layers(x: Spec, y: Spec, numbered: bool) -> list[Spec]:
    """Cells, a frame around those on the diagonal, and numbers in them where there is room."""
    at = {"x": x, "y": y}
    ink = {"condition": {"test": "datum.deep", "value": ON_DEEP}, "value": ON_PALE}
    text = {"field": "text", "type": "nominal"}
    numbers: Spec = {"mark": {"type": "text", "fontSize": 11}, "encoding": {**at, "text": text, "color": ink}}
    return [
        {"mark": {"type": "rect", "stroke": "white", "strokeWidth": 1}, "encoding": {**at, "color": COLOUR}},
        {
            "transform": [{"filter": "datum.label == datum.answer"}],
            "mark": {"type": "rect", "filled": False, "stroke": ON_PALE, "strokeWidth": 1.2},
            "encoding": at,
        },
        *([numbers] if numbered else []),
    ]


def _cell(label: str, answer: str, share: float, is_bin: bool, numbered: bool) -> dict[str, Any]:
    cell: dict[str, Any] = {"label": label, "answer": answer, "share": points(share), "bin": is_bin}
    if numbered:
        text = f"{100 * share:.0f}" if share >= 0.005 else "·" if share else ""
        cell |= {"text": text, "deep": share**0.5 > DEEP}
    return cell


def _sentence(values: Sequence[dict[str, Any]]) -> str:
    wrong = sorted((v for v in values if v["label"] != v["answer"] and v["share"]), key=lambda v: -v["share"])[:10]
    return "commonest wrong answers: " + "; ".join(f"{v['label']} as {v['answer']} {v['share']:.0f} %" for v in wrong)
