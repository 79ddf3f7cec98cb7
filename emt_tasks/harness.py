"""The door to lmms-eval: load one of its models, evaluate it on tasks, and leave the files that the harness leaves.

The harness takes seconds to import, so it is imported when an evaluation starts and not before.
"""

import argparse
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emt_tasks import sources
from emt_tasks.harness_tasks import mendable_errors, question, quiet, sizes, task_manager
from emt_tasks.runs import manifest, run_files
from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.journal import Journal
from emt_tasks.runs.summary import RunResult

__all__ = [
    "evaluate", "evaluate_loaded", "load_model", "question", "quiet", "reading_from", "sizes", "weights_of",
]  # fmt: skip


def load_model(name: str, model_args: Mapping[str, Any], batch_size: int, device: str | None = None) -> Any:
    """The harness's model `name`, loaded.

    Raises:
        EmtError: what `emt_tasks.preflight` would say, if it was not asked first.
    """
    from lmms_eval.models import get_model

    given = {"batch_size": batch_size, **({"device": device} if device else {})}
    return get_model(name)(**model_args, **given)


def evaluate(
    model: str,
    model_args: Mapping[str, Any],
    tasks: Sequence[str],
    *,
    batch_size: int,
    output_path: Path,
    limit: int | None = None,
    data_dir: Path | None = None,
    device: str | None = None,
    shown: bool = True,
) -> RunResult:
    """Load a model and evaluate it once; `evaluate_loaded` is for several evaluations of one.

    Raises:
        EmtError: anything that its user can mend.
    """
    with reading_from(data_dir):
        lm = load_model(model, model_args, batch_size, device)
        asked = Evaluation(tasks, output_path, batch_size, limit, shown=shown)
        result = evaluate_loaded(lm, model, model_args, asked)
    assert result is not None, "only ranks other than the first have no result"
    return result


def evaluate_loaded(lm: Any, model: str, model_args: Mapping[str, Any], asked: Evaluation) -> RunResult | None:
    """Evaluate a loaded model; None on every rank but the first, which has the result.

    Raises:
        EmtError: anything that its user can mend; answers that were had are kept in the journal.
    """
    from lmms_eval import evaluator

    from model_wrappers.generating.journaled import Journaled
    from model_wrappers.wrapper import Wrapper

    if isinstance(lm, Wrapper):
        lm.batch_size = asked.batch_size  # it may have been loaded for something else, as to be tuned
    if not asked.keep and manifest.rank() == 0:
        Journal.forget(asked.output_path, manifest.ranks())
    weights = weights_of(lm, model, model_args)
    identity = {
        "weights": weights,
        "model": model,
        "model_args": _answering(model_args),
        "details": getattr(lm, "details", {}),
        "versions": manifest.versions(),
    }
    started = time.time()
    evaluator.tqdm = _no_bar
    with Journal(asked.output_path, manifest.rank(), asked.keep) as journal, mendable_errors():
        journaled = Journaled(lm, journal, identity, asked.batch_size, asked.shown)
        raw = evaluator.simple_evaluate(model=journaled, **_as_the_harness_asks(model, asked))
    if raw is None:
        return None
    timing = {"seconds": time.time() - started, "images_per_second": journaled.speed, "kept_answers": journaled.kept}
    return run_files.write(raw, model, model_args, weights, asked, timing, getattr(lm, "details", {}))


def _as_the_harness_asks(model: str, asked: Evaluation) -> dict[str, Any]:
    """What is asked, and how, by the names of the harness's own arguments."""
    return {
        "tasks": list(asked.tasks),
        "batch_size": asked.batch_size,
        "limit": asked.limit,
        "offset": asked.offset,
        "gen_kwargs": ",".join(f"{name}={value}" for name, value in asked.generation.items()) or None,
        "task_manager": task_manager(model, asked.include_path),
        "bootstrap_iters": 0,
        "log_samples": True,
        "cli_args": argparse.Namespace(process_with_media=False, reasoning_tags=None),
        "verbosity": "WARNING",
        "process_docs_parallel": 1,  # scoring is Python's own work, and an interruption is to end a judge's at once
        "distributed_executor_backend": _backend(),
        "datetime_str": _free_stamp(asked.output_path),
    }


def _no_bar(*args: Any, **settings: Any) -> Any:
    """A bar that is not shown: the harness has one for the readings of each task, over in no time."""
    from tqdm import tqdm

    return tqdm(*args, **{**settings, "disable": True})


def weights_of(lm: Any, model: str, model_args: Mapping[str, Any]) -> str:
    """The fingerprint of a loaded model; of a foreign one, that of the folder it was loaded from, or its arguments."""
    if hasattr(lm, "weights_fingerprint"):
        return str(lm.weights_fingerprint())
    from emt_tasks.runs.journal import answer_key
    from model_wrappers.checkpoints.fingerprint import folder_fingerprint

    folders = [Path(str(value)) for value in model_args.values() if isinstance(value, str) and Path(value).is_dir()]
    return answer_key(model, _answering(model_args), [folder_fingerprint(folder) for folder in sorted(folders)])


@contextmanager
def reading_from(data_dir: Path | None) -> Iterator[None]:
    """Have tasks read their sets from `data_dir` meanwhile; None leaves the environment as it is."""
    before = os.environ.get(sources.DATA_DIR_VARIABLE)
    if data_dir is not None:
        os.environ[sources.DATA_DIR_VARIABLE] = str(data_dir)
    try:
        yield
    finally:
        if data_dir is not None:
            os.environ.pop(sources.DATA_DIR_VARIABLE)
            if before is not None:
                os.environ[sources.DATA_DIR_VARIABLE] = before


def _answering(model_args: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that can change an answer: the weights are known by fingerprint, secrets are nobody's business."""
    return manifest.without_secrets(
        {k: v for k, v in model_args.items() if k not in ("pretrained", "peft", "projector")}
    )


def _backend() -> str:
    import torch.distributed as dist

    return "torchrun" if dist.is_available() and dist.is_initialized() else "accelerate"


def _free_stamp(output_path: Path) -> str:
    """The time in the harness's form, as no run in `output_path` has it yet: files are named by it, to the second."""
    from lmms_eval.utils import get_datetime_str

    stamp = str(get_datetime_str())
    while any(output_path.rglob(f"{stamp.replace(':', '-')}_*")):
        time.sleep(0.1)
        stamp = str(get_datetime_str())
    return stamp
