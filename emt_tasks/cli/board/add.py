"""`emt board add`: an entry from a run."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emt_tasks.cli.arguments import as_word
from emt_tasks.cli.board.folder import entries_folder, entries_option
from emt_tasks.escaping import terminal as safe

if TYPE_CHECKING:
    from leaderboard.entry.suggestions import Given

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


@click.command()
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
def command(run: Path, entries: Path | None, name: str | None, dataset: str | None, yes: bool, **said: Any) -> None:
    """Make an entry from RUN, a folder of emt run, lmms-eval or lm_eval.

    The run's own files say what they can; the rest is asked for, or given by options. Answers are read anew, so that
    the check will find the same. Nothing but answers, hashes of pictures and what is said here leaves the run.

    \b
    Examples:
      emt board add out/llava --submitted-by "A. Person" --licence Apache-2.0
      emt board add out/lora-epoch-3 --submitted-by me --base llava-hf/llava-1.5-7b-hf --yes
    """
    from emt_tasks.runs.reading_back import read_run
    from leaderboard.entry.making import made
    from leaderboard.entry.storing import write
    from leaderboard.entry.suggestions import Given

    found, problems = read_run(run)
    for problem in problems:
        click.echo(f"note: {problem}", err=True)
    given = Given(run=name, dataset=_split(dataset), **_renamed(said))
    given = _completed(found, given, yes)
    entry = made(found, given)
    folder = entries_folder(entries, make=True)
    path = write(entry, folder)
    for note in (*entry.notes, *_unknown_data(entry.entry, folder, run)):
        click.echo(f"note: {safe(note)}", err=True)
    size = (len(entry.entry) + len(entry.answers) + len(entry.verdicts or b"")) / 1e3
    click.echo(f"written to {safe(str(path))}, with its answers {size:,.0f} kB", err=True)
    click.echo(f"next: emt board validate --entries {as_word(folder)}", err=True)


def _unknown_data(entry: bytes, folder: Path, run: Path) -> Iterator[str]:
    """What the check will say of data that is not on the board's list."""
    from leaderboard.entry.known import known_data
    from leaderboard.entry.schema import EntryFields

    known, told = known_data(folder), EntryFields.model_validate_json(entry).datasets
    new = [f"{key} ({one.n:,} rows)" for key, one in told.items() if (key, one.fingerprint) not in known]
    if new:
        yield (
            f"{', '.join(new)}: on no list of known data, so that the check will refuse the entry until they are; "
            f"emt board known {as_word(run)} prints the lines that a maintainer adds"
        )


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
    asks = not yes and sys.stdin.isatty()
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
            value = click.prompt(
                words, default=default, show_default=bool(default), err=True, value_proc=partial(_meant, name)
            )
            given = replace(given, **{name: value})
    return given


def _meant(name: str, answer: str) -> Any:
    """What was typed as a value of field `name`.

    Raises:
        click.BadParameter: no entry may hold it; click asks again.
    """
    from leaderboard.entry.complaints import complaint

    value: Any = _split(answer) if name == "dataset" else answer.strip() or None
    wrong = complaint(name, value) if value else None
    if wrong is not None:
        raise click.BadParameter(safe(wrong))
    return value
