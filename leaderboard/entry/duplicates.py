"""Entries that hand in the same answers: which stays, by what maintainers did and never by what one says of itself."""

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Sequence
from enum import IntEnum

import numpy as np

from leaderboard.entry.case import Case
from leaderboard.entry.remarks import Excluded, Remark
from leaderboard.entry.schema import LABEL_MATCH

_NO_WORD = re.compile(r"[\W_]+")


class Standing(IntEnum):
    """What an entry has before a check begins; the least is the best."""

    VERIFIED = 0  # in the maintainers' list
    HELD = 1  # main has it already, byte for byte
    NEW = 2


def distinct(cases: Sequence[Case], verified: Collection[str], held: Collection[str]) -> Iterator[Excluded]:
    """The entries that give the same answers as one of somebody else, or as one of the same model and tuning.

    One that stands better than all the others stays. Where none does, nobody can tell whose the answers are (a date is
    what a submitter says), so that all of them are left out and named until a maintainer settles it. Verified ones all
    stay: a maintainer has seen each of them give these answers. A tuning may change no answer at all, so that one
    organisation may hand in the same answers for several.

    Args:
        cases: that stand every other check.
        verified: ids that a maintainer ran again.
        held: ids that main has already.
    """
    alike: dict[str, list[Case]] = {}
    for case in cases:
        alike.setdefault(_answered(case), []).append(case)
    for several in alike.values():
        standing = {case.candidate.place.id: _standing(case.candidate.place.id, verified, held) for case in several}
        for case in several:
            own = standing[case.candidate.place.id]
            others = (other for other in several if other is not case and _collide(case, other))
            before = [one for other in others if standing[one := other.candidate.place.id] <= own]
            if before and own is not Standing.VERIFIED:
                first = min(before, key=lambda one: (standing[one], one))
                yield Excluded(str(case.candidate.place.entry), (_remark(first, standing[first] < own),))


def _standing(name: str, verified: Collection[str], held: Collection[str]) -> Standing:
    if name in verified:
        return Standing.VERIFIED
    return Standing.HELD if name in held else Standing.NEW


def _remark(other: str, settled: bool) -> Remark:
    what = f"the same answers as {other}"
    if settled:
        return Remark("duplicate", what)
    return Remark("duplicate", f"{what}; which was first can't be told here: take one away, or verify one")


def _collide(one: Case, other: Case) -> bool:
    a, b = one.candidate.fields, other.candidate.fields
    return a.model.org != b.model.org or (a.model.name, a.tuning) == (b.model.name, b.tuning)


def _answered(case: Case) -> str:
    """Equal for entries that hand in the same words about the same pictures, whatever the rows' order and numbers.

    Of numbers alone: the same model and tuning.
    """
    told = case.candidate.fields
    if not case.answered:
        return json.dumps([told.model.org, told.model.name, told.tuning.model_dump(), sorted(told.datasets)])
    digest = hashlib.sha256()
    for key in sorted(case.answered):
        rows = case.rows[key, LABEL_MATCH].rows
        words = [_NO_WORD.sub(" ", text.casefold()).strip() for text in rows.raw.values]
        place = {word: at for at, word in enumerate(sorted(set(words)))}
        said = np.array([place[word] for word in words], np.int64)[rows.raw.codes]
        assert rows.image is not None, "every line has one"
        order = np.lexsort((said, rows.image))
        digest.update(json.dumps([key, *place]).encode())
        digest.update(rows.image[order].tobytes() + said[order].tobytes())
    return digest.hexdigest()
