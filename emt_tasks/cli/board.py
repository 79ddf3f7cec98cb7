"""`emt board`: entries from runs, their checks, and the page that shows them."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from emt_tasks.cli.arguments import as_word
from emt_tasks.documents import terminal
from emt_tasks.documents.blocks import Column, Document, Table
from emt_tasks.errors import EmtError
from emt_tasks.escaping import terminal as safe

if TYPE_CHECKING:
    from leaderboard.board.view import Excluded
    from leaderboard.entry.suggestions import Given

VALIDATION = 4
HERE = (Path("leaderboard/entries"), Path("entries"))
ASKED = {
    "org": "Organisation (as in the hub's ORG/MODEL)",
    "model": "Model",
    "submitted_by": "Your name or handle, as it shall be shown",
    "url": "Address of the model (https://...)",
    "encoder": "Its vision encoder by open_clip's names (ViT-L-14 openai)",
    "llm": "Its language model",
    "licence": "Its licence",
    "dataset": "Tuned on (cifar10, or cifar10+mnist, or a name)",
    "base": "Its base as the board calls it (ORG/MODEL)",
}
entries_option = click.option(
    "--entries",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of entries.  [default: leaderboard/entries or entries, where you are]",
)


@click.group()
def command() -> None:
    """Keep a leaderboard: make entries from runs, check them, build the page.

    \b
    Examples:
      emt board add out/llava --submitted-by "A. Person"
      emt board validate
      emt board build --out site
      emt board serve site
    """


@command.command()
@click.argument("run", type=click.Path(exists=True, path_type=Path), metavar="RUN")
@entries_option
@click.option("--org", help="Who made the model, as in the hub's ORG/MODEL.")
@click.option("--model", help="The model's name.")
@click.option("--submitted-by", metavar="NAME", help="Your name or handle, as it shall be shown.")
@click.option("--url", help="https address of the model.")
@click.option("--encoder", help="Its vision encoder by open_clip's names: 'ViT-L-14 openai'.")
@click.option("--llm", help="Its language model.")
@click.option("--params", type=click.IntRange(1), help="Number of its weights.")
@click.option("--licence", help="Its licence.")
@click.option("--tuning", type=click.Choice(["none", "linear", "lora", "prompt", "full"]), help="How it was tuned.")
@click.option("--dataset", help="What it was tuned on: cifar10, cifar10+mnist, or a name.")
@click.option("--epoch", type=click.FloatRange(0), help="Passes over that.")
@click.option("--base", metavar="ORG/MODEL", help="Its base, as the board calls it.")
@click.option("--source", help="An https address or a sentence: where this comes from.")
@click.option("--judge-cost", type=click.FloatRange(0), metavar="USD", help="What the judge cost.")
@click.option("--run", "name", metavar="NAME", help="The entry's name among those of its model.")
@click.option("--variant", help="plain or lite, where the run has both.")
@click.option("--yes", is_flag=True, help="Ask nothing; what may be left out is left out.")
def add(run: Path, entries: Path | None, name: str | None, dataset: str | None, yes: bool, **said: Any) -> None:
    """Make an entry from RUN, a folder of emt run, lmms-eval or lm_eval.

    The run's own files say what they can; the rest is asked for, or given by options. Answers are read anew, so that
    the check will find the same. Nothing but answers, hashes of pictures and what is said here leaves the run.

    \b
    Examples:
      emt board add out/llava --submitted-by "A. Person" --licence Apache-2.0
      emt board add out/lora-epoch-3 --submitted-by me --base llava-hf/llava-1.5-7b-hf --yes
    """
    from emt_tasks.runs.reading_back import read_run
    from leaderboard.entry.making import made, write
    from leaderboard.entry.suggestions import Given

    found, problems = read_run(run)
    for problem in problems:
        click.echo(f"note: {problem}", err=True)
    given = Given(run=name, dataset=_split(dataset), **_renamed(said))
    given = _completed(found, given, yes)
    entry = made(found, given)
    folder = _folder(entries, make=True)
    path = write(entry, folder)
    for note in entry.notes:
        click.echo(f"note: {safe(note)}", err=True)
    size = (len(entry.entry) + len(entry.answers) + len(entry.verdicts or b"")) / 1e3
    click.echo(f"written to {safe(str(path))}, with its answers {size:,.0f} kB", err=True)
    click.echo(f"next: emt board validate --entries {as_word(folder)}", err=True)


def _renamed(said: dict[str, Any]) -> dict[str, Any]:
    return {key: value.strip() if isinstance(value, str) else value for key, value in said.items() if value is not None}


def _split(dataset: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (dataset or "").split("+") if part.strip())


def _completed(found: Any, given: "Given", yes: bool) -> "Given":
    """`given` with what a person at the terminal says; without one, what must be said is named.

    Raises:
        click.UsageError: something must be said, and nobody can be asked.
    """
    from leaderboard.entry.suggestions import missing, suggested

    lacking = missing(found, given)
    asks = not yes and click.get_text_stream("stdin").isatty()
    if lacking and not asks:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in lacking)
        raise click.UsageError(f"the run does not say {options.replace('--', '')}. Give {options}.")
    if not asks:
        return given
    told = suggested(found)
    for name, words in ASKED.items():
        if name in ("dataset", "base") and name not in lacking:
            continue
        if not getattr(given, name):
            default = getattr(told, name) or ("" if name not in lacking else None)
            answer = click.prompt(words, default=default, show_default=bool(default), err=True)
            value: Any = _split(answer) if name == "dataset" else answer.strip() or None
            given = replace(given, **{name: value})
    return given


@command.command()
@entries_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def validate(entries: Path | None, as_json: bool) -> None:
    """Check every entry, by the rules that the board's own check has; leaves with 4 if one is wrong.

    \b
    Examples:
      emt board validate
      emt board validate --entries my-board/entries --json
    """
    import json

    from leaderboard.entry.folder import read_entries
    from leaderboard.entry.known import known_data

    folder = _folder(entries)
    read = read_entries(folder, known_data(folder))
    if as_json:
        told = [
            {"path": one.path, "reasons": [{"rule": r.rule, "what": r.what} for r in one.reasons]}
            for one in read.excluded
        ]
        good = [case.candidate.place.id for case in read.cases]
        click.echo(json.dumps({"entries": good, "excluded": told}, indent=2))
    else:
        _tell(read.excluded)
    click.echo(f"{len(read.cases)} entries stand every check, {len(read.excluded)} files do not", err=True)
    if read.excluded:
        raise click.exceptions.Exit(VALIDATION)
    click.echo(f"next: emt board build --entries {as_word(folder)} --out site", err=True)


def _tell(excluded: Sequence["Excluded"]) -> None:
    if not excluded:
        return
    rows = tuple((one.path, reason.rule, reason.what) for one in excluded for reason in one.reasons)
    columns = (Column("file", folds=True), Column("rule"), Column("what is wrong", folds=True))
    document = Document("Left out", (Table("Left out", columns, rows),))
    terminal.shown(document, Console(stderr=False))


def _folder(entries: Path | None, make: bool = False) -> Path:
    """The folder of entries.

    Raises:
        EmtError: none is named, and none is where one is looked for.
    """
    if entries is not None:
        return entries
    found = next((path for path in HERE if path.is_dir()), HERE[0] if make else None)
    if found is None:
        raise EmtError(
            "no folder of entries here. Name one with --entries; emt board init DIR makes a board of your own."
        )
    return found
