"""Rows of a sample log, read fast and without trust: only the fields that are used, each of the type it must have."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from emt_tasks.outcomes import Outcome
from emt_tasks.runs import metric_rows
from emt_tasks.runs.metric_rows import DocId

_REFUSED = (msgspec.MsgspecError, ValueError, RecursionError)  # ValueError: bytes that are no UTF-8, JSON that is none


class Emt(msgspec.Struct, gc=False):
    """The record that our tasks leave in every row (see `emt_tasks.results`)."""

    reading: str
    raw: str
    label: str
    outcome: Outcome
    prediction: str | None = None
    named: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    image: str | None = None


class Line(msgspec.Struct, gc=False):
    """A row of one of our tasks; `id` is what a table calls it, and text there."""

    doc_id: DocId
    emt: Emt
    id: Any = None


@dataclass(frozen=True, slots=True)
class Log:
    """What a sample log holds.

    Attributes:
        lines: its rows in order, those of tasks that are not ours as ours would say it.
        broken: numbers, from 1, of lines that are no rows; without the last line where that was cut off.
        cut_off: the last line is no row.
        metric: the harness's metric that said right or wrong; "" where our records do, None where nothing does.
    """

    lines: Sequence[Line]
    broken: tuple[int, ...]
    cut_off: bool
    metric: str | None


def read_log(path: Path, filters: Sequence[str] = (), metrics: Sequence[str] = ()) -> Log:
    """The rows of the sample log at `path`.

    Args:
        path: the file.
        filters: the names of the task's filters, as its results have them.
        metrics: its metrics of which more is better, the likeliest score first.

    Raises:
        OSError: the file can't be read.
    """
    content = path.read_bytes()
    first = next(_objects(content), {})
    metric: str | None = ""
    if "emt" in first or not first:
        lines, broken = _decoded(msgspec.json.Decoder(Line), content)
    else:
        found = metric_rows.candidates(first, metrics)
        rows, broken = _decoded(msgspec.json.Decoder(metric_rows.row_type(found)), content)
        metric, scored = metric_rows.scored(rows, found, filters)
        lines = [Line(row.doc_id, Emt(*parts)) for row, parts in zip(rows, scored, strict=True)]
    last = content.count(b"\n") + (not content.endswith(b"\n"))
    cut_off = last in broken
    return Log(lines, tuple(number for number in broken if number != last), cut_off, metric)


def _decoded(decoder: Any, content: bytes) -> tuple[list[Any], list[int]]:
    """Every line that `decoder` takes, and the numbers of those that it does not."""
    try:
        return decoder.decode_lines(content), []
    except _REFUSED:
        pass
    lines: list[Any] = []
    broken = []
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            try:
                lines.append(_one(decoder, line))
            except _REFUSED:
                broken.append(number)
    return lines, broken


def _one(decoder: Any, line: bytes) -> Any:
    """A line's row. The harness writes numbers that are none as NaN, which JSON has not and Python reads."""
    try:
        return decoder.decode(line)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return msgspec.convert(json.loads(line), decoder.type)


def _objects(content: bytes) -> Iterator[dict[str, Any]]:
    """The JSON objects among the lines, in order."""
    begin = 0
    while begin < len(content):
        end = content.find(b"\n", begin)
        end = len(content) if end < 0 else end
        try:
            found = json.loads(content[begin:end])
        except _REFUSED:
            found = None
        if isinstance(found, dict):
            yield found
        begin = end + 1
