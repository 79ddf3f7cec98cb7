"""Curves by epoch and the forgetting matrix: every tuning whose base is on the board."""

from collections.abc import Iterator, Sequence

from leaderboard.board.view import Change, Curve, Entry, Point
from leaderboard.entry.schema import LABEL_MATCH


def curves(entries: Sequence[Entry]) -> Iterator[Curve]:
    """For each tuning and each set that its base was asked about, the accuracy after each epoch; 0 is the base."""
    by_id = {one.id: one for one in entries}
    for name, several in _series(entries).items():
        first = several[0]
        base = by_id.get(first.base or "")
        epochs = {one.tuning.epoch: one for one in several if one.tuning.epoch is not None}
        if base is None or not epochs:
            continue
        for key in base.results:
            points = [_point(0.0, base, key, base)]
            points += [
                _point(epoch, epochs[epoch], key, base) for epoch in sorted(epochs) if key in epochs[epoch].results
            ]
            if len(points) > 1:
                yield Curve(name, first.model.name, first.tuning.kind, first.tuning.sets, key, tuple(points))


def _point(epoch: float, entry: Entry, key: str, base: Entry) -> Point:
    scored, change = entry.results[key].by[LABEL_MATCH], entry.results[key].change
    dropped = entry is not base and change is not None and change.high < 0
    return Point(epoch, entry.id, scored.accuracy, scored.low, scored.high, dropped)


def changes(entries: Sequence[Entry]) -> Iterator[Change]:
    """For each tuned model and set the change from its base, in the order of tunings and epochs."""
    for name, several in _series(entries).items():
        for one in several:
            for key, result in one.results.items():
                change = result.change
                if change is not None:
                    yield Change(
                        name, one.id, one.model.name, one.tuning.kind, one.tuning.epoch, one.tuning.sets, key,
                        change.difference, change.low, change.high, change.shown,
                    )  # fmt: skip


def _series(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for one in sorted(entries, key=lambda one: (one.series or "", one.tuning.epoch or 0.0, one.id)):
        if one.series is not None:
            found.setdefault(one.series, []).append(one)
    return found
