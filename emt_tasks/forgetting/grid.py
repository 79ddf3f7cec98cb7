"""The paper's grid: what each method on each set comes to on every set, its seeds together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from emt_tasks.forgetting.contrasts import Contrast, Mean, mean_of
from emt_tasks.forgetting.gathered import Gathered
from emt_tasks.forgetting.lineage import Place
from emt_tasks.forgetting.measures import series_of


@dataclass(frozen=True, slots=True)
class Cell:
    """The last checkpoints of one method on one set, on one set.

    Attributes:
        runs: the checkpoint of each seed, in order of the seeds.
        key: the set that they were asked about.
        tuned_on: whether they were tuned on it.
        accuracy: the mean over the seeds, in [0, 1].
        lowest, highest: of the seeds' accuracies.
        change: the mean change from the base; its interval is of the pictures' chance, and says nothing of seeds that
            were not run.
    """

    runs: tuple[str, ...]
    key: str
    tuned_on: bool
    accuracy: float
    lowest: float
    highest: float
    change: Mean


def grid(told: Gathered) -> tuple[Cell, ...]:
    """The cells of all tunings whose base, sets and epoch are known, in the order of the runs; no points on the way."""
    alike: dict[tuple[object, ...], list[Place]] = {}
    for series in series_of(told):
        last = series[-1]
        if not last.missing and last.alpha is None:
            alike.setdefault((last.base, last.sets, last.method, last.recipe, last.epoch), []).append(last)
    return tuple(cell for seeds in alike.values() for cell in _cells(told, sorted(seeds, key=_seed)))


def _cells(told: Gathered, seeds: Sequence[Place]) -> Iterator[Cell]:
    for key in told.keys:
        changes = [
            one for place in seeds if place.base and (one := told.contrast(place.base, place.run, key)) is not None
        ]
        mean = mean_of(changes)
        if mean is not None:
            yield _cell(key, key in seeds[0].sets, changes, mean)


def _cell(key: str, tuned_on: bool, changes: Sequence[Contrast], mean: Mean) -> Cell:
    accuracies = [one.table.share_b for one in changes]
    runs = tuple(one.b for one in changes)
    return Cell(runs, key, tuned_on, fmean(accuracies), min(accuracies), max(accuracies), mean)


def _seed(place: Place) -> int:
    return place.seed or 0
