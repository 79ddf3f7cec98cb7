"""Neural collapse by epoch: a panel for each measure, a line for each set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leaderboard.figures.by_epoch import Panel, Value, by_epoch
from leaderboard.figures.theme import Spec

MEASURES: Mapping[str, tuple[str, str, bool]] = {
    "variability": ("NC1 variability", "within / between classes", True),
    "means_norm": ("NC2 lengths of class means", "deviation / mean", False),
    "rows_norm": ("NC2 lengths of classifier rows", "deviation / mean", False),
    "means_widest": ("NC2 angles of class means", "mean |cosine + 1/(C-1)|", False),
    "rows_widest": ("NC2 angles of classifier rows", "mean |cosine + 1/(C-1)|", False),
    "alignment": ("NC3 means against rows", "squared distance", False),
    "agreement": ("NC4 nearest mean agrees", "share of rows", False),
    "absent_cosine": ("Minority collapse: rows of absent classes", "mean cosine", False),
}
"""Name, axis, and whether it is logarithmic."""
DOMAINS: Mapping[str, tuple[float, float]] = {"agreement": (0, 1), "absent_cosine": (-1, 1)}


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure of `MEASURES` on a set after an epoch."""

    set: str
    measure: str
    epoch: int
    value: float


def collapse_curves(measured: Sequence[Measured], changes: Sequence[int], title: str, subtitle: str) -> Spec:
    """The measures that there are, in the order of `MEASURES`; lines are drawn where `changes` says, of epochs.

    Raises:
        ValueError: there is nothing to draw.
    """
    there = {each.measure for each in measured}
    rules = tuple((float(epoch), "") for epoch in sorted(set(changes)))
    panels = [
        Panel(name, axis, DOMAINS.get(measure), log, rules)
        for measure, (name, axis, log) in MEASURES.items()
        if measure in there
    ]
    values = [Value(MEASURES[each.measure][0], each.set, each.epoch, each.value) for each in measured]
    return by_epoch(values, panels, title, subtitle)
