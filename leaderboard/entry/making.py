"""An entry made of a run's folder, and of what its submitter says beside."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from emt_tasks.errors import EmtError
from emt_tasks.forgetting import sets
from emt_tasks.forgetting.lineage import Place
from emt_tasks.labels import ALL_SETS
from emt_tasks.outcomes import Outcome
from emt_tasks.runs.records import ENCODER_MODEL, Run, TaskRows
from leaderboard.entry.answers import Line, Read, packed
from leaderboard.entry.candidate import SAME_QUESTION, rows_of_lines
from leaderboard.entry.judge_replies import judge_of, replies_of
from leaderboard.entry.names import BETWEEN, place_of, slugged
from leaderboard.entry.names import Place as Where
from leaderboard.entry.rereading import Reply, Rereader, task_version
from leaderboard.entry.rules.numbers import confused
from leaderboard.entry.schema import LABEL_MATCH, MOST_CHARACTERS, MOST_WORDS, READING, EntryFields, said
from leaderboard.entry.suggestions import Given, base_of, day_of, line, place_of_run, private, suggested, tuning_of


@dataclass(frozen=True, slots=True)
class Made:
    """An entry's files, not written yet, and what its submitter should know.

    Attributes:
        where: their place below the folder of entries.
        entry, answers, verdicts: the files' bytes; None where there are no verdicts.
        notes: sentences.
    """

    where: Where
    entry: bytes
    answers: bytes
    verdicts: bytes | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Collected:
    """The rows of a run that go into an entry: by set its task's, one for each reading."""

    tasks: Mapping[str, Sequence[TaskRows]]
    notes: list[str] = field(default_factory=list)


def made(run: Run, given: Given) -> Made:
    """The entry of a run.

    Raises:
        EmtError: the run has no rows that an entry can be of, or what was said is not what an entry may hold.
    """
    said_there, place, rereader = suggested(run), place_of_run(run), Rereader()
    name, org = given.model or said_there.model, given.org or said_there.org
    where = _where(org, name, given.run or said_there.run)
    collected = _collected(run, given)
    lines = {key: _lines(key, tasks, rereader) for key, tasks in collected.tasks.items()}
    answers, sha256 = packed(one for key in lines for one in lines[key])
    replies = [one for key, tasks in collected.tasks.items() for one in _replies(key, tasks)]
    is_encoder = run.identity.model == ENCODER_MODEL
    encoder = given.encoder or said_there.encoder or (name if is_encoder else None)
    model = {
        "name": name, "org": org, "url": given.url, "encoder": encoder, "llm": given.llm, "params": given.params,
        "licence": given.licence,
    }  # fmt: skip
    told: dict[str, Any] = {
        "schema_version": 1,
        "kind": "encoder" if is_encoder else "model",
        "model": model,
        "tuning": _tuning_fields(run, place, given),
        "datasets": {key: _dataset(tasks[0]) for key, tasks in collected.tasks.items()},
        "readings": _readings(collected.tasks, given),
        "counts": {key: counts(lines[key], rereader) for key in lines},
        "confusion": {key: confused(key, rows_of_lines(key, lines[key], rereader)) for key in lines},
        "environment": {line(name): line(version) for name, version in sorted(run.identity.versions.items())},
        "command": _command(run),
        "provenance": {
            "tier": "rescored", "submitted_by": given.submitted_by, "date": day_of(run), "source": given.source,
        },
        "predictions": {"sha256": sha256, "rows": sum(map(len, lines.values()))},
    }  # fmt: skip
    text = _checked(_bare(told))
    verdicts = packed(replies)[0] if replies else None
    return Made(where, text, answers, verdicts, tuple(collected.notes))


def _where(org: str | None, name: str | None, run: str | None) -> Where:
    """Where the entry will lie.

    Raises:
        EmtError: the check would take no file of that name.
    """
    where = Where(f"{slugged(org or '')}{BETWEEN}{slugged(name or '')}", slugged(run or "run"))
    if place_of(str(where.entry)) is None:
        raise EmtError(
            f"no entry may be called {where.entry}: Windows keeps con, prn, aux, nul, com0 to com9 and lpt0 to lpt9 "
            "for itself. Give it another name with --run."
        )
    return where


