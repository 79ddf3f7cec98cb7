"""The `emt` command. Data goes to stdout, everything else to stderr; each command is a module of this package."""

import logging
import os
import signal
import sys

import click

from emt_tasks.cli.lazy_group import LazyGroup
from emt_tasks.errors import EmtError, RefusedToSpend, UnknownName
from emt_tasks.escaping import terminal

COMMANDS = {
    "quickstart": "See in minutes, offline, what fine-tuning makes a small model forget.",
    "run": "Evaluate a model, or a folder of its checkpoints, and be told what it answered.",
    "score": "Read the answers of stored runs, or of a table, in another way, without the model.",
    "agree": "Say how far readings of the same answers agree, and how far with a person.",
    "compare": "Tell what changed from one run to others, row by row, with intervals and tests.",
    "report": "Tell what fine-tuning made a model forget: claims, figures, examples, from runs on disk.",
    "power": "Tell what drop a number of rows can show, and how many rows a drop needs.",
    "judge": "Look after the judge's verdicts, prices and questions.",
    "records": "Turn labelled pictures into instruction records to fine-tune on.",
    "finetune": "Tune a model by a recipe: projector, LoRA, learnt prompt or all of it.",
    "study": "Tune a base on several sets by several recipes, ask every epoch about all, and report.",
    "board": "Keep a leaderboard: make entries from runs, check them, build the page.",
    "repro": "Repeat section 3 of the paper: minority collapse in a ResNet18, forgetting in a CLIP.",
    "tasks": "List the tasks, or show what one of them asks.",
    "checkpoint": "Tell what a checkpoint is, or write it in transformers' form.",
    "contract": "Hold a model's wrapper, ours or yours, to what an evaluation relies on.",
    "doctor": "Check that everything the benchmark needs is in place.",
}
FAILED, USAGE, REFUSED, INTERRUPTED, TERMINATED = 1, 2, 5, 130, 143


class Terminated(KeyboardInterrupt):
    """Somebody, a scheduler say, asked the process to end (SIGTERM); what Ctrl-C saves is saved."""


@click.group(cls=LazyGroup, package=__name__, verbs=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="emt-bench", prog_name="emt")
def emt() -> None:
    """What did fine-tuning make your multimodal model forget?

    \b
    Example:
      emt run --model llava --model-args pretrained=llava-hf/llava-1.5-7b-hf,peft=my-lora --tasks emt_lite
    """


def main() -> None:
    """Run the command line and leave with its exit code.

    0 done, 1 failed, 2 usage, 3 partial, 5 refused to spend, 130 interrupted, 143 asked to end.
    """
    signal.signal(signal.SIGTERM, _terminate)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it warns, as it is imported, of kernels not asked for
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_DISABLE", "1")
    try:
        code = emt.main(standalone_mode=False)  # the code of click's Exit, or what a command returns: None
        sys.exit(code if isinstance(code, int) else 0)
    except click.UsageError as error:
        error.show()
        sys.exit(error.exit_code)
    except EmtError as error:
        click.echo("\n".join(map(terminal, f"error: {error}".split("\n"))), err=True)
        sys.exit(_exit_code(error))
    except (KeyboardInterrupt, click.Abort) as stop:  # click makes an Abort of a KeyboardInterrupt
        ended = isinstance(stop, Terminated) or isinstance(stop.__cause__, Terminated)
        said = "terminated" if ended else "interrupted"
        click.echo(f"{said}; what was finished is kept. Run the same command to go on.", err=True)
        sys.exit(TERMINATED if ended else INTERRUPTED)


def _terminate(_signal: int, _frame: object) -> None:
    raise Terminated


def _exit_code(error: EmtError) -> int:
    if isinstance(error, RefusedToSpend):
        return REFUSED
    return USAGE if isinstance(error, UnknownName) else FAILED
