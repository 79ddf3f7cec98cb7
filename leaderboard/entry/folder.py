"""The folder of entries: every file in it is looked at, what is no entry is named, and no link is followed."""

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from emt_tasks.errors import EmtError
from emt_tasks.escaping import plain
from leaderboard.entry.answers import BadAnswers, by_set, decoded, read_answers, unpacked
from leaderboard.entry.candidate import Candidate
from leaderboard.entry.case import Case
from leaderboard.entry.checks import checked
from leaderboard.entry.duplicates import distinct
from leaderboard.entry.known import FILE as KNOWN_FILE
from leaderboard.entry.known import KnownData
from leaderboard.entry.lists import VERIFIED_FILE, verified_ids
from leaderboard.entry.names import ENTRY, Place, is_plain, place_of
from leaderboard.entry.remarks import Excluded, Remark
from leaderboard.entry.rereading import Reply, Rereader
from leaderboard.entry.schema import EntryFields, said

MOST_BYTES = 200_000  # of an entry's file
MOST_FILES = 20_000
OWN_FILES = {KNOWN_FILE, VERIFIED_FILE, "board.yaml", "README.md", ".gitkeep"}
MOST_NAMED, MOST_REASONS, LONGEST = 8, 40, 500  # fields named together, reasons of one file, characters of one


class Unfit(ValueError):  # noqa: N818  # reads as what it says
    """A file can't be taken for an entry's; `rule` says by which rule."""

    def __init__(self, rule: str, what: str) -> None:
        super().__init__(what)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Entries:
    """What a folder holds: entries that stand every check, in the order of their paths, and what is left out."""

    cases: tuple[Case, ...]
    excluded: tuple[Excluded, ...]


def read_entries(folder: Path, known: KnownData, lists: Path | None = None, latest: str | None = None) -> Entries:
    """Every entry below `folder`; one that is wrong is named and left out.

    Args:
        folder: of entries.
        known: data that they may be of.
        lists: main's folder of entries, whose `verified.txt` counts, and whose entries come before new ones that say
            the same; where it is None, `folder` has the list, and no entry is known to have been there before.
        latest: the last day (YYYY-MM-DD) that an entry may name; any where it is None, so that a build needs no clock.

    Raises:
        EmtError: there is no such folder, or it holds far more than entries.
    """
    if not folder.is_dir() or folder.is_symlink():
        raise EmtError(f"{folder} is no folder of entries. Name it with --entries; `emt board init DIR` makes one.")
    rereader, verified = Rereader(), verified_ids(lists or folder)
    cases, excluded = [], []
    there, strays = places(folder, lists)
    excluded += strays
    for place in there:
        try:
            case, found = checked(candidate_at(folder, place), known, rereader)
            found = (*found, *_tier(case, verified), *_dated(case, latest))
        except Unfit as error:
            found = (Remark(error.rule, str(error)),)
        if found:
            excluded.append(Excluded(str(place.entry), found))
        else:
            cases.append(case)
    doubles = list(distinct(cases, verified, _held(cases, folder, lists)))
    out = {one.path for one in doubles}
    kept = tuple(case for case in cases if str(case.candidate.place.entry) not in out)
    return Entries(kept, tuple(sorted(map(_shown, (*excluded, *doubles)), key=lambda one: one.path)))


def _held(cases: Iterable[Case], folder: Path, lists: Path | None) -> frozenset[str]:
    """The ids of entries that the folder of the lists, which is main's, has too, byte for byte."""
    found = set()
    for place in (case.candidate.place for case in cases) if lists is not None else ():
        theirs = (lists or folder) / place.entry
        if theirs.is_file() and theirs.read_bytes() == (folder / place.entry).read_bytes():
            found.add(place.id)
    return frozenset(found)


def _shown(one: Excluded) -> Excluded:
    """In text that any file can hold, and not much of it: names of files and fields may be of any bytes, and long."""
    reasons = (Remark(reason.rule, plain(reason.what)[:LONGEST]) for reason in one.reasons[:MOST_REASONS])
    return Excluded(plain(one.path)[:LONGEST], tuple(reasons))


