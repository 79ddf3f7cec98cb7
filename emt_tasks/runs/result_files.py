"""What the results file and the manifest of a run say of it; fields of the host that are not used are passed over."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from emt_tasks.errors import EmtError
from emt_tasks.runs.journal import answer_key
from emt_tasks.runs.manifest import without_secrets
from emt_tasks.runs.records import Identity

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
UNKNOWN = "unknown"
LAST_SECOND = 253_402_300_800  # of the year 9999


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """What is said of one task beside its rows.

    Attributes:
        n: how many rows were asked; None where nothing says.
        accuracy: by reading, as the results have it.
        filters, metrics: names, as `emt_tasks.runs.sample_log.read_log` wants them.
        data_fingerprint: the manifest's.
    """

    n: int | None = None
    version: str | None = None
    accuracy: Mapping[str, float] = field(default_factory=dict)
    filters: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    prompt_hash: str | None = None
    revision: str | None = None
    data_dir: str | None = None
    data_fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What the files of one start say: who ran, and each task by its name."""

    identity: Identity
    tasks: Mapping[str, TaskFacts]


class Unreadable(EmtError):  # noqa: N818  # reads as what it says
    """A results file or manifest is not what its name says."""


class _Results(msgspec.Struct):
    results: dict[str, dict[str, Any]] = {}
    configs: dict[str, dict[str, Any]] = {}
    versions: dict[str, Any] = {}
    config: dict[str, Any] = {}
    higher_is_better: dict[str, Any] = {}
    n_samples: dict[str, Any] = msgspec.field(name="n-samples", default_factory=dict)
    model_source: str | None = None
    date: Any = None
    lm_eval_version: Any = None
    transformers_version: Any = None


class _ManifestTask(msgspec.Struct):
    n: int
    version: Any = None
    data_fingerprint: str | None = None
    prompt_hash: str | None = None
    revision: str | None = None
    data_dir: str | None = None


class _Manifest(msgspec.Struct):
    model: str
    model_args: dict[str, Any] = {}
    weights: str | None = None
    details: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    tasks: dict[str, _ManifestTask] = {}
    versions: dict[str, str] = {}
    command: list[str] = []
    written: str | None = None


def said(results: Path | None, manifest: Path | None) -> Said | None:
    """What the two files say together, the manifest first; None where there is neither.

    Raises:
        Unreadable: one of them is broken.
    """
    told = _read(results, _Results) if results else None
    kept = _read(manifest, _Manifest) if manifest else None
    if told is None and kept is None:
        return None
    names = dict.fromkeys((*(told.n_samples if told else ()), *(kept.tasks if kept else ())))
    return Said(_identity(told, kept), {name: _task(name, told, kept) for name in names})


def _read(path: Path, kind: type[Any]) -> Any:
    try:
        return msgspec.convert(json.loads(path.read_bytes()), kind, strict=False)
    except (OSError, ValueError, RecursionError, msgspec.ValidationError) as error:
        raise Unreadable(f"{path.name} can't be read ({error})") from error


def _identity(told: _Results | None, kept: _Manifest | None) -> Identity:
    if kept is not None:
        details = _texts(kept.details)
        return Identity(
            model=kept.model,
            model_args=_texts(kept.model_args),
            weights=kept.weights,
            encoder=details.get("encoder"),
            details=details,
            settings=kept.settings,
            versions=kept.versions,
            command=tuple(kept.command),
            written=kept.written,
        )
    assert told is not None
    config = told.config
    arguments = _arguments(config.get("model_args"))
    model = str(config.get("model") or told.model_source or UNKNOWN)
    settings = {"limit": config.get("limit"), "offset": config.get("offset"), "generation": config.get("gen_kwargs")}
    return Identity(
        model,
        arguments,
        encoder=_encoder(model, arguments),
        settings=settings,
        versions=_texts({"lm_eval": told.lm_eval_version, "transformers": told.transformers_version}),
        written=_when(told.date),
    )


def _when(told: Any) -> str | None:
    """The date as lmms-eval writes it, or lm_eval's seconds since 1970 in ISO form; None where there is none.

    >>> _when(1700000000.5), _when("20260101_000000"), _when(1e300)
    ('2023-11-14T22:13:20+00:00', '20260101_000000', '1e+300')
    """
    if isinstance(told, int | float) and 0 < told < LAST_SECOND:
        return datetime.fromtimestamp(int(told), UTC).isoformat()
    return str(told or "") or None


def _encoder(model: str, arguments: Mapping[str, str]) -> str | None:
    """An encoder that was run itself is named by its arguments; what an MLLM looks through, only by a manifest."""
    parts = [arguments.get("model"), arguments.get("pretrained")]
    return " ".join(part for part in parts if part) or None if model == "emt_clip" else None


def _arguments(given: Any) -> dict[str, str]:
    """`model_args` as the harnesses log them: a mapping, or `name=value` parted by commas."""
    if isinstance(given, Mapping):
        return _texts(without_secrets(given))
    pairs = (part.partition("=") for part in str(given or "").split(",") if part)
    return _texts(without_secrets({name.strip(): value for name, _, value in pairs}))


def _texts(mapping: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in mapping.items() if value is not None}


def _task(name: str, told: _Results | None, kept: _Manifest | None) -> TaskFacts:
    manifest = kept.tasks.get(name) if kept else None
    if told is None:
        assert manifest is not None
        return TaskFacts(n=manifest.n, version=_version(manifest.version), **_kept(manifest))
    config = told.configs.get(name, {})
    scores = told.results.get(name, {})
    better = told.higher_is_better.get(name)
    metadata = config.get("metadata")
    dataset = config.get("dataset_kwargs")
    facts: dict[str, Any] = {
        "prompt_hash": _prompt_hash(config),
        "revision": dataset.get("revision") if isinstance(dataset, dict) else None,
        "data_dir": metadata.get("data_dir") if isinstance(metadata, dict) else None,
        **(_kept(manifest) if manifest else {}),
    }
    return TaskFacts(
        n=_count(told.n_samples.get(name)) if name in told.n_samples else manifest.n if manifest else None,
        version=_version(told.versions.get(name)),
        accuracy=_accuracies(scores),
        filters=_filters(scores),
        metrics=tuple(metric for metric, more in better.items() if more) if isinstance(better, dict) else (),
        **facts,
    )


def _kept(task: _ManifestTask) -> dict[str, Any]:
    names = ("data_fingerprint", "prompt_hash", "revision", "data_dir")
    return {name: value for name in names if (value := getattr(task, name)) is not None}


def _prompt_hash(config: Mapping[str, Any]) -> str | None:
    """As in the manifest; functions, which the log shows with their address, go by their name."""
    if config.get("doc_to_text") is None:
        return None
    asked = config["doc_to_text"]
    return answer_key(_ADDRESS.sub("", asked) if isinstance(asked, str) else asked, config.get("generation_kwargs"))


def _version(value: Any) -> str | None:
    return None if value in (None, "N/A") else str(value)


def _count(told: Any) -> int | None:
    effective = told.get("effective") if isinstance(told, dict) else None
    return int(effective) if isinstance(effective, int | float) and effective >= 0 else None


def _accuracies(scores: Mapping[str, Any]) -> dict[str, float]:
    keys = {key.removeprefix("accuracy,"): value for key, value in scores.items() if key.startswith("accuracy,")}
    return {reading: float(value) for reading, value in keys.items() if isinstance(value, int | float)}


def _filters(scores: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key.rpartition(",")[2] for key in scores if "," in key))
