"""What made a run: enough to say whether two of them may be compared, and to make it again."""

import json
import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from emt_tasks.runs.journal import answer_key
from emt_tasks.runs.summary import TaskResult

PACKAGES = ("emt-bench", "lmms-eval", "torch", "transformers", "peft", "datasets", "accelerate")
_NAMES_A_SECRET = (
    r"(?:[\w-]*[_-])?"  # noqa: S105
    r"(?:api_?key|key|token|secret|password|passwd|credentials?|auth|authorization|bearer|cookie|headers?)"
)
SECRET = re.compile(_NAMES_A_SECRET, re.IGNORECASE)
SECRET_PAIR = re.compile(rf"(?<![\w-])(?P<name>{_NAMES_A_SECRET})=(?P<value>[^,\s]+)", re.IGNORECASE)
HIDDEN = "[hidden]"
URL_LOGIN = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^/@\s]+@", re.IGNORECASE)


def versions() -> dict[str, str]:
    """The versions of Python and of every package that can change an answer."""
    return {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}}


def without_secrets(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`arguments` with the value of every one whose name sounds like a secret hidden."""
    return {name: HIDDEN if SECRET.fullmatch(name) and value else _safe(value) for name, value in arguments.items()}


def _safe(value: Any) -> Any:
    """`value` without the name and password that an URL can carry."""
    return URL_LOGIN.sub(rf"\g<scheme>{HIDDEN}@", value) if isinstance(value, str) else value


def shown_command(words: Iterable[str]) -> list[str]:
    """A command line's words, with the values of secret-sounding `name=value` parts hidden."""
    return [_safe(SECRET_PAIR.sub(lambda found: f"{found['name']}={HIDDEN}", word)) for word in words]


def manifest(
    *,
    model: str,
    model_args: Mapping[str, Any],
    weights: str,
    settings: Mapping[str, Any],
    results: Iterable[TaskResult],
    configs: Mapping[str, Mapping[str, Any]],
    timing: Mapping[str, float],
    details: Mapping[str, Any],
) -> dict[str, Any]:
    """The manifest of a run.

    Args:
        model: its name for `--model`.
        model_args: its arguments.
        weights: fingerprint of what was loaded.
        settings: batch size, limit, offset, device and what else was asked for.
        results: the run's results.
        configs: the harness's config of each task.
        timing: seconds and images a second.
        details: what else a wrapper says of itself: its encoder, its templates.
    """
    return {
        "schema": 1,
        "model": model,
        "model_args": without_secrets(model_args),
        "weights": weights,
        "details": dict(details),
        "settings": dict(settings),
        "tasks": {result.task: _task(result, configs[result.task]) for result in results},
        "timing": dict(timing),
        "versions": versions(),
        "command": shown_command(sys.argv),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _task(result: TaskResult, config: Mapping[str, Any]) -> dict[str, Any]:
    """What a task was made of and how it was asked."""
    told = config.get("metadata") or {}
    return {
        "n": result.n,
        "version": told.get("version"),
        "dataset_path": config.get("dataset_path"),
        "revision": (config.get("dataset_kwargs") or {}).get("revision"),
        "data_dir": told.get("data_dir"),
        "data_fingerprint": result.fingerprint,
        "prompt": config.get("doc_to_text"),
        "generation_kwargs": config.get("generation_kwargs"),
        "prompt_hash": answer_key(config.get("doc_to_text"), config.get("generation_kwargs")),
    }


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` to `path` whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf8")
    part.replace(path)


def rank() -> int:
    """This process's number among those of one run; 0 where it is alone."""
    return int(os.environ.get("RANK", "0"))


def ranks() -> int:
    """The number of processes of this run."""
    return int(os.environ.get("WORLD_SIZE", "1"))
