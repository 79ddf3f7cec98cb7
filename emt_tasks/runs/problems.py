"""What can be wrong with runs on disk, and how it is told: where, what, and what to do."""

from dataclasses import dataclass
from enum import StrEnum

from emt_tasks.escaping import terminal


class Trouble(StrEnum):
    """What can be wrong with runs on disk."""

    CUT_OFF = "cut_off"
    """The last line of a sample log is broken: the run, or a copy of it, was cut off."""
    BROKEN_ROWS = "broken_rows"
    """Lines of a sample log are no rows."""
    UNREADABLE = "unreadable"
    """A file is not what its name says."""
    NO_RESULTS = "no_results"
    """Samples without the results file that says what they are of."""
    NO_SAMPLES = "no_samples"
    """Results without the samples they were counted from."""
    INCOMPLETE = "incomplete"
    """Fewer or more rows than the results speak of."""
    DUPLICATE_ROWS = "duplicate_rows"
    """The same row more than once, with the same answer."""
    CONFLICTING_ROWS = "conflicting_rows"
    """The same row more than once, with different answers."""
    UNSCORED = "unscored"
    """Rows whose reading could not be had."""
    NO_SCORE = "no_score"
    """Rows of a task that no metric calls right or wrong."""
    DISAGREES = "disagrees"
    """Rows that do not add up to what the results or the manifest say."""
    OLDER = "older"
    """A stamp of a run that another stamp of it replaces."""
    STALE_READING = "stale_reading"
    """A reading of another log than the one that it stands beside."""
    WEAK_IDENTITY = "weak_identity"
    """Rows known by their number alone, as the log does not tell their pictures."""
    MIXED_VERSIONS = "mixed_versions"
    """Runs of different versions of a task."""
    NOT_SHARED = "not_shared"
    """A task that not all of the runs have."""
    DIFFERENT_ROWS = "different_rows"
    """Runs of different pictures."""
    DIFFERENT_PROMPTS = "different_prompts"
    """Runs that were asked differently."""
    NO_OVERLAP = "no_overlap"
    """Runs that share no row."""
    OTHER_TASKS = "other_tasks"
    """A run that was asked in another variant, or read otherwise, than the rest."""
    UNPLACED = "unplaced"
    """A run of which nothing says what it is to the others."""
    OTHER_SET = "other_set"
    """A checkpoint of a set that is none of those asked about."""
    NO_BASE = "no_base"
    """A checkpoint without the run of its base."""
    NO_ENCODER = "no_encoder"
    """A model without the run of its vision encoder."""
    REPEATED = "repeated"
    """A run that another gives again, answer for answer."""
    ALIKE = "alike"
    """Runs that stand for the same thing."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with runs, where, and what to do."""

    trouble: Trouble
    where: str
    what: str
    todo: str

    def __str__(self) -> str:
        return terminal(f"{self.where}: {self.what}. {self.todo}")
