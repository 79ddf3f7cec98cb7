"""The door to the harness's filters: a reading becomes a filter of lmms-eval.

A filter sees a task's answers without their rows: the host passes the whole split as `docs`, which pairs wrongly with
the answers under `--offset` and on several ranks. Whatever needs the right label is in `emt_tasks.results`.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from lmms_eval.api.filter import Filter

from emt_tasks import label_match
from emt_tasks.labels import label_set
from emt_tasks.reading import Reading

LOST = "[LMMS_EVAL_REQUEST_FAILED"  # what lmms-eval's API models return where the endpoint did not answer


def is_lost(answer: str) -> bool:
    """Whether `answer` is the harness's note of a failed request."""
    return answer.lstrip().startswith(LOST)


class Carried(str):
    """A reading on its way through the harness, which strips and prints what a filter returns as if it were text.

    As text it is what the sample log shows under `filtered_resps`, the reading's name and the labels:
    `label_match: ship`.
    """

    reading: Reading

    def __new__(cls, reading: Reading) -> "Carried":
        """Wrap `reading`."""
        carried = super().__new__(cls, f"{reading.reading}: {', '.join(reading.named)}".strip())
        carried.reading = reading
        return carried

    @property
    def lost(self) -> bool:
        """Whether what was read is no answer but the harness's note that it got none."""
        return is_lost(self.reading.raw)

    def strip(self, chars: str | None = None) -> "Carried":  # noqa: ARG002
        """Itself: there is nothing to strip."""
        return self

    def __reduce__(self) -> tuple[type["Carried"], tuple[Reading]]:
        return Carried, (self.reading,)


class LabelMatch(Filter):
    """The reading `label_match` against the label set named `labels`; the first of repeated answers is read."""

    def __init__(self, labels: str) -> None:
        self.labels = label_set(labels)

    def apply(self, resps: Iterable[Sequence[str]], docs: Any = None) -> list[Carried]:  # noqa: ARG002
        """One reading for each entry of `resps`, in their order."""
        said = (answers[0] if answers else "" for answers in resps)
        return [Carried(label_match.read("" if answer is None else str(answer), self.labels)) for answer in said]


class Choice(Filter):
    """The reading `choice` of the label set named `labels`: each label's score goes on as it is.

    A filter sees one request at a time, and a choice needs all of a row, so that it is made in
    `emt_tasks.results.process_choice`. Answers that are left alone stand once in the sample log, not twice.
    """

    def __init__(self, labels: str) -> None:
        self.labels = label_set(labels)

    def apply(self, resps: Iterable[Sequence[str]], docs: Any = None) -> list[Sequence[str]]:  # noqa: ARG002
        """`resps`, in their order."""
        return list(resps)
