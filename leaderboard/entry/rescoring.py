"""Entries whose answers `label_match` reads otherwise than when they were handed in, made anew from those answers."""

import json
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from emt_tasks.errors import EmtError
from emt_tasks.forgetting.sets import ordered
from leaderboard.entry.answers import Line, packed
from leaderboard.entry.candidate import Candidate, labels_of, rows_of_lines
from leaderboard.entry.counting import counts
from leaderboard.entry.folder import Unfit, candidate_at, places
from leaderboard.entry.rereading import Rereader, task_version
from leaderboard.entry.rules.numbers import confused
from leaderboard.entry.schema import LABEL_MATCH
from leaderboard.entry.storing import written


def rescored(folder: Path) -> Iterator[tuple[str, int, dict[str, bytes]]]:
    """Each entry that changes: its path, how many answers are read otherwise, and its files anew by their paths.

    Raises:
        EmtError: there is no such folder.
    """
    if not folder.is_dir():
        raise EmtError(f"{folder} is no folder of entries. Name it with --entries.")
    rereader = Rereader()
    for place in places(folder)[0]:
        try:
            candidate = candidate_at(folder, place)
        except Unfit:
            continue  # `emt board validate` says what is wrong with it
        if any(not {line.label for line in lines} <= labels_of(key) for key, lines in candidate.lines.items()):
            continue
        lines = {key: [_read(line, rereader) for line in candidate.lines[key]] for key in ordered(candidate.lines)}
        changed = sum(
            new.read != old.read for key in lines for new, old in zip(lines[key], candidate.lines[key], strict=True)
        )
        if changed:
            yield str(place.entry), changed, _files(candidate, lines, rereader)


def _read(line: Line, rereader: Rereader) -> Line:
    return replace(line, read={**line.read, LABEL_MATCH: rereader.read(line.set, line.raw, line.label)})


def _files(candidate: Candidate, lines: dict[str, list[Line]], rereader: Rereader) -> dict[str, bytes]:
    answers, sha256 = packed(line for key in lines for line in lines[key])
    told = json.loads(candidate.fields.model_dump_json(exclude_unset=True))
    told["counts"] = {key: counts(those, rereader) for key, those in lines.items()}
    told["confusion"] = {key: confused(key, rows_of_lines(key, those, rereader)) for key, those in lines.items()}
    told["predictions"]["sha256"] = sha256
    told["readings"][0]["version"] = task_version()
    return {str(candidate.place.answers): answers, str(candidate.place.entry): written(told)}
