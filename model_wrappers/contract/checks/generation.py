"""Whether answers end where they should, and are the same again."""

import random

import numpy as np
import torch

from model_wrappers.contract.findings import Broken, DoesNotApply
from model_wrappers.contract.samples import LISTED, QUESTION, generation
from model_wrappers.contract.subject import ROWS, Subject

UNREADABLE = "\ufffd"  # part of a character: what follows decides how it is written
LENGTH = 2  # characters of a stop string: mostly across two tokens or in the middle of one


def ends_before_stop_strings(subject: Subject) -> str:
    """An answer ends before the first of the task's `until` strings, each row's at its own."""
    free = subject.answers([generation(LISTED, row, until=[]) for row in range(ROWS)])
    stops = {row: stop for row, answer in enumerate(free) if (stop := _inside(answer))}
    if not stops:
        raise DoesNotApply(f"its answers are too short to stop in: {free[0]!r}")
    asked = [generation(LISTED, row, until=["no answer has this", stop]) for row, stop in stops.items()]
    for (row, stop), answer in zip(stops.items(), subject.answers(asked), strict=True):
        wanted = free[row][: free[row].index(stop)]
        if answer.rstrip() != wanted.rstrip():
            raise Broken(
                f"With until={stop!r} row {row} got {answer[:60]!r} instead of {wanted[:60]!r}.",
                "Read generation_kwargs['until'] of each request; stop there, and cut the answer before it.",
            )
    return f"{len(stops)} answers, cut at {len(set(stops.values()))} strings out of their middle"


def greedy_is_deterministic(subject: Subject) -> str:
    """Without sampling the same question gets the same answer, whatever was asked before and whatever the seed."""
    asked = [generation(LISTED, row) for row in range(ROWS)]
    found = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)  # what a wrapper may draw from
        torch.manual_seed(seed)
        found.append(subject.answers(asked))
        subject.answers([generation(QUESTION, row) for row in range(3)])
    for row, (one, other) in enumerate(zip(*found, strict=True)):
        if one != other:
            raise Broken(
                f"Row {row} got {one[:60]!r} and then {other[:60]!r}.",
                "Pass do_sample=False where the task samples nothing, and load the model in eval mode (no dropout).",
            )
    return f"{ROWS} answers, the same under another seed and after other questions"


def _inside(answer: str) -> str | None:
    """Two characters from the middle of `answer`, or after it; None where there are no whole ones."""
    places = range(len(answer) // 2, len(answer) - LENGTH + 1)
    pairs = (answer[place : place + LENGTH] for place in places)
    return next((pair for pair in pairs if UNREADABLE not in pair and pair.strip() and pair[0].strip()), None)
