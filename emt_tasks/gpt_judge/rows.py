"""The door to the harness's scoring: rows under `gpt_judge`, all pairs of a task asked about together.

The judge's question has the right label in it, which the harness gives to `process_results` alone, row by row. It
scores a task's rows under one reading after the other, and `label_match` comes first: while that is scored, the rows'
pairs are collected; the first row under `gpt_judge` asks about all of them at once, the others find their verdict. Each
rank does so with its own rows; that no pair is paid for twice is the store's business. Were the order another, rows
would be asked about one by one: slower, and the same verdicts.
"""

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import click

from emt_tasks.errors import EmtError, RefusedToSpend
from emt_tasks.gpt_judge import NAME
from emt_tasks.gpt_judge.asking import ask_all
from emt_tasks.gpt_judge.money import Budget
from emt_tasks.gpt_judge.panel import Panel, Plan, planned
from emt_tasks.gpt_judge.questions import Question
from emt_tasks.gpt_judge.reach import may_ask_user
from emt_tasks.gpt_judge.report import CallProgress, totals_in_words
from emt_tasks.gpt_judge.settings import VARIABLES, JudgeSettings, from_environment, says_yes
from emt_tasks.gpt_judge.store import VerdictStore
from emt_tasks.gpt_judge.verdicts import Verdict
from emt_tasks.labels import LabelSet, set_of
from emt_tasks.results import counted
from emt_tasks.runs import manifest

if TYPE_CHECKING:
    from emt_tasks.filters import Carried


def process_results(doc: Mapping[str, Any], results: Sequence["Carried"]) -> dict[str, Any]:
    """What a row of a `_judge` task counts under one of its readings, as `emt_tasks.results.process_results`.

    Args:
        doc: a row as `emt_tasks.docs` makes them.
        results: the reading of the row's answer, as a filter carries it; a `gpt_judge` one holds the answer alone.
    """
    carried, label = results[0], doc["labels"][doc["label"]]
    bench = _bench(tuple(map(os.environ.get, VARIABLES)))
    panel = bench.panel(_set_of(doc["labels"]))
    question = panel.question(label, carried.reading.raw)
    if carried.reading.reading != NAME:
        if question is not None:
            bench.expect(question)
        return counted(doc, carried.reading, lost=carried.lost)
    verdict, why = (None, None) if question is None else bench.verdict(question)
    reading, outcome = panel.reading(label, carried.reading.raw, verdict, why)
    row = counted(doc, reading, outcome=outcome)
    row["emt"]["reading"] = NAME  # as the task's results call it, whichever protocol was asked for
    return row


class Bench:
    """What one process asks under one set of settings: pairs that wait, verdicts that were had, money that is left."""

    def __init__(self, settings: JudgeSettings) -> None:
        self.settings = settings
        self._lock = threading.RLock()  # the harness scores rows in several threads
        self._panels: dict[str, Panel] = {}
        self._expected: dict[str, Question] = {}
        self._answers = 0
        self._verdicts: dict[str, Verdict] = {}
        self._missing: dict[str, str] = {}
        share = None if settings.max_usd is None else settings.max_usd / manifest.ranks()
        self._budget = Budget(share, settings.price)

    def panel(self, labels: LabelSet) -> Panel:
        """The panel of a label set."""
        with self._lock:
            if labels.key not in self._panels:
                self._panels[labels.key] = Panel(labels, self.settings)
            return self._panels[labels.key]

    def expect(self, question: Question) -> None:
        """Have `question` asked together with others."""
        with self._lock:
            self._missing.pop(question.key, None)  # another evaluation: what failed before is tried again
            self._expected[question.key] = question
            self._answers += 1

    def verdict(self, question: Question) -> tuple[Verdict | None, str | None]:
        """The verdict on `question`, or None and why there is none."""
        key = question.key
        with self._lock:
            if key not in self._verdicts and key not in self._missing:
                self._ask({**self._expected, key: question})
                self._expected.clear()
                self._answers = 0
            return self._verdicts.get(key), self._missing.get(key)

    def _ask(self, questions: Mapping[str, Question]) -> None:
        """Settle `questions`; trouble makes them unscored, since an error would lose the answers."""
        try:
            with VerdictStore(self.settings.store) as store:
                plan = replace(planned(questions.values(), self.settings, store), answers=self._answers or 1)
                first = manifest.rank() == 0
                if first:
                    click.echo(plan.in_words, err=True)
                _require_yes(plan)
                with CallProgress(len(plan.missing), shown=first) as progress:
                    totals = ask_all(questions, self.settings, store, self._budget, progress.advance)
                if first or totals.unscored:
                    click.echo(totals_in_words(totals), err=True)
                self._verdicts |= store.verdicts(questions)
                why = totals.stopped or ", ".join(totals.failed)
        except EmtError as error:
            click.echo(f"{NAME}: {error} Its rows are unscored; later: emt score --reading {NAME}", err=True)
            why = str(error)
        self._missing |= {key: why for key in questions if key not in self._verdicts}


def _require_yes(plan: Plan) -> None:
    """Raise where money would be spent and nobody says yes."""
    if not plan.missing or says_yes():
        return
    if not may_ask_user():
        raise RefusedToSpend("nobody is at a terminal to say yes. Set EMT_JUDGE_YES=1.")
    if not click.confirm("spend it?", err=True):
        raise RefusedToSpend("not asked, as you wish.")


@cache
def _bench(_told: tuple[str | None, ...]) -> Bench:
    """The bench of the environment as it is told, made once for all rows."""
    return Bench(from_environment())


def _set_of(words: Sequence[str]) -> LabelSet:
    labels = set_of(words)
    assert labels is not None, "the tasks' own labels"
    return labels
