"""What is missing among runs for comparisons: bases, encoders, and what nothing tells of checkpoints."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from functools import partial

from emt_tasks.forgetting import sets
from emt_tasks.forgetting.gathered import Gathered
from emt_tasks.forgetting.lineage import Place, Role
from emt_tasks.forgetting.mapping import SAY_IT
from emt_tasks.runs.problems import Problem, Trouble


def lineage_problems(told: Gathered) -> Iterator[Problem]:
    """What is missing for comparisons: bases, encoders, and what nothing tells of checkpoints."""
    bases = told.of(Role.BASE)
    if not bases:
        what = "no run of a base model is among these, so that nothing can be said of forgetting"
        yield Problem(Trouble.NO_BASE, "report", what, f"Run the untuned model too, or name it. {SAY_IT}")
    for place in told.of(Role.TUNED):
        if place.base is None and bases:
            yield _baseless(place, bases)
        if not place.sets:
            what = "nothing says what it was tuned on, so that forgetting and learning are not told apart"
            yield Problem(Trouble.UNPLACED, place.run, what, SAY_IT)
        yield from map(partial(_other_set, place.run), set(place.sets) - set(sets.SHOWN))
    for place in bases:
        if place.encoder == place.name:
            continue  # an encoder itself
        if place.encoder is None:
            todo = f"Evaluate it with emt run, which notes it, or name it. {SAY_IT}"
            yield Problem(Trouble.NO_ENCODER, place.run, "nothing says which encoder it looks through", todo)
        elif told.encoder_of(place) is None:
            what = f"its encoder {place.encoder} has no run here, so that the gap to it can't be told"
            yield Problem(
                Trouble.NO_ENCODER,
                place.run,
                what,
                "Run it: emt run --model emt_clip --model-args model=...,pretrained=...",
            )


def _other_set(run: str, key: str) -> Problem:
    """Said because a misspelt set would count as one that was not tuned on, and learning as forgetting."""
    near = get_close_matches(key, sets.SHOWN, n=1)
    what = f"tuned on {sets.shown(key)!r}, none of {', '.join(sets.SHOWN)}, which all count as not tuned on"
    return Problem(Trouble.OTHER_SET, run, what, f"If {near[0]} is meant, say so. {SAY_IT}" if near else "")


def _baseless(place: Place, bases: Collection[Place]) -> Problem:
    said = f" ({place.base_source})" if place.base_source else ""
    what = f"its base{said} is none of the runs here: {', '.join(base.name for base in bases)}"
    return Problem(Trouble.NO_BASE, place.run, what, f"Run the base too, or name it. {SAY_IT}")
