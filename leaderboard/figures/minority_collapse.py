"""Figure 2 of the paper: training accuracy on the classes that were learnt first, while others are learnt."""

from collections.abc import Sequence
from dataclasses import dataclass

from leaderboard.figures.by_epoch import Panel, Value, by_epoch
from leaderboard.figures.theme import Spec, points

FIRST, SECOND = "classes learnt first", "classes learnt second"
NEAREST = "first, by nearest class mean"


@dataclass(frozen=True, slots=True)
class Halves:
    """A set after an epoch: training accuracies, fractions in [0, 1].

    Attributes:
        set: its name.
        epoch: from 1 on.
        first, second: of the halves' classes.
        nearest: of the first half by the class mean that is nearest among features.
    """

    set: str
    epoch: int
    first: float
    second: float
    nearest: float


def minority_collapse(measured: Sequence[Halves], changes: dict[str, int], title: str, subtitle: str) -> Spec:
    """A panel for each set.

    Args:
        measured: in the order in which sets are drawn.
        changes: for each set the epochs after which the second half is learnt.
        title: what the figure says.
        subtitle: how it was measured.

    Raises:
        ValueError: there is nothing to draw.
    """
    sets = list(dict.fromkeys(each.set for each in measured))
    values = [
        Value(each.set, line, each.epoch, points(share))
        for each in measured
        for line, share in ((FIRST, each.first), (SECOND, each.second), (NEAREST, each.nearest))
    ]
    panels = [
        Panel(name, "training accuracy, %", (0, 100), rules=((changes[name], "other half from here"),)) for name in sets
    ]
    return by_epoch(values, panels, title, subtitle)
