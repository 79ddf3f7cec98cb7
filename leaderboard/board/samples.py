"""Answers that are shown: those on which readings differ, then some of each outcome, drawn by a rule and not picked.

The order in which pictures are drawn is that of sha256("SEED:" + sha256 of the picture), the same for every model.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from emt_tasks.labels import label_set
from emt_tasks.runs.records import OUTCOMES, Row, TaskRows
from leaderboard.board.view import Entry, Read, Sample
from leaderboard.entry.case import Case
from leaderboard.entry.schema import LABEL_MATCH

SEED = 0
MOST = 400  # on a board
MOST_EACH, MOST_DIFFERING = 12, 4  # of an entry on a set
LONGEST = 600  # characters of an answer
MOST_SPANS = 40


def samples(entries: Sequence[Entry], cases: Mapping[str, Case]) -> Iterator[Sample]:
    """The samples of all entries that gave answers, in their order; fewer of each where there are many."""
    those = [one for one in entries if one.id in cases and cases[one.id].answered]
    shown = those[: MOST // 4]
    each = max(1, min(MOST_EACH, MOST // max(1, sum(len(cases[one.id].answered) for one in shown))))
    found = [one for entry in shown for one in _of(entry, cases[entry.id], each)]
    yield from sorted(found, key=lambda one: not one.differs)[:MOST]


def _of(entry: Entry, case: Case, each: int) -> Iterator[Sample]:
    for key in entry.results:
        if key in case.answered:
            read = {reading: case.rows[key, reading] for reading in case.candidate.readings(key)}
            images = read[LABEL_MATCH].rows.image
            assert images is not None, "every line has one"
            for place in _chosen(list(read.values()), _drawn(images.tobytes()), each):
                yield _sample(entry.id, case, key, {reading: those.rows[place] for reading, those in read.items()})


@lru_cache(maxsize=64)
def _drawn(images: bytes) -> NDArray[np.intp]:
    """The places of the rows in the order in which they are drawn; `images` are their hashes, 64 bytes each."""
    order = [_draw(images[start : start + 64]) for start in range(0, len(images), 64)]
    return np.array(sorted(range(len(order)), key=order.__getitem__), np.intp)


@lru_cache(maxsize=100_000)
def _draw(image: bytes) -> str:
    return hashlib.sha256(b"%d:%s" % (SEED, image)).hexdigest()


def _chosen(read: Sequence[TaskRows], drawn: NDArray[np.intp], each: int) -> list[int]:
    """The places of differing rows first, then of outcomes in turn, until there are `each`.

    Args:
        read: the same rows under each reading.
        drawn: their places in the order in which they are drawn.
        each: how many.
    """
    first, *others = (one.rows.outcome.codes[drawn] for one in read)
    differs = np.zeros(len(drawn), bool)
    for other in others:
        differs |= other != first
    differing = np.flatnonzero(differs)[:MOST_DIFFERING]
    left = np.ones(len(drawn), bool)
    left[differing] = False
    by_outcome = [np.flatnonzero(left & (first == OUTCOMES.index(one)))[:each] for one in sorted(OUTCOMES)]
    turns = [int(several[turn]) for turn in range(each) for several in by_outcome if turn < len(several)]
    return [int(drawn[place]) for place in (*differing.tolist(), *turns)][:each]


def _sample(entry: str, case: Case, key: str, read: Mapping[str, Row]) -> Sample:
    """One answer, of which `read` has the row under each reading."""
    reads = tuple(Read(name, one.prediction, one.outcome.value) for name, one in read.items())
    row = read[LABEL_MATCH]
    words = case.rereader.reading(key, row.raw)
    raw = row.raw[:LONGEST]
    return Sample(
        id=f"{entry}:{key}:{row.doc_id}",
        entry=entry,
        key=key,
        row=row.doc_id,
        tile=None,
        label=row.label,
        raw=raw,
        length=len(row.raw),
        spans=spans(raw, key, words.named),
        foreign=bool(words.foreign),
        reads=reads,
        differs=len({one.outcome for one in reads}) > 1,
        image=row.image,
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
