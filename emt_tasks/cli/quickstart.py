"""`emt quickstart`: see in minutes what fine-tuning makes a small model forget."""

import json
import os
import shlex
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from emt_tasks.errors import EmtError
from emt_tasks.runs.summary import TaskResult
from emt_tasks.statistics.intervals import wilson
from emt_tasks.tables import percent
from leaderboard.figures import Share, before_after, write_figure

if TYPE_CHECKING:
    from finetuning.toy.quickstart import Findings

NAMES = {"cifar10": "drawn objects", "mnist": "digits (tuned on)"}  # as they are shown, the untuned first
CHANCE = 0.1  # ten classes
EXAMPLES = 4
DISK_NEEDED = 200 * 2**20  # bytes; a run takes about 60 MB
CAPTION = "percent; 95 % Wilson intervals; foreign: the answer names a label of another set"
FOREIGN = "answers with words of another set"


class Example(NamedTuple):
    """A picture whose answer took the words of the tuning set, and what was said before; `image` is its hash."""

    image: str
    label: str
    before: str
    after: str


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out/quickstart"),
    show_default=True,
    help="Where data, model, adapter, runs and figure go.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of data, weights and training.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout in place of the table.")
def command(out: Path, seed: int, as_json: bool) -> None:  # fmt: skip
    """Train a toy LLaVA on real digits and drawn objects, LoRA-tune it on the digits alone, and ask about both.

    Offline, on a CPU, in about three minutes. An interrupted start goes on where it stopped when the same command is
    given again; with another seed everything is done anew.

    \b
    Examples:
      emt quickstart
      emt quickstart --out forgetting --seed 1 --json
    """
    started = time.monotonic()
    _require_disk(out)
    findings = _found(out, seed)
    figure = _figure(findings, out)
    shown = _told(findings, figure, out, seed, time.monotonic() - started)
    if as_json:
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    else:
        _print(findings, shown)
    click.echo(f"\nnext: {shown['report']}\nor, the tuned model once more with lmms-eval: {shown['next']}", err=True)


def _require_disk(out: Path) -> None:
    """Make `out`.

    Raises:
        EmtError: it can't be made, or its disk is nearly full.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmtError(f"{out} can't be made ({error.strerror}). Choose another --out.") from error
    free = shutil.disk_usage(out).free
    if free < DISK_NEEDED:
        raise EmtError(
            f"{out} has {free / 2**20:.0f} MB of free disk; the quickstart needs {DISK_NEEDED / 2**20:.0f}. "
            "Choose another --out."
        )


def _found(out: Path, seed: int) -> "Findings":
    """Run the stages, telling of each on stderr."""
    live = sys.stderr.isatty()
    # Threads that wait for each other sleep instead of spinning: a step of the vision tower takes 60 ms in place of 47
    # on two idle cores, but 120 ms in place of 2,200 when another program of the same kind runs beside it.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    click.echo("loading torch, transformers and the harness ...", err=True)
    from finetuning.toy.quickstart import Quickstart, Settings, quiet_libraries

    quiet_libraries()
    return Quickstart(out, seed, Settings(), lambda line: click.echo(line, err=True), live).run()


def examples(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], most: int) -> list[Example]:
    """The first `most` rows whose answer after tuning took words of another set, by the hash of their picture.

    Args:
        before: the `emt` records of a task before tuning.
        after: those of the same rows after it.
        most: how many.
    """
    earlier = {row["image"]: row["raw"] for row in before}
    taken = sorted((row for row in after if row["foreign"]), key=lambda row: row["image"])
    return [Example(row["image"], row["label"], earlier[row["image"]], row["raw"]) for row in taken[:most]]


def verdict(before: TaskResult, after: TaskResult) -> str:
    """One sentence on what became of a set that was not tuned on; says so where the intervals can't tell."""
    change = f"from {100 * before.accuracy:.1f} % to {100 * after.accuracy:.1f} %"
    words = f"{100 * after.foreign:.1f} % of the answers about it name a label of another set"
    if after.interval[1] < before.interval[0]:
        return f"Forgotten: accuracy on the set that was not tuned on fell {change}; {words}."
    if after.interval[0] > before.interval[1]:
        return f"No forgetting shows: accuracy on the set that was not tuned on rose {change}; {words}."
    return f"No forgetting shows: accuracy on the set that was not tuned on went {change}, intervals overlap; {words}."


