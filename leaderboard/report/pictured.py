"""What the report shows with pictures: failures of tunings, and examples of models that are compared with none."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from emt_tasks.forgetting.findings import Findings
from leaderboard.report.boxes import Shelf, shelves
from leaderboard.report.failures import Gallery, galleries


@dataclass(frozen=True, slots=True)
class Pictured:
    """Boxes in the order in which they are shown."""

    galleries: tuple[Gallery, ...]
    shelves: tuple[Shelf, ...]

    @classmethod
    def of(cls, found: Findings, pictures: Mapping[str, bytes]) -> "Pictured":
        """What was drawn, with the pictures that are at hand: thumbnails (WebP) by pixel hash."""
        return cls(galleries(found, pictures), shelves(found, pictures))

    @property
    def missing(self) -> int:
        """How many boxes have no picture."""
        failures = (box.picture for one in self.galleries for box in one.boxes)
        examples = (box.picture for one in self.shelves for box in one.boxes)
        return sum(picture is None for picture in chain(failures, examples))
