"""What all figures share: colours, shapes, type, and the frame around a spec."""

from collections.abc import Mapping
from typing import Any

Spec = dict[str, Any]

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
SHAPES = ("circle", "diamond", "square", "triangle-up", "cross", "triangle-down")
INK, FAINT, GRID = "#1a1a1a", "#767676", "#e6e6e6"  # the first two at least 4.5:1 on white; a dark page swaps all three
ON_PALE, ON_DEEP = "#0b0b0b", "#fefefe"  # on a coloured cell, which a dark page leaves as it is
OUTCOME_COLOURS: Mapping[str, str] = {
    "correct": "#009E73",
    "incorrect": "#E69F00",
    "intrinsic": "#D55E00",
    "extrinsic": "#CC79A7",
    "empty": "#9a9a9a",
}
DASHES: Mapping[str, list[int]] = {"lora": [1, 0], "linear": [6, 4], "prompt": [2, 3], "full": [10, 3, 2, 3]}
OTHER_DASHES = ([8, 2, 2, 2, 2, 2], [14, 4], [4, 1, 1, 1], [1, 4])
INHERITED = frozenset(
    (
        "constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString",
        "valueOf", "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__",
        "__proto__",
    )
)  # fmt: skip
"""What every object of JavaScript has. Source: ECMAScript 2024, section 20.1.3 and annex B.2.2."""

CONFIG: Spec = {
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "labelColor": INK,
        "titleColor": INK,
        "gridColor": GRID,
        "titleFontWeight": "normal",
        "domainColor": FAINT,
        "tickColor": FAINT,
    },
    "header": {"labelFontSize": 13, "labelFontWeight": "bold", "labelColor": INK, "labelAnchor": "start"},
    "legend": {
        "labelFontSize": 12,
        "symbolSize": 110,
        "labelColor": INK,
        "titleColor": INK,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelLimit": 320,
    },
}


def framed(body: Mapping[str, Any], title: str, subtitle: str, description: str, width: int = 96) -> Spec:
    """A whole spec around `body`: title, description for those who hear it, and the common look.

    A line of the subtitle has at most `width` characters. Any text may be in it: see `harmless`.
    """
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": {
            "text": title,
            "subtitle": wrapped(subtitle, width),
            "anchor": "start",
            "offset": 14,
            "fontSize": 15,
            "color": INK,
            "subtitleFontSize": 12,
            "subtitleColor": FAINT,
            "subtitlePadding": 4,
        },
        "description": description,
        "background": "white",
        "padding": 12,
        **body,
        "config": CONFIG,
    }
    return {key: harmless(part) for key, part in spec.items()}


def harmless(part: Any) -> Any:
    """`part` of a spec with a space, which isn't seen, behind each text that JavaScript's objects inherit as a name.

    Vega looks values up in plain objects, so that a model called `constructor` would be taken for a function.

    >>> harmless({"domain": ["constructor", "a model"]})
    {'domain': ['constructor ', 'a model']}
    """
    if isinstance(part, Mapping):
        return {key: harmless(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return type(part)(map(harmless, part))
    return f"{part} " if isinstance(part, str) and part in INHERITED else part


def wrapped(text: str, width: int) -> list[str]:
    """`text` in lines, as Vega breaks none itself."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def points(fraction: float) -> float:
    """A fraction in percent, as figures carry it."""
    return round(100 * fraction, 2)
