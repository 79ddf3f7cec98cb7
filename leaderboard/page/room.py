"""How much of a large board stands on its page: what comes first in the table comes first here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

WHOLE = 300_000  # bytes of a page of 200 entries, pictures aside; ours
LEAST = 4_000  # bytes that a part has on a page that is larger
SHARES: Mapping[str, float] = {
    "samples": 0.24, "entries": 0.2, "bits": 0.16, "maps": 0.16, "readings": 0.1, "matrices": 0.08, "audit": 0.04,
    "judges": 0.02,
}  # fmt: skip

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Fitting(Generic[Item]):
    """The items that are on the page, and how many are not."""

    items: tuple[Item, ...]
    left: int


@dataclass(frozen=True, slots=True)
class Room:
    """What is left for parts of which there may be too many, in bytes."""

    left: float

    @classmethod
    def beside(cls, *fixed: str) -> "Room":
        """The room beside what has to be there."""
        return cls(WHOLE - sum(len(text.encode("utf8")) for text in fixed))

    def fitting(self, part: str, items: Iterable[tuple[Item, str]], total: int) -> Fitting[Item]:
        """The first of `total` items whose texts go into the room of a part of `SHARES`; always the first.

        No more of them are made than it takes.
        """
        room = max(LEAST, self.left * SHARES[part])
        kept: list[Item] = []
        for item, text in items:
            room -= len(text.encode("utf8"))
            if kept and room < 0:
                break
            kept.append(item)
        return Fitting(tuple(kept), total - len(kept))
