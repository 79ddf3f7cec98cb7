"""What is lost and kept: the gap to the encoder, forgetting, retention, backward transfer, and drops from a peak."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from emt_tasks.forgetting.contrasts import LEVEL, Contrast, Interval, Mean, corrected, mean_of
from emt_tasks.forgetting.gathered import Gathered
from emt_tasks.forgetting.lineage import Place, Role
from emt_tasks.statistics.paired import newcombe
from emt_tasks.statistics.power import measured, smallest_drop
from emt_tasks.statistics.ratio import ratio


@dataclass(frozen=True, slots=True)
class Kept:
    """What a checkpoint kept of its base on one set.

    Attributes:
        run: the checkpoint.
        change: its accuracy against its base's, p corrected over the sets that the checkpoint was run on.
        tuned_on: whether it was tuned on that set; forgetting is told of the others.
        known_sets: whether anything says what it was tuned on; where not, `tuned_on` is False everywhere.
        retention: its accuracy divided by the base's, with limits; None where the base has none right. The upper limit
            is None where there is no bound.
        shows: the least drop, fraction of all rows, that so many rows show in four of five trials, where as many more
            differ evenly, both ways.
    """

    run: str
    change: Contrast
    tuned_on: bool
    known_sets: bool
    retention: tuple[float, float, float | None] | None
    shows: float | None

    @property
    def forgetting(self) -> float:
        """The base's accuracy less the checkpoint's, in [-1, 1]."""
        return -self.change.difference

    @property
    def forgetting_interval(self) -> Interval:
        """95 % (Newcombe) of `forgetting`."""
        low, high = self.change.interval
        return -high, -low


@dataclass(frozen=True, slots=True)
class Transfer:
    """The mean change, in [-1, 1], over the sets that a checkpoint was not tuned on: below 0 it forgot.

    Source: D. Lopez-Paz, M. Ranzato, NeurIPS 2017, equation 3, with the base in the place of the model after each task.
    """

    run: str
    mean: Mean
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Peak:
    """How far a tuning's last checkpoint is below its best earlier one on one set.

    Attributes:
        last: the run of the last epoch.
        peak: the run of the best earlier one, the base among them; the earliest of equals.
        key: the set.
        change: from peak to last.
        interval: of the change, at a confidence of 1 - 0.05 / (number of earlier ones), as the best was chosen.
    """

    last: str
    peak: str
    key: str
    change: Contrast
    interval: Interval

    @property
    def dropped(self) -> bool:
        """Whether the drop shows."""
        return self.interval[1] < 0


def gaps(told: Gathered) -> tuple[Contrast, ...]:
    """Each base against its own encoder on each set (A is the encoder), p corrected over them all."""
    found = []
    for place in told.of(Role.BASE):
        encoder = told.encoder_of(place)
        if encoder is not None:
            found += [one for key in told.keys if (one := told.contrast(encoder.run, place.run, key)) is not None]
    return corrected(found)


def kept(told: Gathered) -> tuple[Kept, ...]:
    """Each checkpoint whose base is known, on each set."""
    return tuple(one for place in told.checkpoints() for one in _kept(told, place))


def _kept(told: Gathered, place: Place) -> Iterator[Kept]:
    assert place.base is not None
    changes = corrected([one for key in told.keys if (one := told.contrast(place.base, place.run, key)) is not None])
    for change in changes:
        shows = smallest_drop(change.n, measured(change.table.churn))
        yield Kept(place.run, change, change.key in place.sets, bool(place.sets), ratio(change.table), shows)


def transfers(all_kept: Sequence[Kept]) -> tuple[Transfer, ...]:
    """The backward transfer of each checkpoint that was run on a set that it was not tuned on."""
    found = []
    for run in dict.fromkeys(one.run for one in all_kept if one.known_sets):
        changes = [one.change for one in all_kept if one.run == run and not one.tuned_on]
        mean = mean_of(changes)
        if mean is not None:
            found.append(Transfer(run, mean, tuple(one.key for one in changes)))
    return tuple(found)


def series_of(told: Gathered) -> tuple[tuple[Place, ...], ...]:
    """The checkpoints of each tuning, by epoch."""
    found: dict[tuple[object, ...], list[Place]] = {}
    for place in told.checkpoints():
        found.setdefault(place.series, []).append(place)
    return tuple(tuple(sorted(several, key=lambda place: place.epoch or 0.0)) for several in found.values())


def peaks(told: Gathered) -> tuple[Peak, ...]:
    """Where an earlier epoch was better, for each tuning of two or more epochs and each set that it was not tuned on.

    Source: A. Chaudhry et al., ECCV 2018 (arXiv 1801.10112), section 3: the best earlier accuracy less the last.
    """
    return tuple(
        one
        for series in series_of(told)
        for key in told.keys
        if len(series) > 1 and key not in series[-1].sets and (one := _peak(told, series, key)) is not None
    )


def _peak(told: Gathered, series: Sequence[Place], key: str) -> Peak | None:
    last = series[-1]
    assert last.base is not None
    earlier = [last.base, *(place.run for place in series[:-1])]
    changes = [one for run in earlier if (one := told.contrast(run, last.run, key)) is not None]
    if len(changes) < 2:
        return None
    worst = min(changes, key=lambda one: one.difference)
    return Peak(last.run, worst.a, key, worst, newcombe(worst.table, 1 - LEVEL / len(changes)))
