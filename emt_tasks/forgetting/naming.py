"""What runs are called in a report: short, safe to show, and no two alike."""

from collections import Counter
from collections.abc import Mapping

from emt_tasks.escaping import plain
from emt_tasks.forgetting import sets
from emt_tasks.forgetting.gathered import Gathered
from emt_tasks.forgetting.lineage import Place, Role

LONGEST = 60  # characters
METHODS = {"lora": "LoRA", "linear": "linear", "prompt": "prompt tuning", "full": "full tuning"}


def method(place: Place) -> str:
    """A method as people write it."""
    return METHODS.get(place.method or "") or short(place.method or "?")


def short(name: str) -> str:
    r"""A name of unknown origin, safe to show and not longer than a line holds.

    >>> short("my\x1b[31m lora")
    'my lora'
    """
    safe = " ".join(plain(name).split())
    return safe if len(safe) <= LONGEST else f"{safe[: LONGEST // 2]}...{safe[-LONGEST // 2 + 3 :]}"


def names(told: Gathered) -> Mapping[str, str]:
    """What each run is called: bases and encoders by their own names, checkpoints by what made them."""
    several = len(told.of(Role.BASE)) > 1
    bases = _unlike({place.run: short(place.name) for place in told.places if place.role is not Role.TUNED})
    tuned = {place.run: _tuning(place, bases if several else {}, epoch=True) for place in told.of(Role.TUNED)}
    alike = Counter(tuned.values())
    longer = {
        place.run: tuned[place.run] if alike[tuned[place.run]] == 1 else f"{tuned[place.run]} ({_apart(place)})"
        for place in told.of(Role.TUNED)
    }
    return _unlike({**bases, **longer})


def tunings(told: Gathered) -> Mapping[str, str]:
    """What the tuning of each checkpoint is called, its epochs together; where its epoch is unknown, its own name."""
    places = list(told.checkpoints())
    called = {place.series: short(place.name) if place.missing else _tuning(place, {}, epoch=False) for place in places}
    alike = Counter((series[0], name) for series, name in called.items())
    return {
        place.run: called[place.series]
        if alike[place.base, called[place.series]] == 1
        else f"{called[place.series]} ({_apart(place)})"
        for place in places
    }


def _tuning(place: Place, bases: Mapping[str, str], *, epoch: bool) -> str:
    if epoch and (place.missing or place.name != place.run):
        return short(place.name)
    parts = [f"{method(place)} on {sets.shown_together(place.sets)}"]
    if place.base in bases:
        parts.insert(0, bases[place.base or ""])
    if epoch:
        parts.append(f"epoch {place.epoch:g}")
    return ", ".join(parts)


def _apart(place: Place) -> str:
    """What tells a tuning from one that is otherwise alike."""
    seed = None if place.seed is None else f"seed {place.seed}"
    return short(", ".join(part for part in (place.recipe, seed) if part) or place.run)


def _unlike(called: Mapping[str, str]) -> dict[str, str]:
    """Names, with the run's own behind those that stand twice."""
    alike = Counter(called.values())
    return {run: name if alike[name] == 1 else f"{name} [{short(run)}]" for run, name in called.items()}
