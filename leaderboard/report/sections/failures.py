"""What became of the answers that were right before tuning."""

from emt_tasks.documents.blocks import Cell, Column, Table
from emt_tasks.forgetting import naming, sets
from emt_tasks.forgetting.failures import EMPTY, FAILURES, FOREIGN, NONE, OTHER, SEVERAL, Fate
from emt_tasks.forgetting.findings import Findings
from emt_tasks.statistics.intervals import wilson
from leaderboard.report.sections.section import Section, numbers
from leaderboard.words import between, percent

SHOWN = {
    OTHER: "another label",
    FOREIGN: "foreign word",
    SEVERAL: "several labels",
    NONE: "no label",
    EMPTY: "nothing said",
}


def failures(found: Findings) -> Section | None:
    """How many of the base's right answers each tuning's last checkpoint lost on each set, and to what."""
    if not found.fates:
        return None
    called = naming.names(found.told)
    rows = tuple(
        (
            called[one.run], asked_about(one), f"{one.right:,}", _lost(one),
            *(f"{one.lost[way]:,}" for way in FAILURES), f"{one.gained:,}",
        )
        for one in found.fates
    )  # fmt: skip
    columns = (
        Column("checkpoint", folds=True),
        Column("set"),
        *numbers("right before", "of them lost, %", *SHOWN.values(), "gained"),
    )
    says = (
        "What became of the base's right answers under each tuning's last checkpoint: how many are wrong now, by what "
        "is said instead. That is another label of the set, a foreign word (a label that only another set has), "
        "several labels of the set, no label at all, or nothing. gained: wrong before and right now."
    )
    note = "95 % Wilson intervals of the share that was lost."
    return Section(
        "failures", "Right before, wrong after", says, (Table("Right answers that were lost", columns, rows, note),)
    )


def asked_about(one: Fate) -> str:
    """The set, marked where the checkpoint was tuned on it."""
    return sets.shown(one.key) + (" (tuned on)" if one.tuned_on else "")


def _lost(one: Fate) -> Cell:
    if not one.right:
        return ""
    return percent(one.all_lost / one.right), between(wilson(one.all_lost, one.right))
