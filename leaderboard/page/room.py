"""How much of a large board stands on its page: what comes first in the table comes first here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

WHOLE = 300_000  # bytes of a page of 200 entries, pictures aside; ours
LEAST = 1_500  # bytes that a part has on a page that is larger
SHARES: Mapping[str, float] = {
    "bits": 0.12, "readings": 0.06, "matrices": 0.05, "audit": 0.03, "judges": 0.02, "entries": 0.18, "samples": 0.22,
    "maps": 0.32,
}  # fmt: skip
"""What each part has of the room, in the order in which it is given out: what a part leaves is the next ones'."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Fitting(Generic[Item]):
    """The items that are on the page, and how many are not."""

    items: tuple[Item, ...]
    left: int


class Room:
    """What is left for parts of which there may be too many.

    Attributes:
        left: bytes.
    """

    def __init__(self, *fixed: str) -> None:
        """The room beside what has to be there."""
        self.left: float = WHOLE
        self._parts = dict(SHARES)
        self.take(*fixed)

    def take(self, *texts: str) -> None:
        """Give room to `texts`, whether there is any or not."""
        self.left -= sum(len(text.encode("utf8")) for text in texts)

    def fitting(self, part: str, items: Iterable[tuple[Item, str]], total: int) -> Fitting[Item]:
        """The first of `total` items whose texts go into the room of a part of `SHARES`; always the first.

        No more of them are made than it takes. Parts are asked for in the order of `SHARES`.
        """
        assert part == next(iter(self._parts)), part
        room = max(LEAST, self.left * self._parts[part] / sum(self._parts.values()))
        del self._parts[part]
        kept: list[Item] = []
        for item, text in items:
            room -= len(text.encode("utf8"))
            if kept and room < 0:
                break
            kept.append(item)
            self.take(text)
        return Fitting(tuple(kept), total - len(kept))
