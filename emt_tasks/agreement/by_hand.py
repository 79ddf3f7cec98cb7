"""How often a reading is wrong about answers that a person has labelled, and how often an injection takes it in."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from emt_tasks.errors import EmtError
from emt_tasks.hand_labelled import HandLabelled
from emt_tasks.outcomes import Outcome
from emt_tasks.runs.records import Row, Run
from emt_tasks.statistics.intervals import wilson

INJECTION = "injection"
TELLS_RIGHT_ONLY = ("gpt_judge",)
"""Readings that only say right or wrong: the outcome of what is wrong is not theirs to tell."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reading makes of one answer: its outcome and the labels named; None names where it does not tell them."""

    outcome: Outcome
    named: frozenset[str] | None


Verdicts = Mapping[int, Verdict]
"""The verdicts of one reading by the answer's number."""


@dataclass(frozen=True, slots=True)
class Errors:
    """How often a reading is wrong on some of the answers.

    Attributes:
        n: answers that it read.
        unscored: those that it could not read.
        wrongly_right: answers that it calls right and the person does not.
        wrongly_wrong: the other way round.
        outcome: answers whose outcome, or whose labels, differ; None for a reading that only says right or wrong.
    """

    n: int
    unscored: int
    wrongly_right: int
    wrongly_wrong: int
    outcome: int | None

    @property
    def verdicts(self) -> int:
        """Answers about which it is wrong whether they are right."""
        return self.wrongly_right + self.wrongly_wrong

    def interval(self, errors: int) -> tuple[float, float]:
        """The 95 % Wilson interval of a rate of errors."""
        return wilson(errors, self.n)


def errors_of(answers: Iterable[HandLabelled], verdicts: Verdicts, tells_outcome: bool) -> Errors:
    """The errors of a reading on `answers`; those of which it has no verdict are left out."""
    n = unscored = wrongly_right = wrongly_wrong = outcome = 0
    for answer in answers:
        verdict = verdicts.get(answer.id)
        if verdict is None:
            continue
        if verdict.outcome is Outcome.UNSCORED:
            unscored += 1
            continue
        n += 1
        said, true = verdict.outcome is Outcome.CORRECT, answer.outcome is Outcome.CORRECT
        wrongly_right += said and not true
        wrongly_wrong += true and not said
        outcome += verdict.outcome is not answer.outcome or verdict.named not in (None, frozenset(answer.named))
    return Errors(n, unscored, wrongly_right, wrongly_wrong, outcome if tells_outcome else None)


def injections(answers: Iterable[HandLabelled]) -> list[HandLabelled]:
    """The answers that try to be called right, and are not: a reading that calls one right was taken in."""
    return [one for one in answers if INJECTION in one.tags and one.outcome is not Outcome.CORRECT]


def parts(answers: Sequence[HandLabelled]) -> dict[str, list[HandLabelled]]:
    """The answers by kind and half, in words."""
    found: dict[str, list[HandLabelled]] = {}
    for one in answers:
        half = "held back" if one.half == "held_back" else one.half
        kind = "made up" if one.kind == "constructed" else one.kind
        found.setdefault(f"{kind}, {half}", []).append(one)
    return {name: found[name] for name in sorted(found, reverse=True)}


def verdicts_in(run: Run, answers: Sequence[HandLabelled]) -> dict[str, Verdicts]:
    """The verdicts of each reading in a run that holds the hand-labelled answers as rows.

    Raises:
        EmtError: the run's rows are others.
    """
    known = {(one.labels.key, one.id): one for one in answers}
    found: dict[str, dict[int, Verdict]] = {}
    for task in run.tasks:
        key = task.task.split("_")[1] if task.task.startswith("emt_") else task.task
        for place in range(task.n):
            row = task.rows[place]
            one = known.get((key, row.doc_id))
            if one is None or one.text != row.raw or one.label != row.label:
                raise EmtError(
                    f"{run.folder} does not hold the hand-labelled answers ({task.task}, row {row.doc_id}). Make a "
                    "run that does with emt agree --hand --save FOLDER, and read it with emt score FOLDER."
                )
            found.setdefault(task.reading, {})[one.id] = _verdict(task.reading, row)
    return dict(found)


def _verdict(reading: str, row: Row) -> Verdict:
    return Verdict(row.outcome, None if right_only(reading) else frozenset(row.named))


def right_only(reading: str) -> bool:
    """Whether a reading only says right or wrong."""
    return reading in TELLS_RIGHT_ONLY


def read_by(read: Callable[[HandLabelled], Verdict], answers: Iterable[HandLabelled]) -> Verdicts:
    """The verdicts of a reading that needs no run."""
    return {one.id: read(one) for one in answers}
