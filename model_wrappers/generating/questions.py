"""The harness's requests, read once: what is asked, of which row, and with which settings."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import datasets
from lmms_eval.api.instance import Instance
from PIL.Image import DecompressionBombError

from emt_tasks.errors import EmtError
from model_wrappers.generating.settings import Settings, read_settings

UNREADABLE = (OSError, SyntaxError, ValueError, DecompressionBombError)
"""What Pillow raises of a file that is damaged, or too large to be a picture."""

_as_stored: WeakKeyDictionary[datasets.Dataset, Any] = WeakKeyDictionary()  # sets with their pictures undecoded


@dataclass(frozen=True, slots=True)
class Question:
    """One request.

    Attributes:
        index: its place among the requests.
        request: the harness's own object.
        context: the prompt, without any template.
        settings: how the answer is generated; None where one is only scored.
        answer: the text to score, or what makes it from the row; None where one is generated.
        to_visuals: makes a row's list of images; None where there are none.
        doc_id: the row's number in its split.
        task: the task's name.
        split: the split's name.
        answers: the texts to score together after one prompt; empty where there are not several.
    """

    index: int
    request: Instance
    context: str
    settings: Settings | None
    answer: str | Callable[[Any], str] | None
    to_visuals: Callable[[Any], Sequence[Any]] | None
    doc_id: int
    task: str
    split: str
    answers: tuple[str, ...] = ()

    @property
    def wants_prior(self) -> bool:
        """Whether its task asks for the answers' likelihood after an image without content (its `metadata`)."""
        return bool(self.request.metadata.get("prior"))

    @property
    def place(self) -> str:
        """Where the row is, for messages."""
        return f"row {self.doc_id} of {self.task} ({self.split})" if self.task else "a request without a row"

    def answer_text(self, row: Any) -> str:
        """The text to score after the prompt; "" where an answer is generated."""
        return str(self.answer(row)) if callable(self.answer) else self.answer or ""


def generation_questions(requests: Sequence[Instance]) -> list[Question]:
    """What `generate_until` is asked, in order.

    Raises:
        EmtError: a setting can't be read.
    """
    questions = []
    for index, request in enumerate(requests):
        context, given, to_visuals, doc_id, task, split = request.args
        questions.append(Question(index, request, context, read_settings(given), None, to_visuals, doc_id, task, split))
    return questions


def scoring_questions(requests: Sequence[Instance]) -> list[Question]:
    """What `loglikelihood` is asked, in order; a request of two arguments has no row (an answer on its own)."""
    questions = []
    for index, request in enumerate(requests):
        if len(request.args) == 2:
            context, answer = request.args
            questions.append(Question(index, request, context, None, answer, None, -1, "", ""))
            continue
        context, answer, to_visuals, doc_id, task, split = request.args
        questions.append(Question(index, request, context, None, answer, to_visuals, doc_id, task, split))
    return questions


def rows_of(questions: Sequence[Question], task_dict: Any) -> Iterator[Any]:
    """The row of each question, in order, its pictures decoded when its turn comes; None where a question has none.

    Whoever takes them keeps what it needs of one before it takes the next: a row may hold 300 MB of pixels.

    Raises:
        EmtError: a row can't be read.
    """
    stored = _stored(questions, task_dict)
    for question in questions:
        if not question.task:
            yield None
            continue
        try:
            yield stored[question.task, question.split](question.doc_id)
        except UNREADABLE as error:
            raise EmtError(
                f"the image in {question.place} can't be read ({error}). Fetch the set again, or leave the row out "
                "(--offset, --limit)."
            ) from error


def _stored(questions: Sequence[Question], task_dict: Any) -> dict[tuple[str, str], Callable[[int], Any]]:
    """By task and split, what gives a row. `datasets` reads many at once in a third of the time of one by one."""
    wanted: dict[tuple[str, str], list[int]] = {}
    for question in questions:
        if question.task:
            wanted.setdefault((question.task, question.split), []).append(question.doc_id)
    return {place: _reader(task_dict[place[0]][place[1]], rows) for place, rows in wanted.items()}


def _reader(source: Any, rows: Sequence[int]) -> Callable[[int], Any]:
    if not isinstance(source, datasets.Dataset) or source.format["type"] is not None:
        return lambda row: source[row]
    if source not in _as_stored:
        _as_stored[source] = source.with_format("arrow")
    table = _as_stored[source][list(dict.fromkeys(rows))]
    cells = dict(zip(dict.fromkeys(rows), table.to_pylist(), strict=True))
    return lambda row: source.features.decode_example(cells[row])
