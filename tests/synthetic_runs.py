"""Runs with a known truth, as the harness writes them: a base, its encoder, and tuned checkpoints.

What each run's chance of being right is on each set is given; answers are drawn from it, so that a report's measures
can be held against it. Used by benchmarks/report.py and by the tests.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from emt_tasks.labels import label_set
from emt_tasks.outcomes import Outcome

STAMP = "20260101_000000"
FOREIGN_WORD = {"mnist": "8", "cifar10": "airplane", "cifar100": "butterfly", "miniimagenet": "aircraft carrier"}


@dataclass(frozen=True)
class Truth:
    """One run: its place in the lineage, and on each set its chance of being right and of foreign words when wrong.

    Attributes:
        name: its folder.
        accuracy: by set, in [0, 1].
        foreign: by set, in [0, 1]: of the wrong answers, those that take a word of `words`.
        words: the set whose words those are.
        encoder: what the model looks through; with `alone`, the run is that encoder's.
        tuned: what emt_checkpoint.json says; None for a base.
        version: of the tasks.
    """

    name: str
    accuracy: Mapping[str, float]
    foreign: Mapping[str, float] = field(default_factory=dict)
    words: str = "mnist"
    encoder: str = "ViT-L-14 openai"
    alone: bool = False
    tuned: Mapping[str, Any] | None = None
    version: float = 1.0
    pretrained: str = "models/base"


def write_run(folder: Path, truth: Truth, n: int, seed: int = 0) -> Path:
    """Write the results, samples and manifest of a run of `n` rows a set below `folder`; the run's own folder.

    Whether a row is right hangs on the row's own difficulty, drawn once for all runs, so that runs agree as
    checkpoints of one model do.
    """
    home = folder / truth.name / "model"
    home.mkdir(parents=True, exist_ok=True)
    arguments = {"pretrained": truth.pretrained}
    if truth.tuned is not None:
        checkpoint = folder / truth.name / "checkpoint"
        checkpoint.mkdir()
        (checkpoint / "emt_checkpoint.json").write_text(json.dumps(truth.tuned))
        arguments["peft" if truth.tuned["method"] == "lora" else "projector"] = str(checkpoint)
    model = "emt_clip" if truth.alone else "emt_llava"
    if truth.alone:
        arguments = dict(zip(("model", "pretrained"), truth.encoder.split(), strict=True))
    for key in truth.accuracy:
        with (home / f"{STAMP}_samples_emt_{key}.jsonl").open("w", encoding="utf8") as log:
            log.writelines(json.dumps(row) + "\n" for row in rows(truth, key, n, seed))
    tasks = [f"emt_{key}" for key in truth.accuracy]
    results = {
        "results": {task: {} for task in tasks},
        "versions": dict.fromkeys(tasks, truth.version),
        "n-samples": {task: {"original": n, "effective": n} for task in tasks},
        "config": {"model": model, "model_args": arguments},
    }
    (home / f"{STAMP}_results.json").write_text(json.dumps(results))
    manifest = {
        "model": model,
        "model_args": arguments,
        "details": {"encoder": truth.encoder},
        "tasks": {task: {"n": n, "version": truth.version} for task in tasks},
        "weights": hashlib.sha256(truth.name.encode()).hexdigest(),
        "settings": {"limit": n},
    }
    (home / f"{STAMP}_manifest.json").write_text(json.dumps(manifest))
    return home


def rows(truth: Truth, key: str, n: int, seed: int) -> Iterator[dict[str, Any]]:
    """The rows of a sample log, as lmms-eval writes them for our tasks."""
    labels = label_set(key).labels
    difficulty = np.random.default_rng([seed, *key.encode()]).random(n)
    own = np.random.default_rng([seed, *truth.name.encode(), *key.encode()])
    noise, kind, wrong = own.normal(0, 0.1, n), own.random(n), own.integers(1, len(labels), n)
    hardness = np.argsort(np.argsort(difficulty + noise)) / n
    right = hardness < truth.accuracy[key]
    takes = truth.foreign.get(key, 0.0)
    for row in range(n):
        gold = row % len(labels)
        other = labels[(gold + int(wrong[row])) % len(labels)]
        yield _row(key, row, labels[gold], other, bool(right[row]), kind[row] < takes, float(kind[row]), truth.words)


def _row(
    key: str, row: int, label: str, other: str, right: bool, foreign: bool, kind: float, words: str
) -> dict[str, Any]:
    named, outcome = [other], Outcome.INCORRECT
    answer = f"The object is a(n) {other}."
    if right:
        named, outcome, answer = [label], Outcome.CORRECT, f"The object is a(n) {label}."
    elif foreign:
        named, outcome, answer = [], Outcome.EXTRINSIC, f"The {label} is {FOREIGN_WORD[words]}."
    elif kind > 0.97:
        named, outcome, answer = [], Outcome.EMPTY, ""
    elif kind > 0.9:
        named, outcome, answer = [label, other], Outcome.INTRINSIC, f"{label}, {other}"
    took = [FOREIGN_WORD[words]] if foreign and not right else []
    record = {
        "reading": "label_match",
        "raw": answer,
        "label": label,
        "prediction": named[0] if len(named) == 1 else None,
        "outcome": outcome.value,
        "named": named,
        "foreign": took,
        "image": hashlib.sha256(f"{key}:{row}".encode()).hexdigest(),
    }
    flags = {name.value: float(name is outcome) for name in Outcome if name is not Outcome.CORRECT}
    return {
        "doc_id": row,
        "target": label,
        "resps": [answer],
        "filtered_resps": f"label_match: {label}",
        "doc_hash": "0" * 64,
        "accuracy": float(right),
        **flags,
        "foreign": float(bool(took)),
        "emt": record,
        "input": f"What is the object? Only answer a single object in {', '.join(label_set(key).labels)}.",
    }


BASE = {"mnist": 0.62, "cifar10": 0.81, "cifar100": 0.48, "miniimagenet": 0.55}
ENCODER = {"mnist": 0.77, "cifar10": 0.95, "cifar100": 0.75, "miniimagenet": 0.74}


def paper(epochs: Sequence[float] = (1, 2, 3), sets: Sequence[str] = tuple(BASE)) -> tuple[Truth, ...]:
    """A base, its encoder, and linear and LoRA on each set: 26 runs in which all claims of the paper are true."""
    runs = [
        Truth("encoder", {key: ENCODER[key] for key in sets}, alone=True),
        Truth("base", {key: BASE[key] for key in sets}),
    ]
    for on in sets:
        for method in ("linear", "lora"):
            for epoch in epochs:
                tuned = {
                    "method": method,
                    "set": on,
                    "epoch": epoch,
                    "base": "models/base",
                    "recipe_name": method,
                    "seed": 0,
                }
                accuracy = {key: _after(key, on, method, epoch) for key in sets}
                taken = {key: 0.0 if key == on else min(0.2 * epoch, 0.8) for key in sets}
                runs.append(Truth(f"{method}-{on}/epoch-{epoch:g}", accuracy, taken, words=on, tuned=tuned))
    return tuple(runs)


def _after(key: str, on: str, method: str, epoch: float) -> float:
    """The accuracy on `key` after tuning on `on`: LoRA forgets more, diverse sets less, one linear epoch helps RGB."""
    if key == on:
        return min(0.99, BASE[key] + 0.1 * (1 + epoch) ** 0.5)
    if method == "linear" and epoch <= 1 and "mnist" not in (key, on):
        return BASE[key] + 0.05
    diverse = on in ("cifar100", "miniimagenet")
    lost = {"linear": 0.07, "lora": 0.16}[method] * epoch * (0.6 if diverse else 1.0)
    return max(0.02, BASE[key] - lost)
