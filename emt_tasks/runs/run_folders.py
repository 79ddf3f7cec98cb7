"""Which files of a folder belong to which start of a run, by the names that the harnesses give them.

lmms-eval 0.7.3 writes `<stamp>_results.json` and `<stamp>_samples_<task>.jsonl`, and `emt run` `<stamp>_manifest.json`
beside them; lm_eval 0.4.13 writes `results_<stamp>.json` and `samples_<task>_<stamp>.jsonl`.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from emt_tasks.errors import EmtError

_STAMP = r"\d{8}_\d{6}"
_ISO = r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:\.\d+)?"
_NAMES = tuple(
    (harness, re.compile(pattern))
    for harness, pattern in (
        ("lmms-eval", rf"(?P<stamp>{_STAMP})_(?P<kind>results|manifest)\.json"),
        ("lmms-eval", rf"(?P<stamp>{_STAMP})_(?P<kind>samples)_(?P<task>.+)\.jsonl"),
        ("lmms-eval", rf"(?P<stamp>{_STAMP})_(?P<kind>readings)_(?P<task>.+)\.(?P<reading>[a-z0-9_]+)\.jsonl"),
        ("lm-eval", rf"(?:.+_)?(?P<kind>results)_(?P<stamp>{_ISO})\.json"),
        ("lm-eval", rf"(?P<kind>samples)_(?P<task>.+)_(?P<stamp>{_ISO})\.jsonl"),
        ("lm-eval", rf"(?P<kind>readings)_(?P<task>.+)\.(?P<reading>[a-z0-9_]+)_(?P<stamp>{_ISO})\.jsonl"),
    )
)


@dataclass(slots=True)
class Start:
    """The files of one start of a harness: one folder, one stamp. `readings` are what `emt score` read later."""

    folder: Path
    stamp: str
    harness: str
    results: Path | None = None
    manifest: Path | None = None
    samples: dict[str, Path] = field(default_factory=dict)
    readings: dict[str, list[Path]] = field(default_factory=dict)


def starts(paths: Iterable[Path]) -> list[Start]:
    """Every start under `paths`, which are folders, looked through to the bottom, or single files of a run.

    A file stands for all that bear its stamp. Hidden folders are left out: the journal lies in one.

    Raises:
        EmtError: a path does not exist or can't be looked into, or nothing under one of them is a run's.
    """
    found: dict[tuple[Path, str], Start] = {}
    for path in paths:
        here = _starts_of(path)
        if not here:
            raise EmtError(
                f"{path} holds no run: no *_results.json or *_samples_*.jsonl (lmms-eval), results_*.json or "
                "samples_*.jsonl (lm_eval) in it or below. Give the folder that --output-path named, and log samples "
                "with --log_samples."
            )
        found.update(here)
    return [found[key] for key in sorted(found, key=lambda key: (natural(str(key[0])), key[1]))]


def _starts_of(path: Path) -> dict[tuple[Path, str], Start]:
    if not path.exists():
        raise EmtError(f"{path} does not exist. Give a run's folder, or one above several.")
    only = None
    if path.is_file():
        match = _parsed(path.name)
        only, path = (match[1]["stamp"] if match else ""), path.parent
        files: Iterable[Path] = sorted(path.iterdir())
    else:
        files = _files_below(path)
    found: dict[tuple[Path, str], Start] = {}
    for file in files:
        match = _parsed(file.name)
        if match is None or only not in (None, match[1]["stamp"]) or not file.is_file():
            continue
        harness, parts = match
        folder = file.parent.resolve()
        start = found.setdefault((folder, parts["stamp"]), Start(file.parent, parts["stamp"], harness))
        if parts["kind"] == "samples":
            start.samples[parts["task"]] = file
        elif parts["kind"] == "readings":
            start.readings.setdefault(parts["task"], []).append(file)
        elif parts["kind"] == "results":
            start.results = file
        else:
            start.manifest = file
    return found


def readings_file(samples: Path, task: str, reading: str) -> Path:
    """Where a reading of the answers in the log `samples` of `task` stands: beside it, named alike.

    >>> readings_file(Path("20260101_000000_samples_emt_mnist.jsonl"), "emt_mnist", "gpt_judge").name
    '20260101_000000_readings_emt_mnist.gpt_judge.jsonl'
    """
    return samples.with_name(samples.name.replace(f"samples_{task}", f"readings_{task}.{reading}", 1))


def _files_below(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise EmtError(f"{error.filename} can't be looked into ({error.strerror}). Mend its permissions.") from error

    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names))


def _parsed(name: str) -> tuple[str, dict[str, str]] | None:
    for harness, pattern in _NAMES:
        match = pattern.fullmatch(name)
        if match:
            return harness, match.groupdict()
    return None


def natural(text: str) -> list[tuple[int, str]]:
    """A sort key by which epoch-2 comes before epoch-10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text)]
