"""What became of an answer: the paper's failure modes as outcomes, of which exactly one holds."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from emt_tasks.errors import EmtError
from emt_tasks.reading import Reading


class Outcome(StrEnum):
    """What one answer came to under one reading.

    Source: arXiv 2309.10313's failure modes are incorrect, intrinsic and extrinsic.
    """

    CORRECT = "correct"
    """Names exactly one label of its set, the right one."""
    INCORRECT = "incorrect"
    """Names exactly one label of its set, a wrong one."""
    INTRINSIC = "intrinsic"
    """Names two or more: a list contradicts its source."""
    EXTRINSIC = "extrinsic"
    """Says something and names none."""
    EMPTY = "empty"
    """Says nothing."""
    UNSCORED = "unscored"
    """The reading could not be had: a judge out of reach, a budget spent."""


def outcome_of(reading: Reading | None, gold_label: str) -> Outcome:
    """The outcome of an answer whose right label, as the prompt lists it, is `gold_label`; None could not be read."""
    if reading is None or not reading.scored:
        return Outcome.UNSCORED
    if len(reading.named) > 1:
        return Outcome.INTRINSIC
    if reading.named:
        return Outcome.CORRECT if reading.named[0] == gold_label else Outcome.INCORRECT
    return Outcome.EXTRINSIC if reading.says_something else Outcome.EMPTY


def shares(outcomes: Iterable[Outcome]) -> dict[Outcome, float]:
    """The fraction in [0, 1] of each outcome, absent ones too; they add up to 1.

    Raises:
        EmtError: there are no outcomes, so there are no shares.
    """
    counts = Counter(outcomes)
    if not counts:
        raise EmtError("no outcomes to take shares of: the evaluation had no rows. Check --limit and the split.")
    return {outcome: counts[outcome] / counts.total() for outcome in Outcome}
