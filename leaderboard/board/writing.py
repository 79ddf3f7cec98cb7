"""The site on disk: page, data, schema, figures, and the entries' own files to download."""

import json
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from emt_tasks.errors import EmtError
from leaderboard.board.data import as_csv, as_json
from leaderboard.board.view import Board, Rendered
from leaderboard.entry.folder import Entries
from leaderboard.entry.names import is_plain
from leaderboard.entry.schema import json_schema

ENTRIES, LISTED = "entries", "files.txt"


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
    """Write a site's files below `out`, and take away those that an earlier build wrote and this one does not.

    Files of others there are left alone: what a build wrote stands in `files.txt`.

    Raises:
        EmtError: one can't be written.
        ValueError: a path leads out of the folder.
    """
    if strange := next((name for name in files if not _stays_below(name)), None):
        raise ValueError(f"{strange!r} leads out of the site's folder.")
    listed = {**files, LISTED: "".join(f"{name}\n" for name in sorted(files)).encode("utf8")}
    try:
        for name in _written_before(out) - set(listed):
            (out / name).unlink(missing_ok=True)
        for name, content in sorted(listed.items()):
            path = out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f"{path.name}.{os.getpid()}.part")
            part.write_bytes(content)
            part.replace(path)
    except OSError as error:
        raise EmtError(f"{out} can't be written ({error.strerror or error}). Give another --out.") from error


def _written_before(out: Path) -> set[str]:
    """The files that the list of an earlier build names, as far as they are plain files below `out`."""
    path = out / LISTED
    names = path.read_text("utf8", "replace").splitlines() if path.is_file() else []
    return {name for name in names if _stays_below(name) and is_plain(out / name, out)}


def _stays_below(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts
