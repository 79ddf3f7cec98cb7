"""What a judge replied, out of the files of a run that hold its reading."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from emt_tasks.errors import EmtError
from emt_tasks.gpt_judge.protocols import SHIPPED, protocol
from emt_tasks.gpt_judge.questions import Questions
from emt_tasks.labels import label_set
from leaderboard.entry.rereading import Reply

SEPARATORS = (";", ",")


class _Emt(msgspec.Struct):
    reading: str
    raw: str
    label: str
    judge: str | None = None
    protocol: str | None = None
    prompt: str | None = None
    reply: str | None = None


class _Row(msgspec.Struct):
    emt: _Emt


def judge_of(reading: str, files: Mapping[str, Path], cost: float | None) -> dict[str, Any]:
    """The judge of `reading`, whose rows are in `files`, by set, as an entry tells it.

    Raises:
        EmtError: the rows don't say which judge it was, name several, or a protocol that an entry can't be of.
    """
    asked = {key: _asked(path, reading) for key, path in files.items()}
    judges = {(model, name) for model, name, _ in asked.values()}
    if len(judges) > 1:
        raise EmtError(
            f"several judges in one run: {', '.join(sorted(f'{m} ({n})' for m, n in judges))}. Score it anew."
        )
    model, name = judges.pop()
    separator = next((one for one in SEPARATORS if all(_hash(name, one, key) == asked[key][2] for key in asked)), None)
    if separator is None:
        raise EmtError(
            f"the judge's protocol {name!r} is none that ships with emt-bench, so that nobody can replay its replies. "
            f"Score the run with --protocol {' or '.join(SHIPPED)}, or take the readings files out of its folder."
        )
    hashes = {key: asked[key][2] for key in asked}
    told = {"model": model, "protocol": name, "separator": separator, "prompt_hash": hashes, "cost_usd": cost}
    return {key: value for key, value in told.items() if value is not None}


def replies_of(key: str, reading: str, path: Path) -> Iterator[Reply]:
    """Each reply once, with the label and answer as the judge was shown them."""
    model, name, prompt = _asked(path, reading)
    separator = next((one for one in SEPARATORS if _hash(name, one, key) == prompt), SEPARATORS[0])
    questions = Questions(protocol(name, separator=separator), model, label_set(key))
    found: dict[tuple[str, str], Reply] = {}
    for row in _rows(path, reading):
        if row.reply is not None:
            question = questions.about(row.label, row.raw)
            at = (question.label, question.answer)
            found.setdefault(at, Reply(reading, key, question.label, question.answer, row.reply))
    yield from (found[at] for at in sorted(found))


def _hash(name: str, separator: str, key: str) -> str | None:
    if name not in SHIPPED:
        return None
    return protocol(name, separator=separator).fingerprint(label_set(key).labels)


def _asked(path: Path, reading: str) -> tuple[str, str, str]:
    told = {(row.judge, row.protocol, row.prompt) for row in _rows(path, reading) if row.judge}
    if len(told) != 1:
        raise EmtError(f"{path.name} names {len(told)} judges or prompts where one is needed. Score the run anew.")
    model, name, prompt = told.pop()
    return str(model), str(name), str(prompt)


def _rows(path: Path, reading: str) -> Iterator[_Emt]:
    try:
        with path.open("rb") as file:
            for line in file:
                row = msgspec.convert(json.loads(line), _Row).emt
                if row.reading == reading:
                    yield row
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise EmtError(f"{path.name} can't be read again ({error}). Score the run anew.") from error
