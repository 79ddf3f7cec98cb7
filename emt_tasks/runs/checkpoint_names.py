"""What the runs of several checkpoints are called, and so the folders that they go to: no two alike."""

import os
from collections.abc import Sequence
from pathlib import Path

from emt_tasks.errors import EmtError
from emt_tasks.runs.run_folders import natural

ROOT = "_"  # in the place of parts that a path near the disk's root does not have: names are of one depth


def checkpoint_names(folders: Sequence[Path]) -> dict[str, Path]:
    """A name for each of `folders`, in natural order (epoch-2 before epoch-10): as many last parts as tell all apart.

    Names depend on the folders alone, not on their order. Each is a path that `read_runs` finds again: parts do not
    begin with a dot, for hidden folders are passed over.

    Raises:
        EmtError: two differ in nothing that a name keeps.

    >>> list(checkpoint_names([Path("out/linear/epoch-3.0"), Path("out/lora/epoch-3.0")]))
    ['linear/epoch-3.0', 'lora/epoch-3.0']
    >>> list(checkpoint_names([Path("out/lora/epoch-10"), Path("out/lora/epoch-2")]))
    ['epoch-2', 'epoch-10']
    >>> list(checkpoint_names([Path("/b"), Path("/x/b")]))
    ['_/b', 'x/b']
    """
    # Not resolved: a link's own name is what its user called it.
    paths = {Path(os.path.abspath(folder)): folder for folder in folders}  # noqa: PTH100
    parts = {path: [_seen(part) for part in path.parts[1:]] for path in paths}
    for length in range(1, max(map(len, parts.values()), default=0) + 1):
        named = {"/".join([ROOT] * (length - len(parts[path])) + parts[path][-length:]): paths[path] for path in paths}
        if len({name.casefold() for name in named}) == len(paths):  # some file systems know no case
            return {name: named[name] for name in sorted(named, key=natural)}
    if not paths:
        return {}
    raise EmtError(
        f"{' and '.join(map(str, paths.values()))} are called alike, so that their runs would be one. Evaluate them "
        "one by one, each with an --output-path of its own."
    )


def _seen(part: str) -> str:
    return f"_{part[1:]}" if part.startswith(".") else part
