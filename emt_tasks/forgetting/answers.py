"""How many answers were read, and how many of them differ: what somebody who checks the reading by hand has to read."""

from dataclasses import dataclass

import numpy as np

from emt_tasks.forgetting.gathered import Gathered
from emt_tasks.forgetting.lineage import Role


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of all models about one set; encoders, whose answers are labels of the set, have none.

    Attributes:
        key: the set.
        read: how many.
        distinct: how many different ones; one that was given about two sets counts for each.
    """

    key: str
    read: int
    distinct: int


def answers(told: Gathered) -> tuple[Answers, ...]:
    """What was read of each set that a model was asked about, each run once."""
    models = [place.run for place in told.places if place.role is not Role.ENCODER]
    found = []
    for key in told.keys:
        columns = [told.rows[run, key].rows.raw for run in models if (run, key) in told.rows]
        said = {column.values[code] for column in columns for code in np.unique(column.codes).tolist()}
        if columns:
            found.append(Answers(key, sum(map(len, columns)), len(said)))
    return tuple(found)