def places(folder: Path, lists: Path | None = None) -> tuple[list[Place], list[Excluded]]:
    """The entries by their names, and the files that are none and belong to none.

    Args:
        folder: of entries.
        lists: main's, whose names come before new ones.
    """
    paths = sorted(_files_below(folder))
    if len(paths) > MOST_FILES:
        raise EmtError(f"{folder} holds more than {MOST_FILES:,} files. Is it the folder of entries?")
    names = [path.relative_to(folder).as_posix() for path in paths]
    found = {name: place for name in names if (place := place_of(name)) is not None}
    owned = {str(path) for place in found.values() for path in (place.entry, place.answers, place.verdicts)}
    strays = [
        Excluded(name, (Remark("path", f"no entry's file: entries lie at ORG__MODEL/RUN{ENTRY}, answers beside them"),))
        for name in names
        if name not in owned and name not in OWN_FILES
    ]
    here = {name for name in found if lists is not None and (lists / name).is_file()}
    same = list(_same_but_for_capitals(found, here))
    return [place for name, place in found.items() if name not in {one.path for one in same}], [*strays, *same]


def _same_but_for_capitals(found: Mapping[str, Place], held: Collection[str]) -> Iterator[Excluded]:
    """Entries whose names are another's but for capitals, which some file systems take for the same; not main's."""
    alike: dict[str, list[str]] = {}
    for name, place in found.items():
        alike.setdefault(place.id.casefold(), []).append(name)
    for names in alike.values():
        for name in names if len(names) > 1 else ():
            if name not in held:
                other = next(other for other in names if other != name)
                yield Excluded(name, (Remark("path", f"its name is that of {other} but for capitals; choose another"),))


def _files_below(folder: Path) -> Iterator[Path]:
    """Files and links; no link is followed."""
    for at, folders, files in os.walk(folder):
        links = [name for name in folders if (Path(at) / name).is_symlink()]
        yield from (Path(at) / name for name in (*files, *links))


def candidate_at(folder: Path, place: Place) -> Candidate:
    """The entry at `place`, read without trust.

    Raises:
        Unfit: one of its files can't be taken.
    """
    paths = [folder / path for path in (place.entry, place.answers, place.verdicts)]
    for path in paths:
        if path.is_symlink() or (path.exists() and not is_plain(path, folder)):
            raise Unfit("path", f"{path.name} is a link, or lies behind one; hand in plain files")
    entry, answers, verdicts = paths
    text = _bounded(entry)
    fields = _fields(text)
    digest = hashlib.sha256(text)
    for path in (answers, verdicts):
        digest.update(hashlib.sha256(path.read_bytes() if path.exists() else b"").digest())
    if fields.predictions is None:
        for path in (answers, verdicts):
            if path.exists():
                raise Unfit("rows", f"{path.name} is there, and the entry says it is of numbers alone")
        return Candidate(place, fields, {}, None, {}, digest.hexdigest())
    if not answers.exists():
        raise Unfit("rows", f"{answers.name} is missing")
    try:
        read = read_answers(answers)
        replies = _replies(verdicts) if verdicts.exists() else {}
    except BadAnswers as error:
        raise Unfit("answers", str(error)) from error
    return Candidate(place, fields, by_set(read.lines), read.sha256, replies, digest.hexdigest())


def _bounded(path: Path) -> bytes:
    if path.stat().st_size > MOST_BYTES:
        raise Unfit("size", f"{path.stat().st_size:,} bytes; at most {MOST_BYTES:,}")
    return path.read_bytes()


def _fields(text: bytes) -> EntryFields:
    try:
        json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        return EntryFields.model_validate_json(text)
    except ValidationError as error:
        each = [f"{'.'.join(map(str, one['loc'])) or 'file'}: {said(one)}" for one in error.errors()]
        more = [f"and {len(each) - MOST_NAMED} more"] if len(each) > MOST_NAMED else []
        raise Unfit("schema", "; ".join((*each[:MOST_NAMED], *more))) from error
    except (ValueError, RecursionError) as error:
        raise Unfit("schema", f"no JSON: {str(error)[:200]}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("the same key twice in one object")
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _replies(path: Path) -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    for line in decoded(unpacked(path), Reply):
        at = (line.reading, line.set, line.label, line.answer)
        if found.setdefault(at, line.reply) != line.reply:
            raise BadAnswers(f"two replies about one answer: {line.answer[:60]!r}")
    return found


def _dated(case: Case, latest: str | None) -> Iterator[Remark]:
    day = case.candidate.fields.provenance.date
    if latest is not None and day > latest:
        yield Remark("date", f"{day} has not been yet; `provenance.date` is the day of the run")


def _tier(case: Case, verified: frozenset[str]) -> Iterator[Remark]:
    claims = case.candidate.fields.provenance.tier == "verified"
    if claims and case.candidate.place.id not in verified:
        yield Remark("tier", f"verified is a maintainer's word ({VERIFIED_FILE}); hand it in as rescored")
