"""Verdicts as JSON lines, so that a run's judge scores can be had again elsewhere with no key and no network."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from emt_tasks.errors import EmtError
from emt_tasks.gpt_judge.protocols import SHIPPED, protocol
from emt_tasks.gpt_judge.questions import key_of
from emt_tasks.gpt_judge.store import VerdictStore

COLUMNS = (
    "protocol", "prompt_hash", "model", "label", "answer", "reply", "meaning", "tokens_in", "tokens_out", "asked_at",
    "answered_by",
)  # fmt: skip


class _Line(BaseModel):
    """One verdict as it is exported. Its key is not: it is made anew from what it stands for."""

    model_config = ConfigDict(extra="forbid", strict=True)

    protocol: str
    prompt_hash: str
    model: str
    label: str
    answer: str
    reply: str
    meaning: str | None
    tokens_in: int | None = Field(default=None, ge=0, lt=2**63)
    tokens_out: int | None = Field(default=None, ge=0, lt=2**63)
    asked_at: float | None = None
    answered_by: str | None = None

    @field_validator("meaning")
    @classmethod
    def _is_meaning(cls, value: str | None) -> str | None:
        if value in (None, "yes", "no"):
            return value
        try:
            named = json.loads(value or "")
        except (ValueError, RecursionError):
            named = None
        if not isinstance(named, list) or not all(isinstance(label, str) for label in named):
            raise ValueError("neither yes, no, null nor a JSON list of labels")
        return value

    @model_validator(mode="after")
    def _fits_its_protocol(self) -> "_Line":
        """A "yes" to a question that did not show the label would count any answer as right."""
        if self.meaning is None or self.protocol not in SHIPPED:
            return self
        if (self.meaning in ("yes", "no")) != protocol(self.protocol).shows_label:
            raise ValueError(f"the meaning {self.meaning!r} is none that the protocol {self.protocol} has")
        return self


def exported(store: VerdictStore, keys: Iterable[str] | None = None) -> Iterator[str]:
    """Each verdict as a line of JSON, in the order of their keys; of `keys` only, where given."""
    wanted = None if keys is None else set(keys)
    for key, *values in store.connection.execute(f"SELECT key, {', '.join(COLUMNS)} FROM verdicts ORDER BY key"):  # noqa: S608
        if wanted is None or key in wanted:
            yield json.dumps(dict(zip(COLUMNS, values, strict=True)), ensure_ascii=False)


def imported(store: VerdictStore, lines: IO[str], where: str) -> Mapping[str, int]:
    """Take verdicts in, all or none; how many are `new`, how many were there with the same meaning, or `other`.

    A verdict that is there already stays.

    Raises:
        EmtError: a line is no verdict; which one, and why.
    """
    found = {"new": 0, "same": 0, "other": 0}
    with store.transaction():
        for number, text in enumerate(lines, start=1):
            if not text.strip():
                continue
            line = _read(text, f"{where}, line {number}")
            key = key_of(line.protocol, line.prompt_hash, line.model, line.label, line.answer)
            there = store.connection.execute("SELECT meaning FROM verdicts WHERE key=?", (key,)).fetchone()
            found["new" if there is None else "same" if there[0] == line.meaning else "other"] += 1
            values: list[Any] = [getattr(line, column) for column in COLUMNS]
            marks = ",".join("?" * (1 + len(values)))
            store.connection.execute(f"INSERT OR IGNORE INTO verdicts VALUES ({marks})", (key, *values))  # noqa: S608
    return found


def _read(text: str, where: str) -> _Line:
    try:
        return _Line.model_validate_json(text)
    except ValidationError as error:
        mistake = error.errors()[0]
        raise EmtError(
            f"{where} is no verdict: {'.'.join(map(str, mistake['loc']))} {mistake['msg']}. `emt judge export` writes "
            "what is read here."
        ) from error
