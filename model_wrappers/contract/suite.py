"""All checks in the order in which they are made, and what becomes of one that fails."""

import inspect
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

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
FAULT = "This is the wrapper's own error; the place is where it was raised."


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a wrapper is held to.

    Attributes:
        look: finds out; its docstring is the promise.
        needs: checks that have to hold before this one can tell anything.
    """

    look: Callable[[Subject], str]
    needs: tuple[str, ...] = (LOADS,)

    @property
    def promise(self) -> str:
        """What is promised, in a sentence."""
        return inspect.cleandoc(self.look.__doc__ or "").splitlines()[0]


CHECKS: Mapping[str, Check] = {
    LOADS: Check(loads, needs=()),
    "greedy": Check(greedy_is_deterministic),
    "picture": Check(sees_the_picture, (LOADS, "greedy")),
    "batches": Check(any_batch_is_batch_1, (LOADS, "greedy")),
    "padding": Check(padding_is_not_seen, (LOADS, "greedy", "batches")),
    "stops": Check(ends_before_stop_strings, (LOADS, "greedy", "batches")),
    "scoring": Check(scores_are_those_of_full_passes),
    "adapters": Check(adapters_do_what_they_should, (LOADS, "greedy", "batches")),
    "arguments": Check(a_wrong_argument_is_told),
    "encoder": Check(names_its_encoder),
    "cleaning": Check(survives_cleaning, (LOADS, "greedy")),
    "weights": Check(fingerprint_is_the_weights),
    "ranks": Check(two_processes_are_one, (LOADS, "greedy", "batches")),
}


def chosen(only: Sequence[str] = (), skip: Sequence[str] = ()) -> list[str]:
    """The checks to make, in their order: `only` those, or all, and none of `skip`.

    Raises:
        UnknownName: there is no such check.
    """
    for name in (*only, *skip):
        if name not in CHECKS:
            raise UnknownName("check", name, CHECKS)
    return [name for name in CHECKS if (not only or name in only) and name not in skip]


def findings(subject: Subject, checks: Sequence[str]) -> Iterator[Finding]:
    """What each of `checks` finds, as it is made; one that needs a broken one is not run.

    Raises:
        UnknownName: the wrapper exempts itself from a check that does not exist.
    """
    broken: list[str] = []
    for name in checks:
        found = examined(name, subject, broken)
        if found.verdict == "broken":
            broken.append(name)
        yield found


def examined(name: str, subject: Subject, broken: Sequence[str] = ()) -> Finding:
    """What the check `name` finds, where those in `broken` are.

    Raises:
        UnknownName: the wrapper exempts itself from a check that does not exist.
    """
    check = CHECKS[name]
    if missing := next((need for need in check.needs if need in broken), None):
        return Finding(name, check.promise, "not run", f"tells nothing while {missing!r} is broken")
    found = _looked(name, check, subject)
    if found.verdict == "broken":
        subject.forget()  # the next begins with a wrapper as it was loaded
    return found


def _looked(name: str, check: Check, subject: Subject) -> Finding:
    try:
        exempt = getattr(subject.model_class, "not_applicable", {})
        chosen(tuple(exempt))
        if name in exempt:
            return Finding(name, check.promise, "not applicable", exempt[name])
        return Finding(name, check.promise, "holds", check.look(subject))
    except DoesNotApply as reason:
        return Finding(name, check.promise, "not applicable", str(reason))
    except Broken as found:
        return Finding(name, check.promise, "broken", found.seen, found.do)
    except UnknownName:
        raise
    except Exception as error:  # noqa: BLE001  # a stranger's code: whatever it raises is a finding, not our end
        said = f"{type(error).__name__}: {str(error)[:300]} ({_place(error)})"
        return Finding(name, check.promise, "broken", said, FAULT)


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else "no place known"
