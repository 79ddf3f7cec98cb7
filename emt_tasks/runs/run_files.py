"""The files of a run: what the harness writes, our manifest beside it, and all of it there or an error."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from emt_tasks.errors import EmtError
from emt_tasks.runs import manifest
from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.summary import RunResult, task_results
from emt_tasks.tasks import catalogue


def write(
    raw: dict[str, Any],
    model: str,
    model_args: Mapping[str, Any],
    weights: str,
    asked: Evaluation,
    timing: Mapping[str, float],
    details: Mapping[str, Any],
) -> RunResult:
    """Write what `simple_evaluate` returned as the harness itself does, with a manifest; the run's result.

    Raises:
        EmtError: not all of it could be written.
    """
    samples = _in_order(raw.pop("samples"), asked.tasks)
    results = [
        found for task, rows in samples.items() for found in task_results(task, [r["emt"] for r in rows if "emt" in r])
    ]
    words = ",".join(f"{name}={value}" for name, value in manifest.without_secrets(model_args).items())
    raw["config"] = {**raw["config"], "model": model, "model_args": words}
    try:
        folder = _harness_files(raw, samples, model, words, asked.output_path)
        content = manifest.manifest(
            model=model,
            model_args=model_args,
            weights=weights,
            settings=_settings(asked),
            results=results,
            configs=raw["configs"],
            timing=timing,
            details=details,
        )
        manifest.write_json(folder / f"{_stamp(raw)}_manifest.json", content)
    except OSError as error:
        raise EmtError(
            f"the run's files can't be written to {asked.output_path} ({error.strerror or error}). All answers are "
            "kept there; make room and run the same command again."
        ) from error
    return RunResult(tuple(results), folder)


def _in_order(samples: Mapping[str, Any], asked: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The tasks as they were asked for, groups opened; the harness turns them round."""
    ours = catalogue()
    order = [leaf for name in asked for leaf in (ours[name].members if name in ours else ()) or (name,)]
    return {
        task: samples[task] for task in sorted(samples, key=lambda task: order.index(task) if task in order else -1)
    }


def _harness_files(
    raw: dict[str, Any], samples: Mapping[str, list[dict[str, Any]]], model: str, model_args: str, output_path: Path
) -> Path:
    """Results and samples, by the harness's own writer; the folder that it chose."""
    from lmms_eval.loggers.evaluation_tracker import EvaluationTracker

    output_path.mkdir(parents=True, exist_ok=True)
    tracker = EvaluationTracker(output_path=str(output_path))
    tracker.general_config_tracker.log_experiment_args(
        model_source=model, model_args=model_args, system_instruction="", chat_template="", fewshot_as_multiturn=False
    )
    tracker.save_results_aggregated(results=raw, samples=samples, datetime_str=raw["date"])
    counts = {task: len(rows) for task, rows in samples.items()}
    for task, rows in samples.items():
        tracker.save_results_samples(task_name=task, samples=rows)
    folder = output_path / str(tracker.general_config_tracker.model_name_sanitized)
    _require_whole(folder, _stamp(raw), counts)
    return folder


def _require_whole(folder: Path, stamp: str, counts: Mapping[str, int]) -> None:
    """The harness logs a failed write and goes on; a run that is not all there is an error."""
    missing = [] if (folder / f"{stamp}_results.json").is_file() else ["results"]
    for task, count in counts.items():
        path = folder / f"{stamp}_samples_{task}.jsonl"
        lines = sum(1 for _ in path.open("rb")) if path.is_file() else 0
        if lines != count:
            missing.append(f"samples of {task} ({lines} of {count} rows)")
    if missing:
        raise OSError(f"not whole: {', '.join(missing)}")


def _stamp(raw: Mapping[str, Any]) -> str:
    return str(raw["date"]).replace(":", "-")


def _settings(asked: Evaluation) -> dict[str, Any]:
    return {
        "batch_size": asked.batch_size,
        "limit": asked.limit,
        "offset": asked.offset,
        "generation": dict(asked.generation),
        "ranks": manifest.ranks(),
    }
