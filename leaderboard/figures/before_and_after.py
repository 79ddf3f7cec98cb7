"""Shares before and after something, with their intervals."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from leaderboard.figures.theme import FAINT, INK, OKABE_ITO, SHAPES, Spec, framed, points

ROW_HEIGHT, PANEL_WIDTH = 76, 290


@dataclass(frozen=True, slots=True)
class Share:
    """One share with its interval, in one state of one group: fractions in [0, 1]."""

    measure: str
    group: str
    state: str
    value: float
    low: float
    high: float


def before_after(shares: Sequence[Share], title: str, subtitle: str = "", chance: float | None = None) -> Spec:
    """A panel for each measure, a row for each group, and in it a point with its interval for each state.

    Args:
        shares: measures, groups and states are drawn in the order in which they are first named; at most six states.
        title: what the figure says.
        subtitle: how it was measured.
        chance: the share that guessing reaches, drawn in the panel of the first measure.

    Raises:
        ValueError: there is nothing to draw.
    """
    if not shares:
        raise ValueError("a figure needs at least one share")
    measures = list(dict.fromkeys(share.measure for share in shares))
    panels = [
        _panel([share for share in shares if share.measure == measure], shares, chance if place == 0 else None, place)
        for place, measure in enumerate(measures)
    ]
    return framed({"spacing": 40, "hconcat": panels}, title, subtitle, "; ".join(map(_sentence, shares)))


def _panel(shares: Sequence[Share], all_shares: Sequence[Share], chance: float | None, place: int) -> Spec:
    """One measure; the names of groups stand beside the first panel only."""
    groups = list(dict.fromkeys(share.group for share in all_shares))
    states = list(dict.fromkeys(share.state for share in all_shares))
    rows = {
        "field": "group", "type": "nominal", "sort": groups, "title": None,
        "axis": {
            "labels": place == 0, "labelLimit": 260, "labelFontWeight": "bold", "labelPadding": 10,
            "ticks": False, "domain": False,
        },
        "scale": {"paddingInner": 0.15, "paddingOuter": 0.05},
    }  # fmt: skip
    axis = {"title": f"{shares[0].measure}, %", "values": [0, 25, 50, 75, 100], "domain": False, "ticks": False}
    legend = {"title": None, "orient": "top", "direction": "horizontal"} if place == 0 else None
    layers = _marks(rows, states, axis, legend)
    values = [_row(share) for share in shares]
    panel: Spec = {
        "data": {"values": values},
        "width": PANEL_WIDTH,
        "height": ROW_HEIGHT * len(groups),
        "layer": layers,
    }
    return panel if chance is None else {**panel, "layer": [*_chance_line(chance), *layers]}


def _marks(rows: Spec, states: Sequence[str], axis: Spec, legend: Spec | None) -> list[Spec]:
    """An interval, a point and its number for each share; states of a group stand one above another."""
    percent: Spec = {"scale": {"domain": [0, 100]}, "type": "quantitative"}
    state = {"field": "state", "type": "nominal", "sort": states}
    colour = {**state, "scale": {"domain": states, "range": OKABE_ITO[: len(states)]}, "legend": legend}
    shape = {**state, "scale": {"domain": states, "range": SHAPES[: len(states)]}, "legend": legend}
    lane = {"y": rows, "yOffset": {**state, "scale": {"domain": states}}}
    return [
        {
            "mark": {"type": "rule", "strokeWidth": 2.5},
            "encoding": {
                **lane, "x": {"field": "low", **percent, "axis": axis}, "x2": {"field": "high"}, "color": colour,
            },
        },
        {
            "mark": {"type": "point", "filled": True, "size": 95, "opacity": 1},
            "encoding": {**lane, "x": {"field": "value", **percent}, "color": colour, "shape": shape},
        },
        {
            "mark": {"type": "text", "dy": -12, "fontSize": 12, "color": INK},
            "encoding": {**lane, "x": {"field": "value", **percent}, "text": {"field": "text", "type": "nominal"}},
        },
    ]  # fmt: skip


def _chance_line(chance: float) -> list[Spec]:
    line = {"values": [{"chance": 100 * chance}]}
    x = {"x": {"field": "chance", "type": "quantitative"}}
    return [
        {"data": line, "mark": {"type": "rule", "strokeDash": [4, 3], "color": FAINT}, "encoding": x},
        {
            "data": line,
            "mark": {
                "type": "text",
                "text": "chance",
                "align": "left",
                "dx": 4,
                "color": FAINT,
                "y": 6,
                "fontSize": 11,
            },
            "encoding": x,
        },
    ]


def _row(share: Share) -> dict[str, Any]:
    """A share in percent, as the spec's data has it."""
    percents = {name: points(getattr(share, name)) for name in ("value", "low", "high")}
    return {**asdict(share), **percents, "text": f"{100 * share.value:.0f}"}


def _sentence(share: Share) -> str:
    """What a screen reader says of a point."""
    return (
        f"{share.group}, {share.state}: {share.measure} {100 * share.value:.1f} % "
        f"[{100 * share.low:.1f}, {100 * share.high:.1f}]"
    )
