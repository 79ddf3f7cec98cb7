"""Runs as the harnesses leave them on disk, with a truth that is known because it is written here."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

STAMP = "20260101_000000"
ISO = "2026-01-01T00-00-00.123456"


def picture(name: object) -> str:
    """The hash of an imagined picture."""
    return hashlib.sha256(str(name).encode()).hexdigest()


def row(doc_id: int, label: str, said: str | None, *, image: str | None = None, **more: Any) -> dict[str, Any]:
    """A row of one of our tasks: the answer names `said`, or nothing where that is None."""
    outcome = "extrinsic" if said is None else "correct" if said == label else "incorrect"
    record = {
        "reading": "label_match",
        "raw": "No idea." if said is None else f"The object is a(n) {said}.",
        "label": label,
        "prediction": said,
        "outcome": outcome,
        "named": [] if said is None else [said],
        "foreign": [],
        "image": picture(doc_id) if image is None else image,
        **more,
    }
    return {
        "doc_id": doc_id,
        "target": label,
        "filtered_resps": "label_match: ...",
        "accuracy": float(record["outcome"] == "correct"),
        "emt": record,
    }


def rows_of(right: Sequence[bool], labels: Sequence[str] = ("cat", "dog")) -> list[dict[str, Any]]:
    """Rows of which the given ones are right; labels take turns, and a wrong answer is the other label."""
    found = []
    for number, is_right in enumerate(right):
        label, other = labels[number % len(labels)], labels[(number + 1) % len(labels)]
        found.append(row(number, label, label if is_right else other))
    return found


def lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """A sample log's text."""
    return "".join(json.dumps(one) + "\n" for one in rows)


def write_run(
    folder: Path,
    tasks: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    stamp: str = STAMP,
    model: str = "emt_llava",
    model_args: str = "pretrained=org/base",
    version: object = 1.0,
    scores: Mapping[str, Mapping[str, float]] | None = None,
    config: Mapping[str, Any] | None = None,
    manifest: Mapping[str, Any] | None = None,
) -> Path:
    """A run of lmms-eval in `folder`, which is returned."""
    folder.mkdir(parents=True, exist_ok=True)
    for task, rows in tasks.items():
        (folder / f"{stamp}_samples_{task}.jsonl").write_text(lines(rows), encoding="utf8")
    facts = _facts(tasks, model, model_args, version, scores, config)
    (folder / f"{stamp}_results.json").write_text(json.dumps(facts), encoding="utf8")
    if manifest is not None:
        (folder / f"{stamp}_manifest.json").write_text(json.dumps(manifest), encoding="utf8")
    return folder


def write_lm_eval(folder: Path, tasks: Mapping[str, Sequence[Mapping[str, Any]]], **said: Any) -> Path:
    """A run of lm_eval 0.4.13 in `folder`, which is returned."""
    folder.mkdir(parents=True, exist_ok=True)
    for task, rows in tasks.items():
        (folder / f"samples_{task}_{ISO}.jsonl").write_text(lines(rows), encoding="utf8")
    facts = _facts(tasks, "hf-multimodal", {"pretrained": "org/base"}, 1.0, said.get("scores"), said.get("config"))
    (folder / f"results_{ISO}.json").write_text(json.dumps(facts), encoding="utf8")
    return folder


def _facts(
    tasks: Mapping[str, Sequence[Mapping[str, Any]]],
    model: str,
    model_args: object,
    version: object,
    scores: Mapping[str, Mapping[str, float]] | None,
    config: Mapping[str, Any] | None,
) -> dict[str, Any]:
    return {
        "results": {task: dict((scores or {}).get(task, {"alias": task})) for task in tasks},
        "configs": {task: {"task": task, "doc_to_text": "What is it?", **(config or {})} for task in tasks},
        "versions": dict.fromkeys(tasks, version),
        "higher_is_better": {task: {"exact_match": True, "accuracy": True} for task in tasks},
        "n-samples": {task: {"original": 500, "effective": len({r["doc_id"] for r in tasks[task]})} for task in tasks},
        "config": {"model": model, "model_args": model_args},
        "date": STAMP,
    }


def manifest_of(tasks: Mapping[str, Sequence[Mapping[str, Any]]], **said: Any) -> dict[str, Any]:
    """A manifest as `emt run` writes it beside the results."""
    return {
        "schema": 1,
        "model": "emt_llava",
        "model_args": {"pretrained": "org/base", "peft": "loras/epoch-2"},
        "weights": "f" * 64,
        "details": {"encoder": "ViT-L-14 openai"},
        "settings": {"batch_size": 8, "limit": None, "offset": 0, "generation": {}, "ranks": 1},
        "tasks": {task: {"n": len(rows), "version": 1.0} for task, rows in tasks.items()},
        "versions": {"python": "3.11"},
        "command": ["emt", "run"],
        "written": "2026-01-01T00:00:00+00:00",
        **said,
    }
