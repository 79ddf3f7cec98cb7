"""One process of an evaluation, started by `checks.ranks`: `python -m model_wrappers.contract.rank_process REQUEST`."""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from emt_tasks import harness
from emt_tasks.runs.evaluation import Evaluation


@dataclass(frozen=True, slots=True)
class RankRequest:
    """What every process is asked to do.

    Attributes:
        model: as `--model` has it.
        model_args: as `--model_args` has them.
        tasks: to evaluate.
        device: as `--device` has it, or None.
        batch_size: rows in a batch.
        data: the folder with the set.
        out: where the run goes.
    """

    model: str
    model_args: dict[str, Any]
    tasks: tuple[str, ...]
    device: str | None
    batch_size: int
    data: str
    out: str

    def written(self, file: Path) -> Path:
        """The request in `file`."""
        file.write_text(json.dumps(asdict(self)), encoding="utf8")
        return file


def main(request: Path) -> None:
    """Evaluate as `request` says; the first rank leaves the run's files."""
    asked = RankRequest(**json.loads(request.read_text(encoding="utf8")))
    harness.quiet()
    evaluation = Evaluation(tuple(asked.tasks), Path(asked.out), asked.batch_size, keep=False, shown=False)
    with harness.reading_from(Path(asked.data)):
        lm = harness.load_model(asked.model, asked.model_args, asked.batch_size, asked.device)
        harness.evaluate_loaded(lm, asked.model, asked.model_args, evaluation)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
