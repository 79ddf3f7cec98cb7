"""A run with two readings of the same seven answers, whose agreement is known by counting."""

import json
from collections.abc import Sequence
from pathlib import Path

from emt_tasks.runs.log_seal import as_field, seal_of

ROWS = [  # label, answer, outcome and prediction of label_match, and of other
    ("cat", "a cat", "correct", "cat", "correct", "cat"),
    ("cat", "a cat", "correct", "cat", "correct", "cat"),
    ("dog", "a puppy", "extrinsic", None, "correct", "dog"),
    ("dog", "a puppy", "extrinsic", None, "correct", "dog"),
    ("ship", "a dog", "incorrect", "dog", "incorrect", "dog"),
    ("ship", "<b>a dog</b>\x1b[31m", "incorrect", "dog", "intrinsic", None),
    ("bird", "", "empty", None, "unscored", None),
]


def record(reading: str, row: Sequence, at: int) -> dict:
    label, raw, outcome, prediction = row[0], row[1], row[2 + at], row[3 + at]
    named = [prediction] if prediction else []
    return {"reading": reading, "raw": raw, "label": label, "prediction": prediction, "outcome": outcome,
            "named": named, "foreign": [], "image": None}  # fmt: skip


def write_run(folder: Path, answers: Sequence[tuple] = ROWS) -> Path:
    folder.mkdir(parents=True)
    task, stamp = "emt_cifar10", "20260101_000000"
    log = folder / f"{stamp}_samples_{task}.jsonl"
    log.write_text(
        "".join(json.dumps({"doc_id": i, "emt": record("label_match", row, 0)}) + "\n" for i, row in enumerate(answers))
    )
    (folder / f"{stamp}_readings_{task}.other.jsonl").write_text(
        "".join(
            json.dumps({"doc_id": i, **(as_field(seal_of(log)) if i == 0 else {}), "emt": record("other", row, 2)})
            + "\n"
            for i, row in enumerate(answers)
        )
    )
    results = {"results": {task: {"accuracy,label_match": 2 / 7}}, "configs": {},
               "n-samples": {task: {"original": len(answers), "effective": len(answers)}},
               "config": {"model": "m", "model_args": ""}}  # fmt: skip
    (folder / f"{stamp}_results.json").write_text(json.dumps(results))
    return folder
