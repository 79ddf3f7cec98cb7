"""The sections of the report: each a heading, what it says, and its tables."""

from emt_tasks.forgetting.findings import Findings
from leaderboard.report.sections.accuracy import accuracies, gap, runs
from leaderboard.report.sections.answers import confusions, foreign, outcomes
from leaderboard.report.sections.claims import claims
from leaderboard.report.sections.failures import failures
from leaderboard.report.sections.forgetting import forgetting, peak, transfer
from leaderboard.report.sections.grid import grid
from leaderboard.report.sections.section import Section

METHOD = (
    "Runs are paired by picture, where logs tell none by the ids of their tables or by number, which the notes say. "
    "Accuracies are shares of the rows that could be read, with 95 % Wilson intervals; "
    "differences have 95 % Newcombe intervals (method 10) and exact McNemar p, Holm-corrected over what a table "
    "compares for one model; retention has the interval of a ratio joined from Wilson's limits (MOVER-R). "
    "Definitions and sources: docs/report.md."
)


def method(found: Findings) -> str:
    """How the report came to its numbers, and how many answers they are made of."""
    read, distinct = (sum(getattr(one, name) for one in found.answers) for name in ("read", "distinct"))
    if not read:
        return METHOD
    return (
        f"{read:,} answers of models were read by {found.told.reading}: {distinct:,} different ones, those about each "
        f"set counted apart. {METHOD}"
    )


def sections(found: Findings) -> tuple[Section, ...]:
    """All sections that have something to say, in order."""
    made = (claims, accuracies, gap, grid, forgetting, transfer, peak, failures, outcomes, foreign, confusions, runs)
    return tuple(section for make in made for section in [make(found)] if section is not None)
