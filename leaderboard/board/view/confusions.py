"""Who is taken for what."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Leak:
    """How often answers to one label named a label that only another set has."""

    label: str
    other_set: str
    other_label: str
    count: int


@dataclass(frozen=True, slots=True)
class Confused:
    """Who is taken for what, under `label_match`; unscored rows are left out.

    Attributes:
        cells: (place of the right label, place of the answer, count) of cells above 0, in order; answers are the labels
            of the set and behind them several, foreign, none, empty (`emt_tasks.forgetting.confusion.BINS`).
        leaks: words of other sets, the most frequent first.
    """

    cells: tuple[tuple[int, int, int], ...]
    leaks: tuple[Leak, ...]
