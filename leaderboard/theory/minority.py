"""What a ResNet18 forgot of the classes that it learnt first: figure, measures, table."""

from collections.abc import Mapping, Sequence

from emt_tasks.documents.blocks import Block, Column, Document, Paragraph, Picture, Table
from emt_tasks.forgetting import sets
from leaderboard.figures.collapse_curves import MEASURES, Measured, collapse_curves
from leaderboard.figures.minority_collapse import Halves, minority_collapse
from leaderboard.figures.theme import OKABE_ITO, Spec
from leaderboard.theory.histories import Epoch, History

FIGURE, MEASURED = "figure-2", "figure-2-collapse"
TITLE = "Minority collapse: what a ResNet18 keeps of the classes that it learnt first"
GONE = 0.05  # accuracy below which the first half counts as gone
HOW = (
    "ResNet18 from scratch, trained on one half of the classes and then on the other. Accuracy on the training "
    "pictures among all classes; the third line asks which class mean is nearest among the features."
)
SAYS = (
    "Accuracies are shares of training pictures, in percent, among all classes. 'Gone after' counts the epochs on the "
    f"other half until the first is below {100 * GONE:.0f} %. 'By means' is the accuracy on the first half at the end "
    "of the class mean that is nearest among its features: what they still tell apart although the classifier no "
    "longer names it. 'Absent cosine' is the mean cosine of the classifier's rows of the first half at "
    "the end (Fang et al. 2021)."
)


def specs(found: Sequence[History]) -> dict[str, Spec]:
    """The figures by the name of their files."""
    called = names(found)
    changes = {called[one.name]: one.change for one in found}
    halves = [
        Halves(called[one.name], each.epoch, each.first or 0.0, each.second or 0.0, each.first_nearest or 0.0)
        for one in found
        for each in one.history
    ]
    return {
        FIGURE: minority_collapse(halves, changes, TITLE, HOW),
        MEASURED: collapse_curves(
            measured(found[: len(OKABE_ITO)], called),
            list(changes.values()),
            "Neural collapse of the classes that are being learnt",
            "NC1 to NC4 of Papyan, Han, Donoho 2020 on the training pictures; the dashed line is where the other half "
            "begins.",
        ),
    }


def names(found: Sequence[History]) -> Mapping[str, str]:
    """What each training is called: by its set where that tells it apart, else by its folder."""
    shown = [sets.shown(one.set) for one in found]
    return {one.name: name if shown.count(name) == 1 else one.name for one, name in zip(found, shown, strict=True)}


def measured(found: Sequence[History], called: Mapping[str, str]) -> list[Measured]:
    """Every measure that could be had."""
    return [
        Measured(called[one.name], measure, each.epoch, value)
        for one in found
        for each in one.history
        for measure, value in {**each.collapse, "absent_cosine": each.absent_cosine}.items()
        if value is not None and measure in MEASURES
    ]


def document(found: Sequence[History]) -> Document:
    """Table and figures."""
    blocks: list[Block] = [
        Paragraph(HOW),
        table(found),
        Picture(f"{FIGURE}.png", "Figure 2 of the paper, redrawn: training accuracy by epoch"),
        Picture(f"{MEASURED}.png", "Neural collapse by epoch"),
    ]
    return Document(TITLE, tuple(blocks))


def table(found: Sequence[History]) -> Table:
    """A line for each training."""
    called = names(found)
    heads = (
        ("set", ""), ("first half", "learnt"), ("after 1 epoch", "of the other"), ("at the", "end"), ("gone", "after"),
        ("by", "means"), ("second", "half"), ("absent", "cosine"),
    )  # fmt: skip
    columns = tuple(Column(head, number=place > 0) for place, head in enumerate(heads))
    return Table("training accuracy, %", columns, tuple(_line(called[one.name], one) for one in found), SAYS)


def _line(name: str, one: History) -> tuple[str, ...]:
    learnt = [each for each in one.history if each.part == 0][-1]
    after = [each for each in one.history if each.part == 1]
    if not after:
        return (name, _percent(learnt.first), "", "", "", "", "", "")
    return (
        name, _percent(learnt.first), _percent(after[0].first), _percent(after[-1].first), gone_after(after, learnt),
        _percent(after[-1].first_nearest), _percent(after[-1].second), _plain(after[-1].absent_cosine),
    )  # fmt: skip


def gone_after(after: Sequence[Epoch], learnt: Epoch) -> str:
    """How many epochs of the other half it took; "not" where the first half is still there, or never `learnt`."""
    if (learnt.first or 0.0) < GONE:
        return "never learnt"
    gone = next((number for number, each in enumerate(after, start=1) if (each.first or 0.0) < GONE), None)
    return "not" if gone is None else str(gone)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
