"""Runs that a report can't tell apart: the same answers once more, or another start of the same tuning."""

from collections.abc import Mapping, Sequence

from emt_tasks.forgetting import sets
from emt_tasks.forgetting.lineage import Place, Role
from emt_tasks.forgetting.mapping import SAY_IT
from emt_tasks.outcomes import Outcome
from emt_tasks.runs.problems import Problem, Trouble
from emt_tasks.runs.records import TaskRows

Asked = Mapping[tuple[str, str], TaskRows]
"""What was answered, by run and set."""


def each_told_apart(places: Sequence[Place], rows: Asked) -> tuple[tuple[Place, ...], tuple[Problem, ...]]:
    """`places` in the order of the report without those that stand for the same as one before, and a word on each."""
    found: dict[tuple[object, ...], Place] = {}
    problems = []
    for place in places:
        first = found.setdefault(_stands_for(place), place)
        if first is place:
            continue
        if _repeats(first.run, place.run, rows):
            text = f"is {first.run} once more, answer for answer; counted once"
            problems.append(Problem(Trouble.REPEATED, place.run, text, ""))
        else:
            text = f"stands for the same as {first.run}; left out"
            todo = f"Leave one out, or tell them apart. {SAY_IT}"
            problems.append(Problem(Trouble.ALIKE, place.run, text, todo))
    return tuple(sorted(found.values(), key=_order)), tuple(problems)


def _repeats(first: str, second: str, rows: Asked) -> bool:
    """Whether all that the second run was asked has the same answers in the first."""
    asked = [(rows.get((first, key)), again) for (run, key), again in rows.items() if run == second]
    return all(
        one is not None
        and one.task == again.task
        and one.data_fingerprint == again.data_fingerprint
        and one.prompt_hash == again.prompt_hash
        and _answers(one) == _answers(again)
        for one, again in asked
    )


def _answers(asked: TaskRows) -> list[tuple[int, str, Outcome]]:
    """What was answered to each row, and what it was read as."""
    rows = asked.rows
    return sorted((int(number), rows.raw[place], rows.outcome[place]) for place, number in enumerate(rows.doc_id))


def _stands_for(place: Place) -> tuple[object, ...]:
    """Equal for places that a report can't tell apart."""
    if place.role is Role.TUNED:
        known = place.base is not None and place.epoch is not None
        return (place.role, *place.series, place.epoch) if known and place.sets else (place.role, place.run)
    return (place.role, place.name, place.base_source)


def _order(place: Place) -> tuple[object, ...]:
    roles = {Role.ENCODER: 0, Role.BASE: 1, Role.TUNED: 2}
    names = list(sets.SHOWN)
    tuned_on = tuple((names.index(key) if key in names else len(names), key) for key in place.sets)
    series = (place.base or "", len(place.sets), tuned_on, place.method or "", place.recipe or "", place.seed or 0)
    return (roles[place.role], *series, place.epoch or 0.0, place.run)
