"""Where an entry lies: `<org>__<model>/<run>.json`, its answers and verdicts beside it; safe names alone."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

BETWEEN = "__"
ENTRY, ANSWERS, VERDICTS = ".json", ".preds.jsonl.gz", ".verdicts.jsonl.gz"
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9.+-]|_(?!_)){0,79}"
_PATH = re.compile(rf"(?P<folder>{_PART}{BETWEEN}{_PART})/(?P<run>{_PART})\.json")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)  # names that Windows can't have


@dataclass(frozen=True, slots=True)
class Place:
    """An entry's place below the folder of entries."""

    folder: str
    run: str

    @property
    def id(self) -> str:
        """Unique on a board and safe wherever it stands: `org__model__run`, none of which holds `__` itself."""
        return f"{self.folder}{BETWEEN}{self.run}"

    @property
    def entry(self) -> PurePosixPath:
        """The entry's file."""
        return PurePosixPath(self.folder, self.run + ENTRY)

    @property
    def answers(self) -> PurePosixPath:
        """The file of its answers."""
        return PurePosixPath(self.folder, self.run + ANSWERS)

    @property
    def verdicts(self) -> PurePosixPath:
        """The file of the judge's replies."""
        return PurePosixPath(self.folder, self.run + VERDICTS)


def slugged(text: str) -> str:
    """A name as folders are called.

    >>> slugged("LLaVA 1.5 (7B)")
    'LLaVA-1.5-7B'
    """
    return re.sub(r"[^A-Za-z0-9.+_]+|__+", "-", text).strip("-._+")[:80] or "unnamed"


def place_of(path: str) -> Place | None:
    """The place that a path below the folder of entries is; None where it is none.

    >>> place_of("llava-hf__llava-1.5-7b/base.json").id
    'llava-hf__llava-1.5-7b__base'
    >>> place_of("../evil__x/run.json") is place_of("a__b/c/d.json") is place_of("nobody/run.json") is None
    True
    """
    found = _PATH.fullmatch(path)
    if found is None or any(_RESERVED.fullmatch(part) for part in (found["folder"], found["run"])):
        return None
    return Place(found["folder"], found["run"])


def is_plain(path: Path, root: Path) -> bool:
    """Whether `path` is a plain file whose way from `root` holds no link."""
    steps = [path, *path.parents]
    below = steps[: steps.index(root)] if root in steps else steps
    return path.is_file() and not any(step.is_symlink() for step in below)
