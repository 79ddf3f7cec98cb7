"""Runs that are made once: a second start keeps those that are whole, and goes on with the one that was killed.

A run's folder holds what was asked last. What the same tasks were asked earlier in another way (of more rows, of other
weights) is set aside, where no reader takes it for the run; its answers are in the journal, and cost nothing twice.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from emt_tasks import harness
from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.journal import FOLDER
from emt_tasks.runs.manifest import write_json
from emt_tasks.runs.run_folders import Start, starts
from emt_tasks.runs.summary import RunResult
from emt_tasks.tasks import leaves
from finetuning.told import read_told
from finetuning.training.checkpoint import file_sha256
from finetuning.tuning.spent import LEDGER, NOTHING, Account, Spent, account, record_of, recorded

MARK = "evaluated.json"  # in a run's folder, once the run is whole: what was asked, and its accuracies
EARLIER = ".earlier"  # in a run's folder; hidden, so that readers pass it over
FILES = ("*_results.json", "*_samples_*.jsonl", "*_manifest.json")
THERE = "[!.]*"  # the folders of a run's own files, which those of earlier ones are none of


def evaluated_once(
    model: Callable[[], Any],
    name: str,
    model_args: Mapping[str, str],
    wanted: Evaluation,
    identity: str,
    data_dir: Path | None,
    tell: Callable[[str], None],
) -> float | None:
    """Evaluate unless that was done before; an evaluation that was killed goes on from the answers it had.

    Args:
        model: gives the loaded model.
        name: its name in the harness.
        model_args: that it is said to be loaded by.
        wanted: what is asked; its `output_path` is this run's own.
        identity: a hash of all that the answers depend on.
        data_dir: where our own sets lie as on the hub.
        tell: gets the accuracies.

    Returns:
        Seconds that it took; None where it was done before.

    Raises:
        EmtError: anything that its user can mend.
    """
    folder = wanted.output_path
    known = known_accuracy(folder, identity)
    if known is not None:
        tell(f"{accuracy_in_words(known)} (kept)")
        return None
    before = _spent_before(folder)
    if _damaged(folder, identity):
        tell("its files are not as they were written: made anew from the answers that are kept")
        (folder / MARK).unlink()
    _without_leftovers(folder)
    replaced = _asked_before(folder, wanted.tasks)
    harness.quiet()
    lm = model()
    with account(folder / LEDGER, otherwise=before) as opened, harness.reading_from(data_dir):
        started = time.monotonic()
        run = harness.evaluate_loaded(lm, name, model_args, wanted)
        assert run is not None, "there is one rank"
        seconds = time.monotonic() - started
        _set_aside(replaced, folder / EARLIER)
        accuracy = _marked(folder, identity, run, seconds, opened)
    aside = f" (what it was asked before lies in {folder / EARLIER})" if replaced else ""
    tell(f"{accuracy_in_words(accuracy)}{aside}")
    return seconds


def _marked(folder: Path, identity: str, run: RunResult, seconds: float, opened: Account) -> dict[str, float]:
    """The accuracies of a run that is whole, which its folder then says, and what it cost."""
    accuracy = {result.task: result.accuracy for result in reversed(run.tasks.values())}
    told = {"digest": identity, "seconds": round(seconds, 2), "accuracy": accuracy, "files": _hashes(folder)}
    write_json(folder / MARK, {**told, **record_of(opened.spent)})
    return accuracy


def _spent_before(folder: Path) -> Spent | None:
    """What a run's answers that are there already have cost; None where nobody has noted it."""
    if (folder / MARK).is_file():
        return recorded(read_told(folder / MARK))
    return None if any((folder / FOLDER).glob("answers-*")) else NOTHING


def known_accuracy(folder: Path, identity: str) -> dict[str, float] | None:
    """The accuracies of a run that is whole, and was made of what `identity` says."""
    told = read_told(folder / MARK)
    accuracy = told.get("accuracy")
    whole = told.get("digest") == identity and told.get("files") == _hashes(folder)
    return accuracy if whole and isinstance(accuracy, dict) else None


def _damaged(folder: Path, identity: str) -> bool:
    """Whether a run of what `identity` says was finished here and has changed since."""
    told = read_told(folder / MARK)
    return told.get("digest") == identity and told.get("files") != _hashes(folder)


def _hashes(folder: Path) -> dict[str, str]:
    """The sha256 of each file that a run is read from, by its path in the folder."""
    found = sorted(path for pattern in FILES for path in folder.glob(f"{THERE}/{pattern}"))
    return {path.relative_to(folder).as_posix(): file_sha256(path) for path in found}


def _without_leftovers(folder: Path) -> None:
    """Take away the files of a run that was being written when an earlier start was killed; its answers are kept."""
    if (folder / MARK).is_file():
        return
    for pattern in FILES:
        for path in folder.glob(f"{THERE}/{pattern}"):
            path.unlink()


def _asked_before(folder: Path, tasks: Sequence[str]) -> list[Start]:
    """The earlier starts below a run's folder that have one of `tasks`, which may be groups."""
    wanted = {task.name for task in leaves(tuple(tasks))}
    there = starts([folder]) if any(folder.glob(f"{THERE}/*_samples_*.jsonl")) else []
    return [start for start in there if not wanted.isdisjoint(start.samples)]


def _set_aside(replaced: Sequence[Start], folder: Path) -> None:
    """Move all files of some starts into `folder`."""
    for start in replaced:
        read = [path for several in start.readings.values() for path in several]
        for path in (start.results, start.manifest, *start.samples.values(), *read):
            if path is not None:
                folder.mkdir(exist_ok=True)
                path.replace(folder / path.name)


def accuracy_in_words(accuracy: Mapping[str, float]) -> str:
    """Each task and its accuracy, in a line."""
    return ", ".join(f"{task.removeprefix('emt_')} {100 * value:.1f} %" for task, value in accuracy.items())
