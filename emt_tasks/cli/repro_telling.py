"""What `emt repro` says on its way and at its end: figures and pages in a folder, a table or JSON on stdout."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from emt_tasks.cli.arguments import as_word
from emt_tasks.documents.blocks import Table
from emt_tasks.documents.terminal import renderable
from emt_tasks.escaping import terminal
from emt_tasks.runs.problems import Trouble

if TYPE_CHECKING:
    from finetuning.repro.kept_once import Reproduced


def epoch_of_resnet(row: Mapping[str, Any]) -> None:
    """Say on stderr what an epoch has made of both halves."""
    note(
        f"  epoch {row['epoch']}: loss {row['loss']:.3f}, first half {100 * row['first']:.1f} %, "
        f"second {100 * row['second']:.1f} %, cosine of absent rows {row['absent_cosine']:.2f}, "
        f"{100 * row['share_in_model']:.0f} % of the time in the network"
    )


def tell_kept(done: "Reproduced") -> None:
    """Say so, if an earlier start had done all of it."""
    if done.kept:
        note("  kept from an earlier start; --fresh does it again")


def tell_clip(out: Path, done: "list[Reproduced]", data_dir: Path | None, as_json: bool) -> None:
    """Figure 3, neural collapse and page of all trainings in `out`; a table or JSON on stdout."""
    from leaderboard.theory import towers
    from leaderboard.theory.histories import histories
    from leaderboard.theory.writing import write

    found, told = histories(out, "clip"), towers.asked(out / "runs")
    files = write(towers.document(found, told), towers.specs(found, told), out, "clip")
    asked = [
        {"run": score.run, "set": score.key, "n": score.n, "accuracy": score.accuracy, "interval": list(score.interval)}
        for score in told.scores
    ]
    _tell(towers.table(told), done, files, as_json, {"asked": asked})
    for problem in told.problems:
        if problem.trouble is Trouble.REPEATED:
            note(f"note: {problem}")
    where = f" --data-dir {as_word(data_dir)}" if data_dir else ""
    note(f"next: emt report {as_word(out / 'runs')}{where}")


def tell_resnet(out: Path, done: "list[Reproduced]", as_json: bool) -> None:
    """Figure, measures and page of all trainings in `out`; the table or JSON of these on stdout."""
    from leaderboard.theory import minority
    from leaderboard.theory.histories import histories
    from leaderboard.theory.writing import write

    found = histories(out, "resnet18")
    files = write(minority.document(found), minority.specs(found), out, "resnet")
    mine = [one for one in found if one.name in {each.folder.name for each in done}]
    _tell(minority.table(mine), done, files, as_json, {})
    note(f"next: open {as_word(out / 'resnet.html')}, or emt repro clip --help")


def _tell(
    table: Table, done: "list[Reproduced]", files: tuple[Path, ...], as_json: bool, more: Mapping[str, Any]
) -> None:
    if as_json:
        told = [{"folder": str(one.folder), "set": one.set, "kept": one.kept, "history": one.history} for one in done]
        click.echo(json.dumps({"trainings": told, "files": [str(path) for path in files], **more}, indent=2))
    else:
        Console().print(renderable(table))
    note("written: " + ", ".join(str(path) for path in files if path.suffix in (".html", ".png")))


def note(line: str) -> None:
    """A line on stderr."""
    click.echo(terminal(line), err=True)
