"""A report on disk: one HTML file, Markdown, LaTeX, JSON, failures as CSV, and each figure in four forms."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from emt_tasks.documents import latex, markdown, tabular
from emt_tasks.documents.blocks import Block, Document, Heading, Items, Paragraph, Picture
from emt_tasks.documents.forms import save
from emt_tasks.errors import EmtError
from emt_tasks.forgetting.findings import Findings
from leaderboard.figures.rendering import svg_of, write_drawn, write_spec
from leaderboard.report import boxes, failures
from leaderboard.report.data import as_data
from leaderboard.report.drawings import figures
from leaderboard.report.drawings.figure import Figure
from leaderboard.report.page import page
from leaderboard.report.pictured import Pictured
from leaderboard.report.sections import method, sections
from leaderboard.report.sections.forgetting import summary_of
from leaderboard.report.sections.section import Section

FIGURES = "figures"


@dataclass(frozen=True, slots=True)
class Written:
    """Where the parts of a report are; `missing` failures and examples have no picture."""

    page: Path
    files: tuple[Path, ...]
    figures: int
    missing: int


def write_report(found: Findings, folder: Path, title: str, pictures: Mapping[str, bytes]) -> Written:
    """Write all forms of a report into `folder`; files of the same names are replaced.

    Args:
        found: what runs tell.
        folder: made if it is not there.
        title: of the report.
        pictures: thumbnails (WebP) by pixel hash, for failures and examples.

    Raises:
        EmtError: the folder can't be written.
    """
    try:
        (folder / FIGURES).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmtError(f"{folder} can't be made ({error.strerror}). Choose another --out.") from error
    all_figures, parts, pictured = figures(found), sections(found), Pictured.of(found, pictures)
    drawn = _drawn(all_figures, folder / FIGURES)
    told = document(found, title, parts, all_figures, pictured)
    texts = {
        "report.html": page(found, title, parts, drawn, all_figures, pictured),
        "report.md": markdown.written(told),
        "report.tex": latex.written(told),
        "report.json": json.dumps(as_data(found), indent=1) + "\n",
        "failures.csv": tabular.written(Document(title, (failures.as_rows(found),))),
    }
    for name, text in texts.items():
        save(text, folder / name)
    return Written(folder / "report.html", tuple(folder / name for name in texts), len(all_figures), pictured.missing)


def _drawn(all_figures: Sequence[Figure], folder: Path) -> dict[str, str]:
    """The SVG of each figure, by its name; all its files are written."""

    def draw(figure: Figure) -> tuple[str, str]:
        svg, stem = svg_of(figure.spec), folder / figure.name
        write_drawn(svg, stem)
        write_spec(figure.spec, stem)
        save(tabular.written(Document(figure.caption, (figure.data,))), stem.with_name(figure.name + ".csv"))
        return figure.name, svg

    with ThreadPoolExecutor(2) as pool:  # the renderer leaves the interpreter's lock
        return dict(pool.map(draw, all_figures))


def document(
    found: Findings, title: str, parts: Sequence[Section], all_figures: Sequence[Figure], pictured: Pictured
) -> Document:
    """The report as a document of text, tables and pictures."""
    blocks: list[Block] = []
    for part in parts:
        blocks.append(Heading(part.title))
        blocks += [Paragraph(part.says)] if part.says else []
        blocks += [Picture(f"{FIGURES}/{one.name}.png", one.caption) for one in all_figures if one.section == part.key]
        blocks += part.tables
        if part.key == "failures" and pictured.galleries:
            blocks += [Paragraph(failures.rule(found)), failures.table(pictured.galleries)]
    if pictured.shelves:
        blocks += [Heading("Examples"), Paragraph(boxes.rule(found)), boxes.table(pictured.shelves)]
    blocks += _problems(found)
    return Document(title, (*blocks, Paragraph(method(found))))


def _problems(found: Findings) -> list[Block]:
    if not found.problems:
        return []
    return [Heading("What to know of these runs"), Items(tuple(map(str, found.problems)))]


def summary(found: Findings, title: str, parts: Sequence[Section]) -> Document:
    """What a terminal shows: verdicts, accuracies, forgetting and problems."""
    by_key = {part.key: part for part in parts}
    blocks: list[Block] = [by_key["claims"].tables[0], *by_key["accuracy"].tables]
    short = summary_of(found)
    blocks += [short] if short else []
    return Document(title, (*blocks, *_problems(found)))
