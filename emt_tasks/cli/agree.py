"""`emt agree`: how far readings of the same answers agree, and how far with a person."""

from collections.abc import Sequence
from pathlib import Path

import click

from emt_tasks import label_match
from emt_tasks.agreement import told, told_by_hand
from emt_tasks.agreement.by_hand import Verdict, Verdicts, read_by, verdicts_in
from emt_tasks.agreement.credits import credits_of
from emt_tasks.agreement.pairs import pairs_of
from emt_tasks.agreement.saved import save
from emt_tasks.cli.arguments import as_word
from emt_tasks.cli.telling import form_asked, form_options, tell
from emt_tasks.errors import EmtError
from emt_tasks.hand_labelled import HandLabelled, hand_labelled
from emt_tasks.outcomes import outcome_of
from emt_tasks.runs.problems import Problem, Trouble
from emt_tasks.runs.reading_back import read_run, read_runs

PARTIAL = 3


@click.command()
@click.argument("paths", metavar="[RUN...]", nargs=-1, type=click.Path(path_type=Path))
@click.option("--tasks", metavar="NAME,...", help="Only these tasks.")
@click.option("--reading", metavar="NAME,...", help="Only these readings; by default every two that a run has.")
@click.option("--rows", default=5, show_default=True, type=click.IntRange(0), help="Answers to show of each pair.")
@click.option("--hand", is_flag=True, help="Against the verdicts of the hand-labelled answers.")
@click.option(
    "--save",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="With --hand: write these answers as a run, to be read by emt score.",
)
@form_options
def command(
    paths: tuple[Path, ...], tasks: str | None, reading: str | None, rows: int, hand: bool, folder: Path | None,
    form: str | None, out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Say how far the readings of a run agree: every two of them, on the same rows.

    RUN is a folder of emt run, lmms-eval or lm_eval, with the further readings that emt score has put beside it. With
    --hand, how often each reading is wrong on answers that a person has labelled. Exit code 3: a run is not whole.

    \b
    Examples:
      emt score out/llava --reading label_match,clip_argmin && emt agree out/llava
      emt agree out/llava --rows 50 --out agreement.html
      emt agree --hand
      emt agree --hand --save out/hand && emt score out/hand --reading clip_argmin && emt agree --hand out/hand
    """
    asked = form_asked(form, out, as_json)
    names = list(filter(None, (reading or "").split(",")))
    if hand and tasks:
        raise click.UsageError("--hand reads the answers of all four sets; leave --tasks out.")
    if hand:
        _by_hand(paths, names, rows, folder, asked, out)
        return
    if folder is not None:
        raise click.UsageError("--save writes the hand-labelled answers: say --hand too.")
    if not paths:
        raise click.UsageError("name a run, or say --hand.")
    found = read_runs(paths, tasks.split(",") if tasks else None)
    # Readings of the same log are of the same rows whether or not their pictures are known.
    problems = [problem for problem in found.problems if problem.trouble is not Trouble.WEAK_IDENTITY]
    pairs = pairs_of(found.runs, names)
    if not pairs:
        _notes(problems)
        there = sorted({rows.reading for run in found.runs for rows in run.tasks})
        raise EmtError(
            f"no task here has two readings{' of those' if names else ''}; there is {', '.join(there) or 'none'}. "
            f"Make another first: emt score {as_word(paths[0])} --reading clip_argmin"
        )
    beside = credits_of(found.runs)
    tell(told.document(pairs, beside, problems, rows), told.as_data(pairs, beside, problems), asked, out)
    click.echo(f"next: emt agree --hand, or emt agree {' '.join(map(as_word, paths))} --out agreement.html", err=True)
    left_out = any(problem.trouble is Trouble.STALE_READING for problem in problems)
    if left_out or any(not rows.whole for run in found.runs for rows in run.tasks):
        click.echo("partial: a run is not whole; see the notes on these runs", err=True)
        raise click.exceptions.Exit(PARTIAL)


def _notes(problems: Sequence[Problem]) -> None:
    for problem in problems:
        click.echo(f"note: {problem}", err=True)


def _by_hand(
    paths: Sequence[Path], names: Sequence[str], rows: int, folder: Path | None, asked: str, out: Path | None
) -> None:
    answers = hand_labelled()
    if len(paths) > 1 or (paths and folder):
        raise click.UsageError("with --hand, name one run that --save has written, or none.")
    readings: dict[str, Verdicts] = {label_match.NAME: read_by(_read, answers)}
    if paths:
        run, problems = read_run(paths[0])
        _notes([problem for problem in problems if problem.trouble is not Trouble.WEAK_IDENTITY])
        readings |= {name: verdicts for name, verdicts in verdicts_in(run, answers).items() if name != label_match.NAME}
    missing = sorted(set(names) - set(readings))
    if missing:
        raise EmtError(f"no reading {', '.join(missing)} of the hand-labelled answers here; {_how(paths)}")
    readings = {name: verdicts for name, verdicts in readings.items() if not names or name in names}
    if folder is not None:
        save(answers, folder)
        click.echo(f"{len(answers)} answers written to {folder}", err=True)
    tell(told_by_hand.document(answers, readings, rows), told_by_hand.as_data(answers, readings), asked, out)
    click.echo(f"next: {_how([folder] if folder else paths)}", err=True)


def _how(paths: Sequence[Path]) -> str:
    if not paths:
        return "emt agree --hand --save out/hand, to have them read by others"
    return f"emt score {as_word(paths[0])} --reading clip_argmin, then emt agree --hand {as_word(paths[0])}"


def _read(answer: HandLabelled) -> Verdict:
    reading = label_match.read(answer.text, answer.labels)
    return Verdict(outcome_of(reading, answer.label), frozenset(reading.named))
