"""What became of the answers: outcomes, foreign words, confusions."""

from collections.abc import Iterator

from emt_tasks.documents.blocks import Cell, Column, Table
from emt_tasks.forgetting import naming, sets
from emt_tasks.forgetting.confusion import mistakes
from emt_tasks.forgetting.findings import Findings
from emt_tasks.outcomes import Outcome
from emt_tasks.statistics.intervals import wilson
from leaderboard.report.sections.section import Section, numbers
from leaderboard.words import between, percent

OUTCOMES = tuple(outcome for outcome in Outcome if outcome is not Outcome.UNSCORED)
MISTAKES = 8  # of each model and set


def outcomes(found: Findings) -> Section:
    """What became of the answers."""
    called = naming.names(found.told)
    rows = tuple(
        (
            called[score.run], sets.shown(score.key), f"{score.n:,}",
            *(percent(score.counts[outcome] / score.n) for outcome in OUTCOMES), percent(score.foreign / score.n),
            f"{score.unscored:,}" if score.unscored else "",
        )
        for score in found.scores
    )  # fmt: skip
    columns = (
        Column("run", folds=True),
        Column("set"),
        *numbers("n", *(outcome.value for outcome in OUTCOMES), "foreign", "unscored"),
    )
    says = (
        "Exactly one outcome holds for each answer; foreign, an answer with a label that only another set has, is"
        " counted beside them. A share s of n answers is known to about ±2 √(s (1 - s) / n)."
    )
    return Section(
        "outcomes", "Outcomes", says, (Table("Outcomes, % of the answers that could be read", columns, rows),)
    )


def foreign(found: Findings) -> Section | None:
    """Whose words leak where."""
    called = naming.names(found.told)
    ours = [key for key in found.told.keys if key in sets.SHOWN]
    rows = []
    for place in found.told.places:
        for key in ours:
            score = found.score(place.run, key)
            if score is not None and score.foreign:
                cells = (
                    _leak(score.words_of.get(other, 0), score.n, other in place.sets) if other != key else ""
                    for other in sets.SHOWN
                )
                rows.append((called[place.run], sets.shown(key), f"{score.n:,}", *cells))
    if not rows:
        return None
    columns = (
        Column("run", folds=True),
        Column("asked about"),
        *numbers("n", *(f"words of {shown}" for shown in sets.SHOWN.values())),
    )
    says = (
        "Answers that name a label which the set asked about does not have, by the set whose word it is; a word "
        "of two sets counts for both. * marks the words of what the checkpoint was tuned on."
    )
    return Section(
        "foreign",
        "Foreign words",
        says,
        (Table("Answers with words of other sets, %", columns, tuple(rows), "95 % Wilson intervals."),),
    )


def _leak(count: int, n: int, tuned_on: bool) -> Cell:
    return (percent(count / n) + ("*" if tuned_on else ""), between(wilson(count, n)))


def confusions(found: Findings) -> Section | None:
    """The commonest mistakes."""
    rows = tuple(_mistakes(found))
    if not rows:
        return None
    columns = (
        Column("run", folds=True),
        Column("set"),
        Column("picture of"),
        Column("answer"),
        *numbers("times", "of", "share, %", "95 %"),
    )
    says = (
        f"For the bases and each tuning's last checkpoint the {MISTAKES} commonest wrong answers by share of the "
        "label's pictures. several: more than one label; foreign: only a label of another set; none: says "
        "something else; empty: says nothing."
    )
    return Section("confusion", "Confusions", says, (Table("Most confused", columns, rows),))


def _mistakes(found: Findings) -> Iterator[tuple[Cell, ...]]:
    called = naming.names(found.told)
    for told in found.confusions:
        for one in mistakes(told, MISTAKES):
            share = percent(one.count / one.of)
            yield (
                called[told.run],
                sets.shown(told.key),
                one.label,
                one.answer,
                f"{one.count:,}",
                f"{one.of:,}",
                share,
                between(one.interval),
            )
