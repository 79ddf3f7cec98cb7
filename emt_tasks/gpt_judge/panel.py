"""The judge and one label set: which pairs its answers make, what asking costs, what verdicts make of rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from emt_tasks import label_match
from emt_tasks.gpt_judge.money import Estimate, Price, estimate
from emt_tasks.gpt_judge.questions import Question, Questions
from emt_tasks.gpt_judge.settings import JudgeSettings
from emt_tasks.gpt_judge.store import VerdictStore
from emt_tasks.gpt_judge.verdicts import Verdict, judged
from emt_tasks.labels import LabelSet
from emt_tasks.lost_answers import is_lost
from emt_tasks.outcomes import Outcome
from emt_tasks.reading import Reading

NEVER_GIVEN = "the model could not be reached"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be asked, before anything is spent.

    Attributes:
        settings: how.
        answers: how many answers there are.
        questions: the distinct ones that have to be asked about, by key.
        missing: those of `questions` without a verdict.
        price: the judge's; None where it is unknown.
        estimate: what asking about `missing` takes.
    """

    settings: JudgeSettings
    answers: int
    questions: Mapping[str, Question]
    missing: Mapping[str, Question]
    price: Price | None
    estimate: Estimate

    @property
    def in_words(self) -> str:
        """The line that is shown before money is spent."""
        there = len(self.questions) - len(self.missing)
        line = (
            f"{self.settings.protocol.reading} by {self.settings.model}: {self.answers:,} answers, "
            f"{len(self.questions):,} distinct pairs, {there:,} stored, {len(self.missing):,} new calls"
        )
        return f"{line}, {self.estimate.in_words(self.price)}" if self.missing else f"{line}, nothing to pay"

    def summary(self) -> dict[str, Any]:
        """The same for JSON; amounts are [least, most]."""
        told, usd = self.estimate, self.estimate.usd
        return {
            "reading": self.settings.protocol.reading,
            "judge": self.settings.model,
            "answers": self.answers,
            "distinct_pairs": len(self.questions),
            "stored": len(self.questions) - len(self.missing),
            "new_calls": len(self.missing),
            "tokens_in": [round(told.tokens_in.least), round(told.tokens_in.most)],
            "tokens_out": [round(told.tokens_out.least), round(told.tokens_out.most)],
            "usd": None if usd is None else [usd.least, usd.most],
            "price_read": None if self.price is None else str(self.price.read),
        }


class Panel:
    """The judge and one label set. What an answer says by its own words is found once for each distinct answer."""

    def __init__(self, labels: LabelSet, settings: JudgeSettings) -> None:
        self.labels, self.settings = labels, settings
        self._prompt = settings.protocol.fingerprint(labels.labels)
        self._questions = Questions(settings.protocol, settings.model, labels)
        self._words: dict[str, Reading] = {}

    def question(self, label: str, answer: str) -> Question | None:
        """The question about a pair; None where nothing is asked: silence is empty, a failed request unscored."""
        if is_lost(answer) or not self._read(answer).says_something:
            return None
        return self._questions.about(label, answer)

    def reading(
        self, label: str, answer: str, verdict: Verdict | None, why: str | None = None
    ) -> tuple[Reading, Outcome]:
        """The reading of a row and its outcome; `why` says why there is no verdict."""
        lost = is_lost(answer)
        reading, outcome = judged(
            None if lost else verdict, self._read(answer), label, self.settings.protocol.reading,
            NEVER_GIVEN if lost else why,
        )  # fmt: skip
        by = {"judge": self.settings.model, "protocol": self.settings.protocol.name, "prompt": self._prompt}
        return replace(reading, extra={**reading.extra, **by}), outcome

    def _read(self, answer: str) -> Reading:
        if answer not in self._words:
            self._words[answer] = label_match.read(answer, self.labels)
        return self._words[answer]


def planned(
    questions: Iterable[Question | None], settings: JudgeSettings, store: VerdictStore, batch: bool = False
) -> Plan:
    """What asking about the answers of `questions` takes; None stands for an answer that is not asked about."""
    answers, distinct = 0, dict[str, Question]()
    keys: dict[tuple[str, str, str], str] = {}
    for question in questions:
        answers += 1
        if question is None:
            continue
        about = (question.prompt_hash, question.label, question.answer)
        if about not in keys:
            keys[about] = question.key
            distinct.setdefault(keys[about], question)
    there = store.verdicts(distinct)
    missing = {key: question for key, question in distinct.items() if key not in there}
    price = settings.price
    return Plan(settings, answers, distinct, missing, price, estimate(missing.values(), price, batch))
