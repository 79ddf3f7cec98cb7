"""Tables of answers (CSV, TSV, Excel; VLMEvalKit's too) become a run folder, which everything here can read."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from emt_tasks.errors import EmtError
from emt_tasks.escaping import plain
from emt_tasks.label_match import NAME
from emt_tasks.labels import LabelSet
from emt_tasks.runs.manifest import write_json
from emt_tasks.scoring.answers import Answer, Answers, LabelPlaces
from emt_tasks.scoring.cells import as_answer, as_text, rows_of_cells, unheard
from emt_tasks.scoring.columns import Columns
from emt_tasks.scoring.option_letters import OptionLetters
from emt_tasks.scoring.readers import by_label_match, records

HEX = frozenset("0123456789abcdef")


def run_of_table(
    path: Path, labels: LabelSet, columns: Columns, output: Path, tell: Callable[[str], None] = unheard
) -> Path:
    """Write the answers in the table at `path` as a run of the set's task, read by `label_match`; its folder.

    The run is named as the file and its content, so that the same table gives the same run and another never its place.

    Args:
        path: the table.
        labels: the set that its answers are about.
        columns: which of them were named.
        output: the folder above the run's.
        tell: is told which columns are read.

    Raises:
        EmtError: the table can't be read, or a row of it is wrong; which one is said.
    """
    rows = _answers(path, labels, columns, tell)
    task = f"emt_{labels.key}"
    folder = output / f"{path.stem}-{_digest(path, labels, columns)}"
    stamp = _stamp(path, folder, task)
    samples = folder / f"{stamp}_samples_{task}.jsonl"
    answers = Answers(path.stem, task, labels, rows, samples)
    told = records(answers, by_label_match, NAME)
    lines = (
        json.dumps({"doc_id": row.doc_id, "id": row.id, "target": labels.labels[row.label], "resps": [[row.raw]],
                    "filtered_resps": record["named"], "emt": record}, ensure_ascii=False) + "\n"
        for row, record in zip(rows, told, strict=True)
    )  # fmt: skip
    try:
        folder.mkdir(parents=True, exist_ok=True)
        samples.write_text("".join(lines), encoding="utf8")
        write_json(folder / f"{stamp}_results.json", _results(path, task, told))
    except OSError as error:
        raise EmtError(f"{folder} can't be written ({error.strerror}). Choose another --output-path.") from error
    return folder


def _digest(path: Path, labels: LabelSet, columns: Columns) -> str:
    """The beginning of a sha256 of all that the answers come from: the file's bytes, the set, the columns named."""
    said = json.dumps([labels.key, columns.id, columns.label, columns.answer]).encode()
    return hashlib.sha256(said + b"\0" + path.read_bytes()).hexdigest()[:8]


def _stamp(path: Path, folder: Path, task: str) -> str:
    """The stamp that this table's run has, as a copy with another date is no other run; else the file's date."""
    ending = f"_samples_{task}.jsonl"
    before = sorted(log.name.removesuffix(ending) for log in folder.glob(f"*{ending}"))
    return before[0] if before else datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y%m%d_%H%M%S")


def _results(path: Path, task: str, told: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    right = sum(record["outcome"] == "correct" for record in told) / len(told)
    return {
        "results": {task: {f"accuracy,{NAME}": right}},
        "configs": {},
        "n-samples": {task: {"original": len(told), "effective": len(told)}},
        "config": {"model": path.stem, "model_args": ""},
        "table": path.name,
    }


def _answers(path: Path, labels: LabelSet, columns: Columns, tell: Callable[[str], None]) -> list[Answer]:
    cells = iter(rows_of_cells(path, tell))
    header = [as_text(cell) for cell in next(cells, [])]
    if not any(header):
        raise EmtError(f"{path.name} is empty. A header and a row for each answer are needed.")
    chosen, places = columns.found(header, path.name), LabelPlaces(labels)
    tell(chosen.in_words(header))
    at = {part: header.index(name) for part in ("id", "label", "answer") if (name := getattr(chosen, part)) is not None}
    letters = OptionLetters(header)
    rows: list[Answer] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(cells, start=2):
        if all(cell in (None, "") for cell in row):  # a 0 is a cell
            continue
        where = f"{path.name}, line {number}"
        if len(row) <= max(at.values()):
            raise EmtError(f"{where} has {len(row)} cells, the header {len(header)}. Is a quotation mark left open?")
        words = [as_text(cell) for cell in row]
        text, label = as_answer(row[at["answer"]]), words[at["label"]]
        option = letters.label(label, words, where)
        if option is not None:
            where += f", option {label.strip()}"
            text, label = letters.answer(text, words), option
        name = words[at["id"]].strip() if "id" in at else None
        image = name if name and len(name) == 64 and set(name) <= HEX else None
        if name is not None and image is None:  # a set may hold one picture twice
            _require_new(name, number, seen, path.name)
        rows.append(Answer(len(rows), image, places.of(label, where), text, name))
    if not rows:
        raise EmtError(f"{path.name} has no rows. A header and a row for each answer are needed.")
    return rows


def _require_new(name: str, line: int, seen: dict[str, int], where: str) -> None:
    """Raise where an id names no row or two; `seen` has the line of each, this one's too after it."""
    if not name:
        raise EmtError(f"{where}, line {line} has no id. Give it one, or name another column with --id-column.")
    first = seen.setdefault(name, line)
    if first != line:
        raise EmtError(
            f"{where}: lines {first} and {line} have the same id {plain(name)[:60]!r}, by which rows are paired. Name "
            "the column that tells rows apart with --id-column, or score one answer a row and model."
        )
