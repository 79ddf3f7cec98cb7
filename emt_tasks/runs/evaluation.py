"""What an evaluation is asked to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is asked for: tasks, how many rows of them, and where the files go.

    Attributes:
        tasks: names of tasks or groups.
        output_path: the folder for results, samples, manifest and journal.
        batch_size: rows in a batch.
        limit: rows of each task from `offset` on; None is all.
        generation: generation settings that replace those of the tasks.
        include_path: a folder with further task files.
        keep: serve answers that an earlier start left in `output_path`.
        shown: whether progress is printed.
    """

    tasks: Sequence[str]
    output_path: Path
    batch_size: int = 1
    limit: int | None = None
    offset: int = 0
    generation: Mapping[str, Any] = field(default_factory=dict)
    include_path: Path | None = None
    keep: bool = True
    shown: bool = True

    def into(self, folder: str) -> "Evaluation":
        """The same evaluation with its files in a folder below `output_path`."""
        return replace(self, output_path=self.output_path / folder)
