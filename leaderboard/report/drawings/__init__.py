"""The report's figures: which there are, and the section that each stands in."""

from emt_tasks.forgetting.findings import Findings
from leaderboard.report.drawings.confusions import confusion_maps
from leaderboard.report.drawings.figure import Figure
from leaderboard.report.drawings.models import gap_forest, roses
from leaderboard.report.drawings.tunings import epoch_curves, matrices, outcome_stacks


def figures(found: Findings) -> tuple[Figure, ...]:
    """All figures that the runs have something for, in the order of the report."""
    made = (roses, gap_forest, matrices, epoch_curves, outcome_stacks, confusion_maps)
    return tuple(figure for make in made for figure in make(found))
