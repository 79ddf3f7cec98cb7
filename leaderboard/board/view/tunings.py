"""What tuning did: curves by epoch, cells of the forgetting matrix."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """One epoch of a curve: an accuracy with its interval; epoch 0 is the base.

    `dropped` says whether the interval of its paired difference to the base lies below 0.
    """

    epoch: float
    entry: str
    accuracy: float
    low: float
    high: float
    dropped: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """One set, evaluated after each epoch of one tuning."""

    series: str
    name: str
    kind: str
    tuned_on: tuple[str, ...]
    evaluated: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A cell of the forgetting matrix: the accuracy on `evaluated` after tuning, less the base's."""

    series: str
    entry: str
    name: str
    kind: str
    epoch: float | None
    tuned_on: tuple[str, ...]
    evaluated: str
    difference: float
    low: float
    high: float
    shown: bool
