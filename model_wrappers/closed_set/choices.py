"""Requests of the harness that offer several answers to one row and prompt, together again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from emt_tasks.likelihood import Likelihood
from model_wrappers.generating.conduct import Answered
from model_wrappers.generating.questions import Question


@dataclass(frozen=True, slots=True)
class Choice:
    """One row and prompt, and all answers that are to be scored after it.

    Attributes:
        question: what is asked once; its `answers` are distinct, in the order of the requests.
        members: the question of each request. The harness repeats some of them to give all ranks equally many.
    """

    question: Question
    members: tuple[Question, ...]

    def spread(self, values: Sequence[Likelihood]) -> Iterator[tuple[Question, Likelihood]]:
        """Each request's question with the value of its answer, from those of `question.answers`."""
        of = dict(zip(self.question.answers, values, strict=True))
        return ((member, of[str(member.answer)]) for member in self.members)


def by_row(questions: Sequence[Question], least: int = 2) -> tuple[list[Choice], list[Question]]:
    """The choices among `questions`, and those that stand alone: with too few answers, or one made from the row.

    Args:
        questions: of `loglikelihood`.
        least: answers that make a choice.
    """
    groups: dict[Any, list[Question]] = {}
    for question in questions:
        row = (question.task, question.split, question.doc_id, question.context)
        key = row if question.task and isinstance(question.answer, str) else question.index
        groups.setdefault(key, []).append(question)
    sets: dict[tuple[str, ...], tuple[str, ...]] = {}
    choices: list[Choice] = []
    alone: list[Question] = []
    for members in groups.values():
        answers = tuple(dict.fromkeys(str(member.answer) for member in members))
        if len(answers) < least or not all(isinstance(member.answer, str) and member.task for member in members):
            alone += members
            continue
        answers = sets.setdefault(answers, answers)  # a hundred labels of ten thousand rows, kept once
        question = replace(members[0], index=len(choices), answer=None, answers=answers)
        choices.append(Choice(question, tuple(members)))
    return choices, alone


def reported(choices: Sequence[Choice]) -> Callable[[Answered], Answered]:
    """Makes of a batch's answers, which go by the first request of each choice, those of all its requests."""
    of = {id(choice.question.request): choice for choice in choices}

    def each(batch: Answered) -> Answered:
        return [
            (question.request, value) for first, values in batch for question, value in of[id(first)].spread(values)
        ]

    return each
