"""Answers with their right labels, whatever they were stored in."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from emt_tasks.errors import EmtError
from emt_tasks.escaping import plain
from emt_tasks.labels import LabelSet
from emt_tasks.runs.log_seal import Seal


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        doc_id: the row's number in the data.
        image: sha256 of the picture's pixels; None where nobody knows it.
        label: place of the right label in its set.
        raw: the answer as the model gave it.
        id: what a table calls the row; None elsewhere.
    """

    doc_id: int
    image: str | None
    label: int
    raw: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of one task of one run.

    Attributes:
        run: its name, for people.
        task: name of the task.
        labels: the set that its prompt lists.
        rows: in the log's order.
        samples: the log that they came from.
        seal: of that log when it was read; None where it is being written.
    """

    run: str
    task: str
    labels: LabelSet
    rows: Sequence[Answer]
    samples: Path
    seal: Seal | None = None


class LabelPlaces:
    """Finds the class that a stored label means."""

    def __init__(self, labels: LabelSet) -> None:
        self._labels = labels
        self._place: dict[str, int] = {}
        for names in (labels.clip_names, labels.hub_names, labels.labels):  # the prompt's own words count most
            self._place |= {_spelt(name): place for place, name in enumerate(names)}

    def of(self, text: str, where: str) -> int:
        """The class of `text`: the prompt's word, the hub's name, CLIP's, or the index; `where` is for the error.

        >>> from emt_tasks.labels import label_set
        >>> places = LabelPlaces(label_set("cifar100"))
        >>> places.of("aquarium_fish", ""), places.of("Aquarium fish", ""), places.of("1", ""), places.of("10.0", "")
        (1, 1, 1, 10)

        Raises:
            EmtError: it is no label of the set.
        """
        place = self._place.get(_spelt(text))
        if place is not None:
            return place
        index = text.strip()
        if "." in index:  # pandas writes whole numbers so wherever one of their column is missing
            index = index.rstrip("0").removesuffix(".")
        if index.isdecimal() and int(index) < len(self._labels.labels):
            return int(index)
        raise EmtError(
            f"{where}: {plain(text)[:60]!r} is no label of {self._labels.key}. Is it the right set (--set), and the "
            "right column (--label-column)?"
        )


def _spelt(text: str) -> str:
    return text.strip().casefold().replace("_", " ")
