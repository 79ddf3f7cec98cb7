"""Figures and pages of a reproduction, written beside its trainings."""

from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from emt_tasks.documents import html, markdown
from emt_tasks.documents.blocks import Document
from emt_tasks.documents.forms import save
from emt_tasks.errors import EmtError
from leaderboard.figures.embedding import inline
from leaderboard.figures.rendering import svg_of, write_drawn, write_spec
from leaderboard.figures.theme import Spec


def write(document: Document, specs: Mapping[str, Spec], folder: Path, name: str) -> tuple[Path, ...]:
    """Write the figures of `specs`, as SVG, PNG and Vega-Lite, and `document` as `name`.html and .md; the files.

    Raises:
        EmtError: the folder can't be written.
    """
    files: list[Path] = []
    drawings: dict[str, Markup] = {}
    try:
        for stem, spec in specs.items():
            drawn = svg_of(spec)
            files += [*write_drawn(drawn, folder / stem), write_spec(spec, folder / stem)]
            drawings[f"{stem}.png"] = Markup(inline(drawn, stem))  # noqa: S704  # checked by `inline`
    except OSError as error:
        raise EmtError(f"{folder} can't be written ({error.strerror}). Make room and run the same again.") from error
    for suffix, text in ((".html", html.written(document, drawings)), (".md", markdown.written(document))):
        path = folder / f"{name}{suffix}"
        save(text, path)
        files.append(path)
    return tuple(files)
