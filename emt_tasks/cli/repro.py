"""`emt repro`: section 3 of the paper, by two commands."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from emt_tasks import sources
from emt_tasks.cli.arguments import data_dir_option, named_in
from emt_tasks.cli.finetune import fields_of
from emt_tasks.cli.repro_checks import all_checked, clip_checked
from emt_tasks.cli.repro_telling import epoch_of_resnet, note, tell_clip, tell_kept, tell_resnet
from emt_tasks.labels import ALL_SETS

if TYPE_CHECKING:
    from finetuning.repro.course import Course

Command = TypeVar("Command", bound=Callable[..., Any])
STEMS = ("cifar", "imagenet")
OPTIONS = {"alphas": "--alpha"}  # that are not called as their field is


@click.group()
def command() -> None:
    """Repeat section 3 of the paper: forgetting where no language model is involved.

    \b
    Examples:
      emt repro resnet --data cifar10 --epochs 5 --second-epochs 5 --limit 200
      emt repro clip --model ViT-L-14 --pretrained openai --data cifar10
    """


def shared_options(about_out: str) -> Callable[[Command], Command]:
    """The options that both have."""

    def added(given: Command) -> Command:
        options = [
            click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout in place of the table."),
            click.option("--check", "only_check", is_flag=True, help="Stop after the preflight and the estimate."),
            click.option("--fresh", is_flag=True, help="Throw away what an earlier start of the same name left."),
            click.option("--device", help="cpu, cuda, cuda:1, ..."),
            data_dir_option,
            click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all chance."),
            click.option("--set-field", "fields", multiple=True, metavar="NAME=VALUE", help="A field of the course."),
            click.option("--limit", type=click.IntRange(2), help="Pictures of each class to learn from."),
            click.option("--epochs", type=click.IntRange(1), help="In place of the paper's."),
            click.option(
                "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("out/repro"), show_default=True,
                help=about_out,
            ),
            click.option(
                "--data", multiple=True, metavar="SET",
                help="A set to learn: mnist, cifar10, cifar100, miniimagenet, folder:PATH, hub:ID; one after the other."
                "  [default: all four]",
            ),
        ]  # fmt: skip
        for option in options:
            given = option(given)
        return given

    return added


@command.command()
@shared_options("Trainings go to OUT/resnet-SET, figure and page to OUT.")
@click.option("--second-epochs", type=click.IntRange(1), help="On the other half, in place of the paper's.")
@click.option("--side", type=click.IntRange(8, 512), help="Read pictures at this size.  [default: theirs, at most 84]")
@click.option("--stem", type=click.Choice(STEMS), help="The network's beginning.  [default: cifar up to 64 pixels]")
def resnet(
    data: tuple[str, ...], out: Path, epochs: int | None, second_epochs: int | None, limit: int | None,
    fields: tuple[str, ...], seed: int, side: int | None, stem: Any, data_dir: Path | None, device: str | None,
    fresh: bool, only_check: bool, as_json: bool,
) -> None:  # fmt: skip
    """Train a ResNet18 on the first half of a set's classes and then on the other half, and watch the first.

    After each epoch: accuracy on the training pictures of both halves, neural collapse (NC1 to NC4), and the cosines of
    the classifier's rows of absent classes. 100 + 100 epochs as in the paper; of an odd number of classes the first
    half has one more. A start that was killed goes on when the same command is given again, on a CPU to the same bits.

    \b
    Examples:
      emt repro resnet --data cifar10 --epochs 5 --second-epochs 5 --limit 200
      emt repro resnet --data folder:photos --side 64
      emt repro resnet --check
    """
    from finetuning.repro.course import read_course

    given = _fields(fields, {"epochs": epochs, "second_epochs": second_epochs})
    course = read_course("resnet", "resnet", given)
    note("loading torch ...")
    from finetuning.repro.job import ReproJob
    from finetuning.repro.resnet import checks, reproduce

    each = dict.fromkeys(data or ALL_SETS)
    jobs = [ReproJob(course, one, out, seed, limit, side, data_dir or sources.data_dir(), device) for one in each]
    all_checked(jobs, lambda job: checks(job, stem))
    if only_check:
        return
    done = []
    for job in jobs:
        note(f"{job.home.name}:")
        done.append(reproduce(job, stem, told=epoch_of_resnet, fresh=fresh))
        tell_kept(done[-1])
    tell_resnet(out, done, as_json)


@command.command()
@shared_options("Trainings go to OUT/METHOD-SET, runs to OUT/runs, the report to OUT/report.")
@click.option("--model", default="ViT-L-14", show_default=True, help="Architecture of open_clip.")
@click.option(
    "--pretrained",
    default="openai",
    show_default=True,
    help="Its weights: a tag of open_clip, a file, a folder, or hf-hub:ID.",
)
@click.option(
    "--method",
    default="full",
    show_default=True,
    metavar="NAME",
    help="full, linear-probe (the tower's last linear map alone), wise-ft (and back half way), or a YAML file.",
)
@click.option(
    "--alpha", "alphas", multiple=True, type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="wise-ft: share of the way tuned.",
)  # fmt: skip
@click.option("--tasks", default="emt_lite", show_default=True, help="What is asked after each epoch.")
@click.option("--eval-limit", type=click.IntRange(1), help="Rows of each task.")
@click.option("--template", default="clip_benchmark", show_default=True, help="Of the questions (emt_clip's).")
def clip(
    data: tuple[str, ...], out: Path, epochs: int | None, limit: int | None, fields: tuple[str, ...], seed: int,
    model: str, pretrained: str, method: str, alphas: tuple[float, ...], tasks: str, eval_limit: int | None,
    template: str, data_dir: Path | None, device: str | None, fresh: bool, only_check: bool, as_json: bool,
) -> None:  # fmt: skip
    """Tune a CLIP's image tower on a set against text features that stay, and ask it about all sets after each epoch.

    Every epoch is kept as a folder that emt_clip reads (pretrained=FOLDER), and its run is one like any other: emt
    compare and emt report read it beside those of MLLMs. A start that was killed goes on when the same command is given
    again.

    \b
    Examples:
      emt repro clip --data cifar10 --epochs 15
      emt repro clip --data mnist --method wise-ft --pretrained openai --tasks emt
      emt repro clip --model local --pretrained my-clip-folder --data cifar10 --limit 100
    """
    names = named_in("--tasks", tasks)
    course = _method(method, fields, epochs, alphas)
    note("loading torch, open_clip and the harness ...")
    from finetuning.repro.asking import Questions
    from finetuning.repro.clip import Start, reproduce
    from finetuning.repro.job import ReproJob
    from finetuning.repro.tower import side_of_source
    from finetuning.toy.quickstart import quiet_libraries

    quiet_libraries()
    start, questions = Start(model, pretrained), Questions(names, out / "runs", eval_limit, template)
    folder, side, each = data_dir or sources.data_dir(), side_of_source(model, pretrained), data or ALL_SETS
    jobs = [ReproJob(course, one, out, seed, limit, None, folder, device, side) for one in dict.fromkeys(each)]
    clip_checked(jobs, start, questions)
    if only_check:
        return
    done = []
    for job in jobs:
        note(f"{job.home.name}:")
        done.append(reproduce(job, start, questions, note, fresh=fresh))
        tell_kept(done[-1])
    tell_clip(out, done, folder, as_json)


def _fields(fields: Iterable[str], options: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `--set-field`, and those that have options of their own, where they were given.

    Raises:
        UsageError: a field is given by both.
    """
    named, given = fields_of(fields), {name: value for name, value in options.items() if value is not None}
    for name in given:
        if name in named:
            option = OPTIONS.get(name, f"--{name.replace('_', '-')}")
            raise click.UsageError(f"--set-field {name}= and {option} are the same field. Give one of them.")
    return {**named, **given}


def _method(method: str, fields: tuple[str, ...], epochs: int | None, alphas: tuple[float, ...]) -> "Course":
    """How a tower is tuned.

    Raises:
        EmtError: there is no such method, or a field can't be so.
        UsageError: an option is not one of the method's.
    """
    from finetuning.repro.course import read_course

    if alphas and not read_course("clip", method).alphas:
        raise click.UsageError(
            f"--alpha is of --method wise-ft: {method} keeps no point between start and tuned. Take wise-ft, or leave "
            "--alpha out."
        )
    return read_course("clip", method, _fields(fields, {"epochs": epochs, "alphas": alphas or None}))
