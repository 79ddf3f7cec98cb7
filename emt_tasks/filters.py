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


class LabelMatch(Filter):
    """The reading `label_match` against the label set named `labels`; the first of repeated answers is read."""

    def __init__(self, labels: str) -> None:
        self.labels = label_set(labels)

    def apply(self, resps: Iterable[Sequence[str]], docs: Any = None) -> list[Reading]:  # noqa: ARG002
        """One `Reading` for each entry of `resps`, in their order."""
        return [label_match.read(answers[0] if answers else "", self.labels) for answers in resps]
