"""Checkpoints that are one tower kept under two names, as WiSE-FT keeps what full tuning keeps too."""

from collections.abc import Sequence
from dataclasses import replace

from emt_tasks.forgetting import sets
from emt_tasks.forgetting.lineage import Place, Role
from emt_tasks.runs.problems import Problem, Trouble
from emt_tasks.runs.records import Run


def each_once(runs: Sequence[Run], places: Sequence[Place]) -> tuple[tuple[Place, ...], tuple[Problem, ...]]:
    """`places` without checkpoints that are others over again, and a word on each of those.

    They are the same where weights, base, sets, method, seed and epoch are. One that was asked what the other was not
    stays.
    """
    asked = {run.name: {sets.asked(rows.task) for rows in run.tasks} for run in runs}
    weights = {run.name: run.identity.weights for run in runs}
    found: dict[tuple[object, ...], Place] = {}
    once, twice = [], []
    for place in places:
        known = place.role is Role.TUNED and weights[place.run]
        what = (*replace(place, recipe=None).series, place.epoch, weights[place.run]) if known else (place.run,)
        first = found.setdefault(what, place)
        if first is place or not asked[place.run] <= asked[first.run]:
            once.append(place)
        else:
            text = f"has the weights of {first.run}, and is counted as it"
            twice.append(Problem(Trouble.REPEATED, place.run, text, "There is nothing to do."))
    return tuple(once), tuple(twice)
