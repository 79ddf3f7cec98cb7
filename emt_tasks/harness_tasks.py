"""Tasks as lmms-eval has them, with no model: its index of ours, how many rows each has, and what it asks of one.

The harness takes seconds to import, so it is imported when it is asked and not before.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emt_tasks import hook
from emt_tasks.errors import EmtError
from emt_tasks.task_files import task_folder


def task_manager(model: str, include_path: Path | None) -> Any:
    """An index of our tasks and those of `include_path` alone: the harness's own takes seconds."""
    import lmms_eval.tasks

    hook.teach(lmms_eval.tasks)
    folders = [str(task_folder()), *([str(include_path)] if include_path else [])]
    return lmms_eval.tasks.TaskManager("WARNING", include_path=folders, include_defaults=False, model_name=model)


def quiet() -> None:
    """Leave only the harness's errors on stderr: it logs to the console as soon as it is imported."""
    from loguru import logger

    logger.remove()
    logger.add(sys.stderr, level="ERROR", format="{level}: {message}")


@contextmanager
def mendable_errors() -> Iterator[None]:
    """Raise our own error where the harness has wrapped it (it retries a failed load of data five times)."""
    from tenacity import RetryError

    try:
        yield
    except RetryError as error:
        cause = error.last_attempt.exception()
        if isinstance(cause, EmtError):
            raise cause from None
        root: BaseException | None = cause
        while root is not None and root.__cause__ is not None:
            root = root.__cause__
        raise EmtError(
            f"the data can't be loaded: {cause} ({type(root).__name__}: {root}). Has the split rows, and are its files "
            "whole?"
        ) from cause
    except ValueError as error:
        if "did not find any docs" not in str(error):
            raise
        raise EmtError("there are no rows to ask about: is --offset past the end of a set?") from error


def sizes(tasks: Sequence[str]) -> dict[str, int]:
    """How many rows each task has, groups opened.

    Raises:
        EmtError: the data can't be had.
    """
    from emt_tasks.tasks import leaves

    quiet()
    names = [task.name for task in leaves(tuple(tasks))]
    with mendable_errors():
        loaded = task_manager("emt", None).load_task_or_group(names)
    return {name: len(loaded[name].eval_docs) for name in names}


def question(task: str, row: int) -> dict[str, Any]:
    """What `task` asks of its row number `row`, rendered by the harness: prompt, settings, label, and which picture.

    Raises:
        EmtError: the data can't be had, or has no such row.
    """
    quiet()
    with mendable_errors():
        loaded = task_manager("emt", None).load_task_or_group([task])[task]
    rows = loaded.eval_docs
    if not 0 <= row < len(rows):
        raise EmtError(f"{task} has rows 0 to {len(rows) - 1}; there is no row {row}.")
    doc = rows[row]
    width, height = loaded.doc_to_visual(doc)[0].size
    return {
        "task": task,
        "row": row,
        "rows": len(rows),
        "prompt": loaded.doc_to_text(doc),
        "generation_kwargs": loaded.config.generation_kwargs,
        "label_name": doc["label_name"],
        "label": doc["labels"][doc["label"]],
        "image": doc["image_sha256"],
        "size": f"{width}x{height}",
    }
