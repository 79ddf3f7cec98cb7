"""Short names for runs that are shown together: no two alike."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path


def names(runs: Sequence[tuple[Path, str]], roots: Sequence[Path]) -> list[str]:
    """A name for each run, given by its folder and stamp, that was found under one of `roots`, which are folders.

    A run that is alone under its root has that folder's name; one of several its path below the root, without the
    folder that the harness adds for the model where nothing else lies beside it. What is alike after that is told
    apart by the whole path, then by the stamp.

    >>> names([(Path("out/epoch-1/base__lora"), "1"), (Path("out/epoch-2/base__lora"), "2")], [Path("out")])
    ['epoch-1', 'epoch-2']
    """
    folders = [folder for folder, _ in runs]
    short = [_short(folder, _root_of(folder, roots), folders) for folder in folders]
    homes = Counter(name for name, _ in set(zip(short, folders, strict=True)))
    first = [name if homes[name] == 1 else str(folder) for name, folder in zip(short, folders, strict=True)]
    alike = Counter(first)
    return [name if alike[name] == 1 else f"{name} @{stamp}" for name, (_, stamp) in zip(first, runs, strict=True)]


def _root_of(folder: Path, roots: Sequence[Path]) -> Path:
    return max((root for root in roots if folder.is_relative_to(root)), key=lambda root: len(root.parts))


def _short(folder: Path, root: Path, folders: Sequence[Path]) -> str:
    beside = [other for other in folders if other.is_relative_to(root)]
    if len(beside) == 1 or folder == root:
        return root.resolve().name
    above = folder.parent
    alone = sum(other.is_relative_to(above) for other in folders) == 1
    return (above if alone and above != root else folder).relative_to(root).as_posix()
