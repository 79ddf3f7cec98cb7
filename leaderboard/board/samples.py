"""Answers that are shown: those on which readings differ, then some of each outcome, drawn by a rule and not picked.

The order in which pictures are drawn is that of sha256("SEED:" + sha256 of the picture), the same for every model.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from emt_tasks.labels import label_set
from leaderboard.board.view import Entry, Read, Sample
from leaderboard.entry.answers import Line
from leaderboard.entry.checks import Case

SEED = 0
MOST = 400  # on a board
MOST_EACH, MOST_DIFFERING = 12, 4  # of an entry on a set
LONGEST = 600  # characters of an answer
MOST_SPANS = 40


def samples(entries: Sequence[Entry], cases: Mapping[str, Case]) -> Iterator[Sample]:
    """The samples of all entries that gave answers, in their order; fewer of each where there are many."""
    those = [one for one in entries if one.id in cases and cases[one.id].candidate.lines]
    shown = those[: MOST // 4]
    each = max(1, min(MOST_EACH, MOST // max(1, sum(len(cases[one.id].candidate.lines) for one in shown))))
    found = [one for entry in shown for one in _of(entry, cases[entry.id], each)]
    yield from sorted(found, key=lambda one: not one.differs)[:MOST]


def _of(entry: Entry, case: Case, each: int) -> Iterator[Sample]:
    for key in entry.results:
        if key in case.candidate.lines:
            lines = case.candidate.lines[key]
            drawn = _drawn(tuple(line.image for line in lines))
            readings = case.candidate.readings(key)
            for place in _chosen(lines, drawn, each):
                yield _sample(entry.id, case, lines[place], readings)


@lru_cache(maxsize=64)
def _drawn(images: tuple[str, ...]) -> tuple[int, ...]:
    """The places of the rows in the order in which they are drawn."""
    return tuple(sorted(range(len(images)), key=lambda place: (_draw(images[place]), place)))


@lru_cache(maxsize=100_000)
def _draw(image: str) -> str:
    return hashlib.sha256(f"{SEED}:{image}".encode()).hexdigest()


def _chosen(lines: Sequence[Line], drawn: Sequence[int], each: int) -> list[int]:
    """Differing ones first, then outcomes in turn, until there are `each`."""
    differing: list[int] = []
    by_outcome: dict[str, list[int]] = {}
    for place in drawn:
        read = lines[place].read
        _, outcome = next(iter(read.values()))
        if len(read) > 1 and len(differing) < MOST_DIFFERING and any(other != outcome for _, other in read.values()):
            differing.append(place)
        elif len(several := by_outcome.setdefault(outcome, [])) < each:
            several.append(place)
    turns = [several[turn] for turn in range(each) for _, several in sorted(by_outcome.items()) if turn < len(several)]
    return [*differing, *turns][:each]


def _sample(entry: str, case: Case, line: Line, readings: Iterable[str]) -> Sample:
    reads = tuple(Read(name, *line.read[name]) for name in readings)
    words = case.rereader.reading(line.set, line.raw)
    raw = line.raw[:LONGEST]
    return Sample(
        id=f"{entry}:{line.set}:{line.row}",
        entry=entry,
        key=line.set,
        row=line.row,
        tile=None,
        label=line.label,
        raw=raw,
        length=len(line.raw),
        spans=spans(raw, line.set, words.named),
        foreign=bool(words.foreign),
        reads=reads,
        differs=len({one.outcome for one in reads}) > 1,
        image=line.image,
    )


def spans(raw: str, key: str, named: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Where the names of the labels that an answer names stand in it, as whole words; those spelt otherwise do not.

    >>> spans("The airplane is 8.", "cifar10", ("airplane",))
    ((4, 12),)
    """
    if not named:
        return ()
    found = [match.span() for match in _pattern(key, tuple(named)).finditer(raw)]
    return tuple(found[:MOST_SPANS])


@lru_cache(maxsize=4096)
def _pattern(key: str, named: tuple[str, ...]) -> re.Pattern[str]:
    labels = label_set(key)
    names = {name.replace("|", "") for label in named for name in labels.names[labels.labels.index(label)]}
    longest_first = sorted({*names, *named}, key=lambda name: (-len(name), name))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?:e?s)?(?!\w)", re.IGNORECASE)
