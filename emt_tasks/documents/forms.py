"""The forms that a document can be written in, by name and by file name."""

from collections.abc import Callable, Mapping
from pathlib import Path

from emt_tasks.documents import html, latex, markdown, tabular
from emt_tasks.documents.blocks import Document
from emt_tasks.errors import EmtError, UnknownName

FORMS: Mapping[str, Callable[[Document], str]] = {
    "markdown": markdown.written,
    "latex": latex.written,
    "html": html.written,
    "csv": tabular.written,
}
SUFFIXES: Mapping[str, str] = {".md": "markdown", ".tex": "latex", ".html": "html", ".csv": "csv", ".json": "json"}


def form_of(path: Path) -> str:
    """The form that a file's name asks for.

    Raises:
        UnknownName: its ending is none of `SUFFIXES`.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UnknownName("form for files ending in", path.suffix, SUFFIXES)
    return SUFFIXES[path.suffix.lower()]


def save(text: str, path: Path) -> None:
    """Write `text` to `path` whole or not at all.

    Raises:
        EmtError: it can't be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf8", errors="replace")
        part.replace(path)
    except OSError as error:
        raise EmtError(f"{path} can't be written ({error.strerror or error}). Give another --out.") from error
