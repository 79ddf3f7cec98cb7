"""What a task's readings need beside the model that answers, looked for before that model is loaded."""

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

from emt_tasks.errors import EmtError, RefusedToSpend
from emt_tasks.tasks import catalogue, leaves

NEEDS = {
    "clip_argmin": "emt_tasks.clip_argmin.require_for",
    "gpt_judge": "emt_tasks.gpt_judge.reach.require_for",
}
"""For a reading that needs more than rules: a function of its filter's settings in the task file.

It says what was found, or raises an `EmtError` that says what to do.
"""


def require_readings(names: Iterable[str]) -> tuple[str, ...]:
    """What the readings of the tasks `names` found of what they need; others' tasks are passed over.

    Raises:
        EmtError: one lacks what it needs.
    """
    known, found = catalogue(), []
    for task in leaves([name for name in names if name in known]):
        for reading in task.config.get("filter_list", ()):
            if reading["name"] not in NEEDS:
                continue
            given = {key: value for key, value in reading["filter"][0].items() if key not in ("function", "labels")}
            try:
                found.append(f"{reading['name']}: {_need(reading['name'])(given)}")
            except EmtError as error:
                plain = task.name.rpartition("_")[0]
                kind = RefusedToSpend if isinstance(error, RefusedToSpend) else EmtError
                raise kind(
                    f"{task.name} can't be read by {reading['name']}: {error} Or run {plain}, which needs nothing "
                    f"more, and read its answers later: emt score --reading {reading['name']}"
                ) from error
    return tuple(dict.fromkeys(found))


def _need(reading: str) -> Callable[[Mapping[str, Any]], str]:
    module, _, function = NEEDS[reading].rpartition(".")
    need: Callable[[Mapping[str, Any]], str] = getattr(import_module(module), function)
    return need
