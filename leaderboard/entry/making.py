"""An entry made of a run's folder, and of what its submitter says beside."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from emt_tasks.errors import EmtError
from emt_tasks.forgetting.lineage import Place
from emt_tasks.runs.records import ENCODER_MODEL, Run, TaskRows
from leaderboard.entry.answers import packed
from leaderboard.entry.candidate import rows_of_lines
from leaderboard.entry.collecting import collected
from leaderboard.entry.counting import counts, lines_of
from leaderboard.entry.judge_replies import judge_of, replies_of
from leaderboard.entry.names import BETWEEN, place_of, slugged
from leaderboard.entry.names import Place as Where
from leaderboard.entry.rereading import Reply, Rereader, task_version
from leaderboard.entry.rules.numbers import confused
from leaderboard.entry.schema import LABEL_MATCH, MOST_CHARACTERS, MOST_WORDS
from leaderboard.entry.storing import Made, checked
from leaderboard.entry.suggestions import Given, base_of, day_of, line, place_of_run, private, suggested, tuning_of


def made(run: Run, given: Given) -> Made:
    """The entry of a run.

    Raises:
        EmtError: the run has no rows that an entry can be of, or what was said is not what an entry may hold.
    """
    said_there, place, rereader = suggested(run), place_of_run(run), Rereader()
    name, org = given.model or said_there.model, given.org or said_there.org
    where = _where(org, name, given.run or said_there.run)
    chosen = collected(run, given.variant)
    lines = {key: lines_of(key, tasks, rereader) for key, tasks in chosen.tasks.items()}
    answers, sha256 = packed(one for key in lines for one in lines[key])
    replies = [one for key, tasks in chosen.tasks.items() for one in _replies(key, tasks)]
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
        "datasets": {key: _dataset(tasks[0]) for key, tasks in chosen.tasks.items()},
        "readings": _readings(chosen.tasks, given),
        "counts": {key: counts(lines[key], rereader) for key in lines},
        "confusion": {key: confused(key, rows_of_lines(key, lines[key], rereader)) for key in lines},
        "environment": {line(name): line(version) for name, version in sorted(run.identity.versions.items())},
        "command": _command(run),
        "provenance": {
            "tier": "rescored", "submitted_by": given.submitted_by, "date": day_of(run), "source": given.source,
        },
        "predictions": {"sha256": sha256, "rows": sum(map(len, lines.values()))},
    }  # fmt: skip
    text = checked(told)
    verdicts = packed(replies)[0] if replies else None
    return Made(where, text, answers, verdicts, chosen.notes)


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
