"""The readings that stored answers can be read by, each a function of answers; the judge, which costs, is apart."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from emt_tasks import clip_argmin, label_match
from emt_tasks.labels import LabelSet
from emt_tasks.lost_answers import is_lost
from emt_tasks.outcomes import Outcome
from emt_tasks.reading import Reading
from emt_tasks.results import counted
from emt_tasks.scoring.answers import Answer, Answers

Read = Callable[[Sequence[str], LabelSet], Sequence[Reading]]


def by_label_match(raw: Sequence[str], labels: LabelSet) -> list[Reading]:
    """What each answer names by its own words."""
    return [label_match.read(answer, labels) for answer in raw]


def by_clip_argmin(settings: Mapping[str, Any]) -> Read:
    """The label whose sentence is nearest; `settings` are fields of `ClipSettings`.

    Raises:
        EmtError: a setting is wrong, or the encoder can't be had.
    """
    given = clip_argmin.ClipSettings.from_environment(**settings)
    clip_argmin.require(given)
    return lambda raw, labels: clip_argmin.read_all(raw, labels, given)


def records(answers: Answers, read: Read, reading: str) -> list[dict[str, Any]]:
    """The `emt` record of each row (see `emt_tasks.results`); each distinct answer is read once.

    Args:
        answers: the rows.
        read: the reading.
        reading: the name under which it is kept.
    """
    distinct = list(dict.fromkeys(row.raw for row in answers.rows))
    found = dict(zip(distinct, read(distinct, answers.labels), strict=True))
    return [
        {**record(row, answers.labels, found[row.raw], lost=is_lost(row.raw)), "reading": reading}
        for row in answers.rows
    ]


def record(
    row: Answer, labels: LabelSet, reading: Reading, lost: bool = False, outcome: Outcome | None = None
) -> dict[str, Any]:
    """The `emt` record of one row, as the harness's scoring makes it."""
    doc = {"labels": labels.labels, "label": row.label, "image_sha256": row.image}
    emt: dict[str, Any] = counted(doc, reading, lost=lost, outcome=outcome)["emt"]
    return emt