def _command(run: Run) -> list[str]:
    """The command's words, as many as an entry may hold."""
    words = [word[:500] for word in private(run.identity.command[:MOST_WORDS])]
    while sum(map(len, words)) > MOST_CHARACTERS:
        words.pop()
    return words


def written(told: Mapping[str, Any]) -> bytes:
    """An entry's file, a line for each of its fields: one of 40,000 rows with all their confusions stays small."""
    compact = partial(json.dumps, ensure_ascii=False, separators=(",", ":"))
    lines = (f' "{name}": {compact(value)}' for name, value in told.items())
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode("utf8", "backslashreplace")


def _checked(told: Mapping[str, Any]) -> bytes:
    text = written(told)
    try:
        EntryFields.model_validate_json(text)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {said(one)}" for one in error.errors()[:8])
        raise EmtError(
            f"what was said can't stand in an entry: {wrong}. Say it with the options of emt board add."
        ) from error
    return text


def _bare(told: Any) -> Any:
    """`told` without what is None: an entry leaves out what is not known."""
    if isinstance(told, dict):
        return {name: _bare(value) for name, value in told.items() if value is not None}
    return [_bare(value) for value in told] if isinstance(told, list) else told


def _tuning_fields(run: Run, place: Place, given: Given) -> dict[str, Any]:
    kind = given.tuning or tuning_of(place)
    if kind == "none":
        return {"kind": "none"}
    weights = run.identity.weights or ""
    return {
        "kind": kind,
        "dataset": list(given.dataset or place.sets),
        "epoch": given.epoch if given.epoch is not None else place.epoch,
        "seed": place.seed,
        "base": given.base or base_of(place),
        "adapter_hash": weights if re.fullmatch(r"[0-9a-f]{8,64}", weights) else None,
    }


def _collected(run: Run, given: Given) -> _Collected:
    """The rows of each set in one variant, that the run has most of.

    Raises:
        EmtError: there are none that an entry can be of.
    """
    ours = [rows for rows in run.tasks if sets.asked(rows.task).key in ALL_SETS]
    fitting = [rows for rows in ours if sets.asked(rows.task).variant in SAME_QUESTION]
    if not fitting:
        there = ", ".join(sorted({rows.task for rows in run.tasks})) or "none"
        raise EmtError(
            f"{run.folder} has no task that an entry can be of ({there}). Run emt_lite, or emt for all rows."
        )
    variant = given.variant if given.variant is not None else sets.commonest_variant(rows.task for rows in fitting)
    chosen = [rows for rows in fitting if sets.asked(rows.task).variant == ("" if variant == "plain" else variant)]
    if not chosen:
        raise EmtError(
            f"{run.folder} has no task of the variant {variant!r}. It has {', '.join(r.task for r in fitting)}."
        )
    notes = []
    by_set: dict[str, list[TaskRows]] = {}
    for rows in sorted(chosen, key=lambda rows: rows.reading != LABEL_MATCH):
        key = sets.asked(rows.task).key
        if rows.rows.image is None:
            raise EmtError(
                f"{rows.samples.name} does not tell its pictures. Run {rows.task} with our tasks as they are."
            )
        if not rows.whole:
            raise EmtError(f"{rows.samples.name} is not whole ({rows.n} rows). Run the same command again to end it.")
        if rows.version is None:
            raise EmtError(f"no results file tells the version of {rows.task}. Run the same command again to end it.")
        first = by_set.setdefault(key, [])
        if not re.match(READING, rows.reading):
            notes.append(f"the reading {rows.reading!r} of {rows.task} is none that an entry can have, and left out.")
        elif first and not _same_rows(first[0], rows):
            notes.append(f"{rows.reading} of {rows.task} is of other rows than {first[0].reading} and left out.")
        else:
            first.append(rows)
    return _Collected({key: by_set[key] for key in sets.ordered(by_set)}, notes)