def _shares(findings: "Findings") -> Iterator[Share]:
    for key, name in NAMES.items():
        for state, result in (("before", findings.before[key]), ("after LoRA on the digits", findings.after[key])):
            yield Share("accuracy", name, state, result.accuracy, *result.interval)
            yield Share(FOREIGN, name, state, result.foreign, *wilson(round(result.foreign * result.n), result.n))


def _figure(findings: "Findings", out: Path) -> tuple[Path, Path]:
    rows = {result.n for result in (*findings.before.values(), *findings.after.values())}
    spec = before_after(
        list(_shares(findings)),
        title="A toy LLaVA before and after LoRA on the digits alone",
        subtitle=f"{' or '.join(f'{n:,}' for n in sorted(rows))} unseen pictures a set, 95 % Wilson intervals",
        chance=CHANCE,
    )
    return write_figure(spec, out / "before-after")


def _told(findings: "Findings", figure: tuple[Path, Path], out: Path, seed: int, seconds: float) -> dict[str, Any]:
    """Everything there is to tell, as JSON."""
    from finetuning.toy.quickstart import TUNING_NOTE

    base, adapter, data = out / "base", out / "lora", out / "data"
    words = shlex.quote(f"pretrained={base},peft={adapter}")
    again = (
        f"EMT_DATA_DIR={shlex.quote(str(data))} lmms-eval --model llava --tasks emt_cifar10 --batch_size 16 "
        f"--model_args {words} --output_path {shlex.quote(str(out / 'again'))} --log_samples"
    )
    states = {"before": findings.before, "after": findings.after}
    runs = {name: str(out / name / findings.stages[name].outcome["run"]) for name in states}
    forgotten = examples(findings.before["cifar10"].rows, findings.after["cifar10"].rows, EXAMPLES)
    return {
        "seed": seed,
        "seconds": round(seconds, 1),
        "results": {name: [results[key].summary() for key in NAMES] for name, results in states.items()},
        "note": TUNING_NOTE,
        "verdict": verdict(findings.before["cifar10"], findings.after["cifar10"]),
        "examples": [example._asdict() for example in forgotten],
        "paths": {
            "data": str(data), "base": str(base), "adapter": str(adapter), "runs": runs,
            "figure": [str(path) for path in figure],
        },
        "report": f"emt report {shlex.quote(str(out))} --data-dir {shlex.quote(str(data))}",
        "next": again,
    }  # fmt: skip


def _print(findings: "Findings", shown: Mapping[str, Any]) -> None:
    """Tables on stdout, paths on stderr."""
    console = Console()
    plain: dict[str, Any] = {"box": box.SIMPLE_HEAD, "padding": 0, "show_edge": False, "pad_edge": False}
    table = Table(title="A toy LLaVA before and after LoRA on the digits alone", caption=CAPTION, **plain)
    table.add_column("unseen pictures", no_wrap=True)
    for heading in ("n", "accuracy\nbefore", "\nafter", "foreign\nbefore", "\nafter"):
        table.add_column(heading, justify="right", no_wrap=True)
    for key, name in NAMES.items():
        before, after = findings.before[key], findings.after[key]
        accuracies = (percent(before.accuracy, before.interval), percent(after.accuracy, after.interval))
        table.add_row(name, f"{after.n:,}", *accuracies, f"{100 * before.foreign:.1f}", f"{100 * after.foreign:.1f}")
    console.print(table)
    console.print(shown["verdict"], highlight=False, style="bold")
    if shown["examples"]:
        said = Table(title="Answers that took the words of the tuning set (the first by hash of the picture)", **plain)
        for heading in ("a drawing of", "before", "after"):
            said.add_column(heading)
        for example in shown["examples"]:
            said.add_row(
                *(Text(example[name].strip()) for name in ("label", "before", "after"))
            )  # no markup in answers
        console.print(said)
    paths = {**shown["paths"], "runs": list(shown["paths"]["runs"].values())}
    click.echo(f"\nnote: {shown['note']}", err=True)
    click.echo(f"{shown['seconds']:.0f} s; written:", err=True)
    for name, path in paths.items():
        click.echo(f"  {name:<8}{', '.join(path) if isinstance(path, list) else path}", err=True)
