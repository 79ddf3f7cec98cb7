"""The hand-labelled answers as a run, so that any reading which `emt score` knows can be set against a person's."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from emt_tasks.errors import EmtError
from emt_tasks.hand_labelled import HandLabelled
from emt_tasks.label_match import NAME
from emt_tasks.labels import ALL_SETS, label_set
from emt_tasks.runs.manifest import write_json
from emt_tasks.scoring.answers import Answer, Answers
from emt_tasks.scoring.readers import by_label_match, records

STAMP = "20200101_000000"
"""Always the same, so that the same answers make the same files."""


def save(hand: Sequence[HandLabelled], folder: Path) -> None:
    """Write the answers into `folder` as a run of the four tasks, read by `label_match`; a row's number is its id.

    Raises:
        EmtError: `folder` can't be written, or holds something already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise EmtError(f"{folder} is not empty. Name a new folder for --save.")
    results: dict[str, Any] = {}
    counts: dict[str, Any] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for key in ALL_SETS:
            task, labels = f"emt_{key}", label_set(key)
            chosen = [one for one in hand if one.labels is labels]
            rows = [Answer(one.id, None, labels.labels.index(one.label), one.text) for one in chosen]
            answers = Answers("hand_labelled", task, labels, rows, folder / f"{STAMP}_samples_{task}.jsonl")
            told = records(answers, by_label_match, NAME)
            lines = (json.dumps({"doc_id": row.doc_id, "emt": record}) for row, record in zip(rows, told, strict=True))
            answers.samples.write_text("\n".join(lines) + "\n", encoding="utf8")
            right = sum(record["outcome"] == "correct" for record in told)
            results[task] = {f"accuracy,{NAME}": right / len(told)}
            counts[task] = {"original": len(told), "effective": len(told)}
        config = {"model": "hand_labelled", "model_args": ""}
        write_json(
            folder / f"{STAMP}_results.json",
            {"results": results, "configs": {}, "n-samples": counts, "config": config},
        )
    except OSError as error:
        raise EmtError(f"{folder} can't be written ({error.strerror}). Name another folder for --save.") from error