def _same_rows(a: TaskRows, b: TaskRows) -> bool:
    return a.n == b.n and sorted(a.rows.doc_id.tolist()) == sorted(b.rows.doc_id.tolist())


def _lines(key: str, tasks: Sequence[TaskRows], rereader: Rereader) -> list[Line]:
    """The answers of one set; `label_match` reads them here and now, as the check will."""
    readings: dict[str, dict[int, Read]] = {}
    for rows in tasks:
        if rows.reading != LABEL_MATCH:
            outcomes = (outcome.value for outcome in rows.rows.outcome)
            found_there = list(zip(rows.rows.prediction, outcomes, strict=True))
            readings[rows.reading] = dict(zip(rows.rows.doc_id.tolist(), found_there, strict=True))
    found = []
    for place in range(tasks[0].n):
        row = tasks[0].rows[place]
        assert row.image is not None
        raw = _whole_characters(row.raw)
        said = {LABEL_MATCH: rereader.read(key, raw, row.label)}
        said |= {reading: those[row.doc_id] for reading, those in readings.items()}
        found.append(Line(key, row.doc_id, row.image, row.label, raw, said))
    return sorted(found, key=lambda one: one.row)


def _whole_characters(text: str) -> str:
    """`text` with a space, as a judge was shown, for each half of a surrogate pair, which no UTF-8 file holds."""
    return re.sub("[\ud800-\udfff]", " ", text)


def counts(lines: Sequence[Line], rereader: Rereader) -> dict[str, Any]:
    """The counts of one set's answers, by reading, as an entry writes them."""
    foreign = sum(bool(rereader.reading(one.set, one.raw).foreign) for one in lines)
    found = {}
    for reading in lines[0].read:
        outcomes = [one.read[reading][1] for one in lines]
        found[reading] = {**{outcome.value: outcomes.count(outcome.value) for outcome in Outcome}, "foreign": foreign}
    return found


def _dataset(rows: TaskRows) -> dict[str, Any]:
    return {
        "fingerprint": rows.data_fingerprint,
        "task": rows.task,
        "version": rows.version,
        "split": "test",
        "n": rows.n,
    }


def _readings(tasks: Mapping[str, Sequence[TaskRows]], given: Given) -> list[dict[str, Any]]:
    names = dict.fromkeys(rows.reading for several in tasks.values() for rows in several)
    found: list[dict[str, Any]] = []
    for name in dict.fromkeys((LABEL_MATCH, *names)):
        files = {key: rows.samples for key, several in tasks.items() for rows in several if rows.reading == name}
        judge = judge_of(name, files, given.judge_cost) if name.startswith("gpt_judge") else None
        found.append({"name": name, "version": task_version() if name == LABEL_MATCH else None, "judge": judge})
    return found


def _replies(key: str, tasks: Sequence[TaskRows]) -> Iterator[Reply]:
    for rows in tasks:
        if rows.reading.startswith("gpt_judge"):
            yield from replies_of(key, rows.reading, rows.samples)


def write(made_entry: Made, folder: Path) -> Path:
    """Put an entry's files into the folder of entries, each whole or not at all; the entry's path.

    Raises:
        EmtError: it is there already, or can't be written.
    """
    entry = folder / made_entry.where.entry
    if entry.exists() or entry.is_symlink():
        raise EmtError(f"{entry} is there already. Give the entry another name with --run, or delete it first.")
    files = {
        folder / made_entry.where.answers: made_entry.answers,
        folder / made_entry.where.verdicts: made_entry.verdicts,
        entry: made_entry.entry,
    }
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        for path, content in files.items():
            if content is not None:
                part = path.with_name(f"{path.name}.{os.getpid()}.part")
                part.write_bytes(content)
                part.replace(path)
    except OSError as error:
        raise EmtError(f"{entry} can't be written ({error.strerror or error}). Choose another --entries.") from error
    return entry
