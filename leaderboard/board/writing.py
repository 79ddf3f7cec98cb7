"""The site on disk: page, data, schema, figures, and the entries' own files to download."""

import json
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from emt_tasks.errors import EmtError
from leaderboard.board.data import as_csv, as_json
from leaderboard.board.view import Board, Rendered
from leaderboard.entry.folder import Entries
from leaderboard.entry.schema import json_schema

ENTRIES = "entries"


def site(board: Board, rendered: Rendered) -> dict[str, bytes]:
    """Every file of a site but the entries' own, by its path."""
    found = dict(rendered.files)
    found["index.html"] = rendered.html.encode("utf8")
    found["data.json"] = as_json(board)
    found["data.csv"] = as_csv(board).encode("utf8", "replace")
    found["schema.json"] = (json.dumps(json_schema(), indent=1) + "\n").encode("utf8")
    return found


def entry_files(entries: Entries, folder: Path) -> dict[str, bytes]:
    """The files that were handed in, as `Entry.downloads` names them."""
    found = {}
    for case in entries.cases:
        place = case.candidate.place
        for path in (place.entry, place.answers, place.verdicts):
            if (folder / path).is_file():
                found[f"{ENTRIES}/{place.id}{path.name.removeprefix(place.run)}"] = (folder / path).read_bytes()
    return found


def write(files: Mapping[str, bytes], out: Path) -> None:
    """Write a site's files below `out`; other files there are left alone.

    Raises:
        EmtError: one can't be written.
        ValueError: a path leads out of the folder.
    """
    for name, content in sorted(files.items()):
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(f"{name!r} leads out of the site's folder.")
        try:
            (out / path).parent.mkdir(parents=True, exist_ok=True)
            part = out / path.parent / f"{path.name}.{os.getpid()}.part"
            part.write_bytes(content)
            part.replace(out / path)
        except OSError as error:
            raise EmtError(f"{out / path} can't be written ({error.strerror or error}). Give another --out.") from error
