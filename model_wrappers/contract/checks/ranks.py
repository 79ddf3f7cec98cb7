"""Whether several processes share the rows."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model_wrappers.contract.drawn_set import TASKS, write_drawn_set
from model_wrappers.contract.findings import Broken, DoesNotApply
from model_wrappers.contract.rank_process import RankRequest
from model_wrappers.contract.samples import LISTED, scoring
from model_wrappers.contract.subject import BATCH, Subject

DRAWN = 5  # rows: odd, so that the harness pads the second process's share
RANKS = 2
MINUTES = 30
DO = (
    "Leave the sharing to the harness: answer the requests that come, whatever the rank; have an "
    "accelerate.Accelerator as `accelerator`, and its device as `device`."
)
ERROR = re.compile(r"(?:\[rank\d+\]:\s*)?[\w.]+(?:Error|Exception|Interrupt|UnknownName|MissingData)\b")
"""The last line of a traceback."""


def two_processes_are_one(subject: Subject) -> str:
    """Two processes (`torchrun`) answer every row once, and as one process does."""
    tasks = TASKS if _scores(subject) else TASKS[:1]
    subject.forget()
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        write_drawn_set(root / "data", DRAWN)
        runs = [_run(subject, tasks, root, count) for count in (1, RANKS)]
    for task in tasks:
        alone, shared = (run[task] for run in runs)
        if [row for row, _ in shared] != list(range(DRAWN)):
            rows = sorted(row for row, _ in shared)
            raise Broken(f"{RANKS} processes answered rows {rows} of {task}, which has 0 to {DRAWN - 1}.", DO)
        for (row, one), (_, other) in zip(alone, shared, strict=True):
            if one != other:
                raise Broken(f"Row {row} of {task} got {one!r} by one process and {other!r} by {RANKS}.", DO)
    return f"{DRAWN} rows of {' and '.join(tasks)}, by {RANKS} processes as by one"


def _scores(subject: Subject) -> bool:
    try:
        subject.likelihoods([scoring(LISTED, " cat", 0), scoring(LISTED, " dog", 0)])
    except DoesNotApply:
        return False
    return True


def _run(subject: Subject, tasks: tuple[str, ...], root: Path, count: int) -> dict[str, list[tuple[int, Any]]]:
    """The rows that `count` processes logged, by task: (number, answer and prediction), by number."""
    out = root / f"by-{count}"
    request = RankRequest(
        subject.model, dict(subject.model_args), tasks, subject.device, BATCH, str(root / "data"), str(out)
    )
    file = request.written(root / f"request-{count}.json")
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)] if count > 1 else []
    words = [sys.executable, *launcher, "-m", "model_wrappers.contract.rank_process", str(file)]
    try:
        done = subprocess.run(  # noqa: S603  # our own words
            words, capture_output=True, text=True, check=False, env=_environment(subject, root), timeout=60 * MINUTES
        )
    except subprocess.TimeoutExpired as error:
        raise Broken(f"{count} processes did not end in {MINUTES} minutes: one may wait for the other.", DO) from error
    if done.returncode:
        raise Broken(f"{count} processes ended with {done.returncode}: {_told(done.stderr)}", DO)
    return {task: _logged(out, task) for task in tasks}


def _environment(subject: Subject, root: Path) -> Mapping[str, str]:
    """What can be imported here can be there; data sets are cached with the rest that is thrown away."""
    cpu = {"ACCELERATE_USE_CPU": "true"} if subject.device == "cpu" else {}
    path = os.pathsep.join(filter(None, sys.path))
    return {**os.environ, "PYTHONPATH": path, "HF_DATASETS_CACHE": str(root / "cache"), "OMP_NUM_THREADS": "1", **cpu}


def _logged(out: Path, task: str) -> list[tuple[int, Any]]:
    found = []
    for file in out.rglob(f"*_samples_{task}.jsonl"):
        for line in file.read_text(encoding="utf8").splitlines():
            row = json.loads(line)
            found.append((int(row["doc_id"]), (row["emt"]["raw"], row["emt"]["prediction"])))
    return sorted(found)


def _told(stderr: str) -> str:
    """The error that a process ended with, not torchrun's own about that."""
    lines = [line.strip() for line in stderr.strip().splitlines()]
    errors = [line for line in lines if ERROR.match(line) and "ChildFailedError" not in line]
    return repr((errors or lines or ["nothing was said"])[-1][-300:])
