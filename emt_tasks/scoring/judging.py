"""The judge over stored answers: one plan and one round of asking for all runs together."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emt_tasks.gpt_judge.asking import Totals
from emt_tasks.gpt_judge.panel import Panel, Plan, planned
from emt_tasks.gpt_judge.questions import Question
from emt_tasks.gpt_judge.settings import JudgeSettings
from emt_tasks.gpt_judge.store import VerdictStore
from emt_tasks.scoring.answers import Answers
from emt_tasks.scoring.readers import record

Ask = Callable[[Mapping[str, Question]], Totals]


@dataclass(frozen=True, slots=True)
class Judging:
    """What the judge has to do with some answers.

    Attributes:
        plan: what asking takes.
        panels: by the name of their label set.
        questions: for each of the answers the question of each row; None where nothing is asked.
    """

    plan: Plan
    panels: Mapping[str, Panel]
    questions: Sequence[Sequence[Question | None]]


def prepared(several: Sequence[Answers], settings: JudgeSettings, store: VerdictStore, batch: bool = False) -> Judging:
    """The distinct questions about all of the answers, and what asking them costs."""
    panels = {answers.labels.key: Panel(answers.labels, settings) for answers in several}
    questions = [
        [
            panels[answers.labels.key].question(answers.labels.labels[row.label], row.raw)
            for row in answers.rows
        ]
        for answers in several
    ]  # fmt: skip
    plan = planned((one for some in questions for one in some), settings, store, batch)
    return Judging(plan, panels, questions)


def judged_records(
    judging: Judging, several: Sequence[Answers], store: VerdictStore, reading: str, why: str
) -> Iterator[list[dict[str, Any]]]:
    """The `emt` records of each of the answers in turn, from the verdicts that there are.

    Args:
        judging: as prepared for these answers.
        several: the answers.
        store: where the verdicts are.
        reading: the name under which it is kept.
        why: why a question has none.
    """
    verdicts = store.verdicts(judging.plan.questions)
    for answers, questions in zip(several, judging.questions, strict=True):
        panel = judging.panels[answers.labels.key]
        rows = []
        for row, question in zip(answers.rows, questions, strict=True):
            label = answers.labels.labels[row.label]
            verdict = None if question is None else verdicts.get(question.key)
            found, outcome = panel.reading(label, row.raw, verdict, why)
            rows.append({**record(row, answers.labels, found, outcome=outcome), "reading": reading})
        yield rows
