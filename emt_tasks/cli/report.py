"""`emt report`: what was forgotten, from runs on disk."""

import json
from collections.abc import Iterable, Mapping
from itertools import starmap
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from emt_tasks.cli.arguments import as_word, data_dir_option
from emt_tasks.documents import terminal
from emt_tasks.documents.forms import save
from emt_tasks.errors import EmtError
from emt_tasks.forgetting.findings import Choices, Findings, findings, places_of
from emt_tasks.forgetting.mapping import Mapped, read_mapping, template
from emt_tasks.runs.reading_back import read_runs
from emt_tasks.sources import data_dir as folder_of_data
from emt_tasks.stored_pictures import Wanted, thumbnails

PARTIAL = 3
TITLE = "What was forgotten"


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="DIR...")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the report goes.  [default: report in the first DIR]",
)
@click.option("--mapping", type=click.Path(path_type=Path), help="A YAML file that says what each run is.")
@click.option(
    "--write-mapping",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write such a file, filled in as far as the runs tell, and stop.",
)
@click.option("--reading", help="The reading to report.  [default: label_match, else what most runs have]")
@click.option("--variant", help="The variant of the tasks: plain, lite, open, ...  [default: what most runs have]")
@click.option("--with-broken", is_flag=True, help="Use the rows there are of runs that are not whole.")
@click.option(
    "--examples",
    "each",
    type=click.IntRange(0, 20),
    default=1,
    show_default=True,
    help="Of each way of being wrong, and of each outcome.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the draw of pictures.")
@click.option("--title", default=TITLE, show_default=True, help="The report's.")
@data_dir_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout in place of the tables.")
def command(
    paths: tuple[Path, ...],
    out: Path | None,
    mapping: Path | None,
    write_mapping: Path | None,
    reading: str | None,
    variant: str | None,
    with_broken: bool,
    each: int,
    seed: int,
    title: str,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Tell what fine-tuning made a model forget, from the runs of a base, its encoder and tuned checkpoints under DIR.

    Gap to the encoder, forgetting, retention, backward transfer, drops from a peak, outcomes, foreign words, the
    paper's claims (a) to (e), figures, and pictures that were answered rightly before and wrongly after: as one HTML
    file, Markdown, LaTeX and JSON. docs/report.md has the definitions. What can't be told is said, and the exit code
    is then 3.

    \b
    Examples:
      emt report out
      emt report out --write-mapping mapping.yaml
      emt report out --mapping mapping.yaml --out report --data-dir sets
    """
    found = read_runs(paths)
    mapped = read_mapping(mapping) if mapping else Mapped()
    if write_mapping is not None:
        _write_mapping(write_mapping, template(places_of(found.runs, mapped)[0]))
        return
    told = findings(found, mapped, Choices(reading, variant, with_broken, seed, each))
    tell(told, out or (paths[0] if paths[0].is_dir() else paths[0].parent) / "report", title, data_dir, as_json)


def tell(
    told: Findings, out: Path, title: str, data_dir: Path | None, as_json: bool, beside: Mapping[str, Any] | None = None
) -> None:
    """Write the report, show its summary, and leave with 3 where it is partial; `beside` is told too in its JSON."""
    _write(told, out, title, data_dir, as_json, beside or {})
    if told.partial:
        click.echo("partial: something was left out or can't be told; see the list above", err=True)
        raise click.exceptions.Exit(PARTIAL)


def _write_mapping(path: Path, text: str) -> None:
    if path.exists():
        raise EmtError(f"{path} is there already. Give --write-mapping another name, or move it away.")
    save(text, path)
    click.echo(f"next: put {as_word(path)} right, then emt report DIR --mapping {as_word(path)}", err=True)


def _write(
    told: Findings, out: Path, title: str, data_dir: Path | None, as_json: bool, beside: Mapping[str, Any]
) -> None:
    """Write the report, show its summary, and say where it is."""
    from leaderboard.report.data import as_data
    from leaderboard.report.sections import sections
    from leaderboard.report.writing import summary, write_report

    wanted = starmap(Wanted, told.pictures)
    written = write_report(told, out, title, thumbnails(wanted, data_dir or folder_of_data()))
    if as_json:
        click.echo(json.dumps({**as_data(told), **beside}, indent=1))
    terminal.shown(summary(told, title, sections(told)), Console(stderr=as_json))
    if written.missing:
        click.echo(f"note: {written.missing} pictures are not at hand; --data-dir names their sets", err=True)
    click.echo(f"written to {out}: {_names(written.files)}, figures/ ({written.figures})", err=True)
    click.echo(f"next: open {as_word(written.page)} in a browser", err=True)


def _names(files: Iterable[Path]) -> str:
    return ", ".join(path.name for path in files)
