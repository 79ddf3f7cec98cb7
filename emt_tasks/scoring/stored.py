"""Answers of stored runs, and the files in which their further readings stand beside them."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from emt_tasks.choice import READING as CHOICE
from emt_tasks.errors import EmtError
from emt_tasks.labels import LabelSet, label_set
from emt_tasks.runs.log_seal import as_field, seal_of
from emt_tasks.runs.problems import Problem
from emt_tasks.runs.reading_back import read_runs
from emt_tasks.runs.records import TaskRows
from emt_tasks.runs.run_folders import readings_file
from emt_tasks.scoring.answers import Answer, Answers, LabelPlaces
from emt_tasks.tasks import catalogue


def stored_answers(
    paths: Iterable[Path], tasks: Collection[str] | None = None, set_key: str | None = None
) -> tuple[list[Answers], tuple[Problem, ...]]:
    """The answers in the logs of the runs under `paths`, each task once, and what is wrong with the runs.

    Args:
        paths: run folders, folders above several, or files of a run.
        tasks: only these.
        set_key: the label set of tasks that are not ours.

    Raises:
        EmtError: there is no run, or none has answers that can be read against a label set.
    """
    found = read_runs(paths, tasks, later=False)
    answers = []
    reasons = []
    for run in found.runs:
        for task in dict.fromkeys(rows.task for rows in run.tasks):
            rows = run.of(task)
            assert rows is not None, "one of the run's own tasks"
            labels = _labels_of(task, set_key)
            if rows.reading == CHOICE:
                reasons.append(f"{task} scored labels and has no answers")
            elif labels is None:
                reasons.append(f"{task} is no task of ours: say with --set which labels its answers are about")
            else:
                answers.append(_answers(run.name, rows, labels))
    if not answers:
        raise EmtError(f"nothing here can be read: {'; '.join(dict.fromkeys(reasons)) or 'no run is whole enough'}.")
    return answers, found.problems


def _labels_of(task: str, set_key: str | None) -> LabelSet | None:
    ours = catalogue().get(task)
    if ours is not None and not ours.members:
        return ours.labels
    return label_set(set_key) if set_key else None


def _answers(run: str, task: TaskRows, labels: LabelSet) -> Answers:
    places, rows, where = LabelPlaces(labels), task.rows, f"{task.samples.name} ({task.task})"
    place_of = [places.of(text, where) for text in rows.label.values]
    images = [None] * len(rows) if rows.image is None else [image.decode("ascii") for image in rows.image]
    raw, label, ids = rows.raw, rows.label, rows.id or [None] * len(rows)
    return Answers(
        run=run,
        task=task.task,
        labels=labels,
        samples=task.samples,
        rows=[
            Answer(int(number), image, place_of[label_code], raw.values[raw_code], name)
            for number, image, label_code, raw_code, name in zip(
                rows.doc_id.tolist(), images, label.codes.tolist(), raw.codes.tolist(), ids, strict=True
            )
        ],
        seal=seal_of(task.samples),
    )


def keep(answers: Answers, reading: str, records: Sequence[Mapping[str, Any]]) -> Path:
    """Write the `emt` records of a reading beside the run, whole or not at all; the file.

    Its first row has the seal of the log that was read, without which it is not used.

    Raises:
        EmtError: it can't be written.
    """
    path = readings_file(answers.samples, answers.task, reading)
    assert path != answers.samples, "a reading is never written over the log"
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf8", errors="backslashreplace") as file:  # \ud83d, half a pair, as JSON has it
            file.writelines(_lines(answers, records))
        part.replace(path)
    except OSError as error:
        raise EmtError(f"{path} can't be written ({error.strerror}). Mend the folder's permissions.") from error
    return path


def _lines(answers: Answers, records: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    beside = as_field(answers.seal or seal_of(answers.samples))
    for row, record in zip(answers.rows, records, strict=True):
        name = {} if row.id is None else {"id": row.id}
        yield json.dumps({"doc_id": row.doc_id, **name, **beside, "emt": record}, ensure_ascii=False) + "\n"
        beside = {}
