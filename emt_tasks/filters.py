"""The door to the harness's filters: a reading becomes a filter of lmms-eval.

A filter sees a task's answers without their rows: the host passes the whole split as `docs`, which pairs wrongly with
the answers under `--offset` and on several ranks. Whatever needs the right label is in `emt_tasks.results`.
"""

import logging
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

from lmms_eval.api.filter import Filter

from emt_tasks import clip_argmin, gpt_judge, label_match
from emt_tasks.errors import EmtError
from emt_tasks.labels import LabelSet, label_set
from emt_tasks.lost_answers import is_lost
from emt_tasks.reading import Reading

logger = logging.getLogger(__name__)


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


class Reads(Filter):
    """A reading of answers against the label set named `labels`; the first of repeated answers is read.

    Attributes:
        labels: the set.
    """

    def __init__(self, labels: str) -> None:
        self.labels: LabelSet = label_set(labels)

    def apply(self, resps: Iterable[Sequence[str]], docs: Any = None) -> list[Carried]:  # noqa: ARG002
        """One reading for each entry of `resps`, in their order."""
        said = (answers[0] if answers else "" for answers in resps)
        return [Carried(one) for one in self.readings(["" if answer is None else str(answer) for answer in said])]

    @abstractmethod
    def readings(self, answers: Sequence[str]) -> Sequence[Reading]:
        """The reading of each answer, in order."""


class LabelMatch(Reads):
    """The reading `label_match`."""

    def readings(self, answers: Sequence[str]) -> list[Reading]:
        """What each answer names by its own words."""
        return [label_match.read(answer, self.labels) for answer in answers]


class ClipArgmin(Reads):
    """The reading `clip_argmin`.

    Args:
        labels: name of the label set.
        **settings: fields of `emt_tasks.clip_argmin.ClipSettings` in place of the environment's.

    Raises:
        EmtError: a setting is wrong.
    """

    def __init__(self, labels: str, **settings: Any) -> None:
        super().__init__(labels)
        self.settings = clip_argmin.ClipSettings.from_environment(**settings)

    def readings(self, answers: Sequence[str]) -> list[Reading]:
        """The label nearest to each answer; all unscored, with the reason said, where the encoder can't be had by now.

        The answers have been generated when this is asked, and an error would lose them.
        """
        here = [answer for answer in dict.fromkeys(answers) if not is_lost(answer)]
        try:
            read = dict(zip(here, clip_argmin.read_all(here, self.labels, self.settings), strict=True))
        except EmtError as error:
            logger.error(  # noqa: TRY400  # its sentence says all
                "%s: nothing could be read, so all is unscored. %s Then: emt score --reading %s",
                clip_argmin.NAME, error, clip_argmin.NAME,
            )  # fmt: skip
            read = {}
        return [read.get(answer) or _unread(clip_argmin.NAME, answer) for answer in answers]


class GptJudge(Reads):
    """The reading `gpt_judge`: answers go on as they are, since the judge is asked about them with their labels.

    That is done in `emt_tasks.gpt_judge.rows`, together for all rows of a task.
    """

    def readings(self, answers: Sequence[str]) -> list[Reading]:
        """Each answer, not read yet."""
        return [Reading(gpt_judge.NAME, answer, (), (), says_something=True) for answer in answers]


def _unread(name: str, answer: str) -> Reading:
    """What reading `name` says of an answer that it could not read."""
    return Reading(name, answer, (), (), says_something=True, scored=False)


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
