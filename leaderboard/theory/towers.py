"""What a CLIP forgot whose image tower was tuned on one set: figure, measures, table."""

from collections.abc import Sequence
from pathlib import Path

from emt_tasks.documents.blocks import Block, Column, Document, Paragraph, Picture, Table
from emt_tasks.forgetting import naming, sets
from emt_tasks.forgetting.findings import Findings, findings
from emt_tasks.forgetting.lineage import Role
from emt_tasks.runs.reading_back import read_runs
from leaderboard.figures.collapse_curves import collapse_curves
from leaderboard.figures.theme import OKABE_ITO, Spec
from leaderboard.report.drawings.tunings import epoch_curves
from leaderboard.theory.histories import History
from leaderboard.theory.minority import measured, names
from leaderboard.words import between, percent

FIGURE, MEASURED = "figure-3", "figure-3-collapse"
TITLE = "A CLIP's image tower, tuned on one set and asked about all"
HOW = (
    "The image tower learns by cross-entropy against text features that stay; after each epoch it is asked zero-shot, "
    "as any encoder, about all sets."
)


def asked(runs: Path) -> Findings:
    """What the runs of base and checkpoints tell.

    Raises:
        EmtError: there are none.
    """
    return findings(read_runs([runs]))


def specs(found: Sequence[History], told: Findings) -> dict[str, Spec]:
    """The figures by the name of their files: accuracy by epoch for each base, and neural collapse."""
    drawn = {
        FIGURE + (f"-{place}" if place > 1 else ""): figure.spec
        for place, figure in enumerate(epoch_curves(told), start=1)
    }
    moving = (one for one in measured(found[: len(OKABE_ITO)], names(found)) if not one.measure.startswith("rows_"))
    some = list(moving)
    if some:
        drawn[MEASURED] = collapse_curves(
            some,
            (),
            "Neural collapse of what the tower is tuned on",
            "NC1 to NC4 of Papyan, Han, Donoho 2020 on the training pictures; the classifier's rows are the text "
            "features, which stay.",
        )
    return drawn


def document(found: Sequence[History], told: Findings) -> Document:
    """Table and figures."""
    captions = {MEASURED: "Neural collapse by epoch"}
    pictures = [
        Picture(f"{name}.png", captions.get(name, "Figure 3 of the paper, redrawn: zero-shot accuracy by epoch"))
        for name in specs(found, told)
    ]
    blocks: list[Block] = [Paragraph(HOW), table(told), *pictures]
    return Document(TITLE, tuple(blocks))


def table(told: Findings) -> Table:
    """A line for the start and for each checkpoint: zero-shot accuracy on each set, with its interval."""
    called, keys = naming.names(told.told), told.told.keys
    lines = []
    for place in (*told.told.of(Role.BASE), *told.told.of(Role.TUNED)):
        scores = [told.score(place.run, key) for key in keys]
        cells = tuple("" if one is None else (percent(one.accuracy), between(one.interval)) for one in scores)
        lines.append((called[place.run], *cells))
    columns = (Column("tower", folds=True), *(Column(sets.shown(key), number=True) for key in keys))
    rows = {score.n for score in told.scores}
    note = f"n = {min(rows):,}" + (f" to {max(rows):,}" if len(rows) > 1 else "") + "; 95 % Wilson intervals."
    return Table("zero-shot accuracy, %", columns, tuple(lines), note)
