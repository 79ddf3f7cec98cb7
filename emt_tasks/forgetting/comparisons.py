"""What the claims are judged by: which runs are compared with which, on which sets."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import TypeVar

from emt_tasks.forgetting import sets
from emt_tasks.forgetting.contrasts import Contrast
from emt_tasks.forgetting.gathered import Gathered
from emt_tasks.forgetting.lineage import Place
from emt_tasks.forgetting.measures import series_of

Kind = TypeVar("Kind")


def tuned(told: Gathered) -> Iterator[Place]:
    """The checkpoints that tunings themselves left."""
    return (place for place in told.checkpoints() if place.alpha is None)


def tunings(told: Gathered) -> Iterator[tuple[Place, ...]]:
    """The checkpoints of each tuning, by epoch."""
    return (series for series in series_of(told) if series[-1].alpha is None)


def others(told: Gathered, tuned: Iterable[Place], among: Sequence[str] | None = None) -> Iterator[Contrast | None]:
    """Each checkpoint against its base on each set that it was not tuned on."""
    for place in tuned:
        assert place.base is not None
        for key in told.keys if among is None else among:
            if key not in place.sets:
                yield told.contrast(place.base, place.run, key)


def methods(told: Gathered, tuned: Sequence[Place]) -> Iterator[Contrast | None]:
    """LoRA (B) against linear (A) from the same base on the same set."""
    for base, tuned_on in dict.fromkeys((place.base, place.sets) for place in tuned):
        alike = [place for place in tuned if (place.base, place.sets) == (base, tuned_on)]
        linear, lora = ([place for place in alike if place.method == method] for method in ("linear", "lora"))
        for one, other in _by_seed(linear, lora, lambda place: place.seed):
            yield from (told.contrast(one.run, other.run, key) for key in told.keys if key not in tuned_on)


def diversities(told: Gathered) -> Iterator[Contrast | None]:
    """The more diverse tuning (B) against the less diverse (A)."""
    by_sets: dict[tuple[str, ...], list[tuple[Place, ...]]] = {}
    for series in tunings(told):
        by_sets.setdefault(series[0].sets, []).append(series)
    for one, other in combinations(by_sets, 2):
        many = sets.classes(one), sets.classes(other)
        if not one or not other or None in many or many[0] == many[1]:
            continue
        less, more = (one, other) if (many[0] or 0) < (many[1] or 0) else (other, one)
        neither = [key for key in told.keys if key not in (*one, *other)]
        for before, after in _same_epoch(by_sets[less], by_sets[more]):
            yield from (told.contrast(before.run, after.run, key) for key in neither)


def _same_epoch(
    less: Sequence[tuple[Place, ...]], more: Sequence[tuple[Place, ...]]
) -> Iterator[tuple[Place, Place]]:  # fmt: skip
    """The checkpoints of two tunings of one base and method at the last epoch that both have."""
    for alike in dict.fromkeys((series[0].base, series[0].method) for series in less):
        first, second = (
            [series for series in several if (series[0].base, series[0].method) == alike] for several in (less, more)
        )
        for one, other in _by_seed(first, second, lambda series: series[0].seed):
            by_epoch = {place.epoch: place for place in one if place.epoch is not None}
            yield from [(by_epoch[place.epoch], place) for place in other if place.epoch in by_epoch][-1:]


def _by_seed(
    first: Sequence[Kind], second: Sequence[Kind], seed: Callable[[Kind], int | None]
) -> Iterator[tuple[Kind, Kind]]:
    """The pairs of equal seed, where some are; else all, as their seeds say nothing of which belong together."""
    shared = set(map(seed, first)) & set(map(seed, second))
    return ((one, other) for one in first for other in second if not shared or seed(one) == seed(other))
