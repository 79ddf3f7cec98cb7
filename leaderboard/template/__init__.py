"""What a board of one's own begins with: its folder of entries, its workflow, a page of how-to."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path, PurePosixPath

from emt_tasks.documents.forms import save
from emt_tasks.errors import EmtError

FILES = {
    "README.md": "README.md",
    "entries/board.yaml": "entries/board.yaml",
    "entries/known_data.yaml": "entries/known_data.yaml",
    "entries/verified.txt": "entries/verified.txt",
    "workflows/board.yml": ".github/workflows/board.yml",
}
"""Where each file of the template goes."""


def begin(folder: Path) -> Iterator[PurePosixPath]:
    """Write the template into `folder`; the files written.

    Raises:
        EmtError: one of the files is there already; then none is written.
    """
    there = [target for target in FILES.values() if (folder / target).exists()]
    if there:
        raise EmtError(f"{folder} has {', '.join(there)} already. Choose an empty folder.")
    for source, target in FILES.items():
        save((files(__name__) / source).read_text("utf8"), folder / target)
        yield PurePosixPath(target)
