"""Where the task files are: one folder for each harness."""

from pathlib import Path

TASK_FOLDER = Path(__file__).resolve().parent.parent / "task_yamls"


def task_folder(harness: str = "lmms_eval") -> Path:
    """The folder with the task files of `harness`."""
    return TASK_FOLDER / harness
