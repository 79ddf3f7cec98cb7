"""All checks in the order in which they are made, and what becomes of one that fails."""

import inspect
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from emt_tasks.errors import UnknownName
from model_wrappers.contract.checks.adapters import adapters_do_what_they_should
from model_wrappers.contract.checks.arguments import a_wrong_argument_is_told
from model_wrappers.contract.checks.batches import any_batch_is_batch_1, padding_is_not_seen
from model_wrappers.contract.checks.cleaning import survives_cleaning
from model_wrappers.contract.checks.generation import ends_before_stop_strings, greedy_is_deterministic
from model_wrappers.contract.checks.identity import fingerprint_is_the_weights, names_its_encoder
from model_wrappers.contract.checks.loading import loads
from model_wrappers.contract.checks.pictures import sees_the_picture
from model_wrappers.contract.checks.ranks import two_processes_are_one
from model_wrappers.contract.checks.scoring import scores_are_those_of_full_passes
from model_wrappers.contract.findings import Broken, DoesNotApply, Finding
from model_wrappers.contract.subject import Subject

LOADS = "loads"
CHECKS: Mapping[str, Callable[[Subject], str]] = {
    LOADS: loads,
    "picture": sees_the_picture,
    "batches": any_batch_is_batch_1,
    "padding": padding_is_not_seen,
    "stops": ends_before_stop_strings,
    "greedy": greedy_is_deterministic,
    "scoring": scores_are_those_of_full_passes,
    "adapters": adapters_do_what_they_should,
    "arguments": a_wrong_argument_is_told,
    "encoder": names_its_encoder,
    "cleaning": survives_cleaning,
    "weights": fingerprint_is_the_weights,
    "ranks": two_processes_are_one,
}
"""What a wrapper is held to. Each function's docstring is its promise."""
FAULT = "This is the wrapper's own error; the place is where it was raised."


def promise(check: str) -> str:
    """What `check` holds a wrapper to, in a sentence."""
    return inspect.cleandoc(CHECKS[check].__doc__ or "").splitlines()[0]


def chosen(only: Sequence[str] = (), skip: Sequence[str] = ()) -> list[str]:
    """The checks to make, in their order: `only` those, or all, and none of `skip`.

    Raises:
        UnknownName: there is no such check.
    """
    for name in (*only, *skip):
        if name not in CHECKS:
            raise UnknownName("check", name, CHECKS)
    return [name for name in CHECKS if (not only or name in only) and name not in skip]


def examined(check: str, subject: Subject) -> Finding:
    """What `check` finds.

    Raises:
        UnknownName: the wrapper exempts itself from a check that does not exist.
    """
    said: tuple[Any, ...]
    try:
        exempt = getattr(subject.model_class, "not_applicable", {})
        chosen(tuple(exempt))
        said = ("not applicable", exempt[check]) if check in exempt else ("holds", CHECKS[check](subject))
    except DoesNotApply as reason:
        said = ("not applicable", str(reason))
    except Broken as found:
        said = ("broken", found.seen, found.do)
    except UnknownName:
        raise
    except Exception as error:  # noqa: BLE001  # a stranger's code: whatever it raises is a finding, not our end
        said = ("broken", f"{type(error).__name__}: {str(error)[:300]} ({_place(error)})", FAULT)
    return Finding(check, promise(check), *said)


def findings(subject: Subject, checks: Sequence[str]) -> Iterator[Finding]:
    """What each check finds, as it is made; where the wrapper does not load, the others are not run."""
    for check in checks:
        found = examined(check, subject)
        yield found
        if check == LOADS and found.verdict == "broken":
            yield from (Finding(name, promise(name), "not run", "it does not load") for name in checks if name != LOADS)
            return


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else "no place known"
