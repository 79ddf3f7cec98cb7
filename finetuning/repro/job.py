"""What one reproduction is made of, and its folder."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from finetuning.records.labelled import LabelledSet
from finetuning.records.opening import labelled_set
from finetuning.records.rows import rows_asked_for
from finetuning.records.selection import Indices
from finetuning.records.set_spec import SetSpec, read_spec
from finetuning.repro.course import Course
from finetuning.repro.pictures import Pictures, read_pictures, rows_of_classes, side_of
from finetuning.training.home import Home

LARGEST_SIDE = 84  # pixels: miniImageNet's usual size


@dataclass(frozen=True)
class ReproJob:
    """One training of this section.

    Attributes:
        course: how it is learnt.
        data: the set, as `set_spec` reads it.
        out: the folder that the job's own goes into.
        seed: of first weights, of the rows that are drawn, of order and chance.
        limit: pictures of each class; None is all.
        side: at which pictures are read; None is the set's own, at most `largest`.
        data_dir: where our own sets lie as on the hub; None reads the hub.
        device: cpu, cuda, ...; None takes a GPU where there is one.
        largest: side that a network has use for.
    """

    course: Course
    data: str
    out: Path
    seed: int = 0
    limit: int | None = None
    side: int | None = None
    data_dir: Path | None = None
    device: str | None = None
    largest: int = LARGEST_SIDE

    @cached_property
    def spec(self) -> SetSpec:
        """The set that was named."""
        return read_spec(self.data)

    @cached_property
    def source(self) -> LabelledSet:
        """The set, nothing of it decoded.

        Raises:
            EmtError: it can't be had.
        """
        return labelled_set(self.spec, self.data_dir)

    @cached_property
    def rows(self) -> Indices:
        """Of the set, that are learnt from.

        Raises:
            EmtError: a class has none.
        """
        asked = rows_asked_for(self.source, self.spec, self.seed)
        return rows_of_classes(self.source, asked, self.limit, self.seed)

    @cached_property
    def pictures(self) -> Pictures:
        """All pictures, decoded.

        Raises:
            EmtError: one can't be read, or there is no room for them.
        """
        return read_pictures(self.source, self.rows, self.read_at)

    @cached_property
    def read_at(self) -> int:
        """The side of the pictures."""
        return self.side or side_of(self.source, self.rows, self.largest)

    @cached_property
    def home(self) -> Home:
        """Its folder."""
        return Home(self.out, self.course.name, self.source.name, self.seed)

    def inputs(self) -> dict[str, Any]:
        """All that the result depends on, but for versions and the network."""
        return {
            "course": self.course.model_dump(mode="json"),
            "set": self.spec.model_dump(),
            "seed": self.seed,
            "limit": self.limit,
            "side": self.read_at,
            "data": self.pictures.fingerprint(),
        }
