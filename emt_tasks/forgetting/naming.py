"""What runs are called in a report: short, and no two alike."""

from collections import Counter
from collections.abc import Mapping

from emt_tasks.forgetting import sets
from emt_tasks.forgetting.gathered import Gathered
from emt_tasks.forgetting.lineage import Place, Role

METHODS = {"lora": "LoRA", "linear": "linear", "prompt": "prompt tuning", "full": "full tuning"}


def method(place: Place) -> str:
    """A method as people write it."""
    return METHODS.get(place.method or "", place.method or "?")


def names(told: Gathered) -> Mapping[str, str]:
    """What each run is called: bases and encoders by their own names, checkpoints by what made them."""
    several = len(told.of(Role.BASE)) > 1
    bases = _unlike({place.run: place.name for place in told.places if place.role is not Role.TUNED})
    tuned = {place.run: _tuning(place, bases if several else {}, epoch=True) for place in told.of(Role.TUNED)}
    alike = Counter(tuned.values())
    longer = {
        place.run: tuned[place.run] if alike[tuned[place.run]] == 1 else f"{tuned[place.run]} ({_apart(place)})"
        for place in told.of(Role.TUNED)
    }
    return _unlike({**bases, **longer})


def tunings(told: Gathered) -> Mapping[str, str]:
    """What the tuning of each checkpoint is called, its epochs together; only where all of it is known."""
    places = list(told.whole_places())
    short = {place.series: _tuning(place, {}, epoch=False) for place in places}
    alike = Counter((series[0], name) for series, name in short.items())
    return {
        place.run: short[place.series]
        if alike[place.base, short[place.series]] == 1
        else f"{short[place.series]} ({_apart(place)})"
        for place in places
    }


def _tuning(place: Place, bases: Mapping[str, str], *, epoch: bool) -> str:
    if epoch and (place.missing or place.name != place.run):
        return place.name
    parts = [f"{method(place)} on {sets.shown_together(place.sets)}"]
    if place.base in bases:
        parts.insert(0, bases[place.base or ""])
    if epoch:
        parts.append(f"epoch {place.epoch:g}")
    return ", ".join(parts)


def _apart(place: Place) -> str:
    """What tells a tuning from one that is otherwise alike."""
    seed = None if place.seed is None else f"seed {place.seed}"
    return ", ".join(part for part in (place.recipe, seed) if part) or place.run


def _unlike(called: Mapping[str, str]) -> dict[str, str]:
    """Names, with the run's own behind those that stand twice."""
    alike = Counter(called.values())
    return {run: name if alike[name] == 1 else f"{name} [{run}]" for run, name in called.items()}
