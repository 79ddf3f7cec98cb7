"""How a command that tells a document is asked for a form of it, and where it goes."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from emt_tasks.documents import forms, terminal
from emt_tasks.documents.blocks import Document

Command = TypeVar("Command", bound=Callable[..., Any])
FORMS = ("table", *forms.FORMS, "json")


def form_options(command: Command) -> Command:
    """`--format`, `--json` and `--out`."""
    command = click.option("--json", "as_json", is_flag=True, help="The same as --format json.")(command)
    command = click.option(
        "--out",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write to this file; its ending (.md .tex .html .csv .json) says the format.",
    )(command)
    return click.option("--format", "form", type=click.Choice(FORMS), help="By default a table for the terminal.")(
        command
    )


def form_asked(form: str | None, out: Path | None, as_json: bool) -> str:
    """The form that the options ask for together.

    Raises:
        click.UsageError: they contradict each other, or a file of a table for the terminal is asked for.
        UnknownName: the file's ending is not known.
    """
    asked = {name for name in (form, "json" if as_json else None) if name}
    if len(asked) > 1:
        raise click.UsageError(f"--json and --format {form} contradict each other; leave one out.")
    if out is None:
        return asked.pop() if asked else "table"
    if asked == {"table"}:
        raise click.UsageError("--format table is for the terminal; give --out a file of another format.")
    return asked.pop() if asked else forms.form_of(out)


def tell(document: Document, data: Mapping[str, Any], form: str, out: Path | None) -> None:
    """Put a document, or its data where `form` is `json`, on stdout or into `out`."""
    if form == "table":
        terminal.shown(document, Console())
        return
    text = json.dumps(data, indent=2) + "\n" if form == "json" else forms.FORMS[form](document)
    if out is None:
        click.echo(text, nl=False)
    else:
        forms.save(text, out)
        click.echo(f"written to {out}", err=True)
