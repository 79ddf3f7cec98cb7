"""`emt checkpoint`: what a checkpoint is, and how other tools can read it."""

import json
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from model_wrappers.checkpoints.inspection import Inspection


@click.group()
def command() -> None:
    """See what a checkpoint is, write one of the LLaVA repository in transformers' form, or go part of the way to one.

    \b
    Examples:
      emt checkpoint inspect my-lora
      emt checkpoint convert my-lora --out my-lora-peft
      emt checkpoint interpolate my-llava out/finetune/lora-cifar10/epoch-3.0 --alpha 0.5 --out half-way
    """


@command.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def inspect(ctx: click.Context, path: Path, as_json: bool) -> None:
    """Tell what PATH is: whose layout, what was trained, on which base, what it fits.

    PATH is an adapter's, a projector's or a model's folder, or a projector's file. Neither a base nor values of weights
    are loaded. Leaves with 1 if something is missing.

    \b
    Examples:
      emt checkpoint inspect llava-v1.5-7b-lora
      emt checkpoint inspect mm_projector.bin --json
    """
    from model_wrappers.checkpoints.inspection import inspected

    found = inspected(path)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2, ensure_ascii=False))
    else:
        Console().print(_table(found))
    ctx.exit(1 if found.problems else 0)


@command.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to write; it must not exist.")
@click.option(
    "--base",
    metavar="MODEL",
    help="For a delta the LLaMA to add it to; for an adapter the LLaVA to check it on, or the Vicuna to merge it into.",
)
def convert(path: Path, out: Path, base: str | None) -> None:
    """Write PATH, in the LLaVA repository's layout, in transformers' form.

    A LoRA folder becomes a PEFT folder, a full checkpoint a folder of transformers' LLaVA, a delta the same once --base
    is added, a projector's file projector.safetensors. A LoRA folder that was trained on a language model alone
    (liuhaotian/llava-v1.5-7b-lora on lmsys/vicuna-7b-v1.5) becomes a LLaVA, merged, with that model as --base.

    \b
    Examples:
      emt checkpoint convert llava-v1.5-7b --out llava-v1.5-7b-hf
      emt checkpoint convert my-lora --base llava-v1.5-7b-hf --out my-lora-peft
      emt checkpoint convert LLaVA-7b-delta-v0 --base llama-7b --out llava-7b-v0
    """
    from model_wrappers.checkpoints.conversion import convert as write

    written = write(path.expanduser(), out.expanduser(), base)
    click.echo(written.path)
    click.echo(f"use: {written.fits}\nnext: emt doctor --model-args {_arguments(written)}", err=True)


@command.command()
@click.argument("base")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--alpha", type=click.FloatRange(0, 1), required=True, help="Share of the way: 0 is BASE, 1 is what was tuned."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to write; it must not exist.")
def interpolate(base: str, path: Path, alpha: float, out: Path) -> None:
    """Write the weights that lie between BASE and the checkpoint of emt finetune in PATH (WiSE-FT).

    Every weight is (1 - alpha) of the base's and alpha of the checkpoint's; of adapters the change is taken times
    alpha, which is the same. Recipes do it at every epoch with against_forgetting.interpolation.

    \b
    Examples:
      emt checkpoint interpolate llava-hf/llava-1.5-7b-hf lora-cifar10/epoch-3.0 --alpha 0.5 --out half-way
    """
    from finetuning.against_forgetting.interpolation import interpolate as write

    written = write(base, path.expanduser(), alpha, out.expanduser())
    words = ",".join(f"{name}={value}" for name, value in ({"pretrained": base} | dict(written.model_args)).items())
    click.echo(written.folder)
    click.echo(f"next: emt run --model-args {shlex.quote(words)} --tasks emt_lite", err=True)


def _arguments(found: "Inspection") -> str:
    """The result as --model-args has it."""
    argument = found.fits.split(",")[0].split(" ")[0]
    return argument if argument.startswith("pretrained=") else f"pretrained={found.base or 'BASE'},{argument}"


def _table(found: "Inspection") -> Table:
    table = Table(show_header=False)
    lora = f"rank {found.rank}, alpha {found.alpha}, on {', '.join(found.targets)}" if found.targets else ""
    rows = {
        "path": found.path,
        "layout": found.layout,
        "method": found.method,
        "base": found.base or "not said",
        "projector": found.projector or "none in it",
        "LoRA": lora,
        "tensors": f"{found.tensors:,} with {found.parameters:,} numbers",
        "sha256": "\n".join(f"{digest}  {name}" for name, digest in found.files.items()),
        "use": found.fits,
        "problems": "\n".join(found.problems),
        "notes": "\n".join(found.notes),
    }
    for name, value in rows.items():
        if value:
            table.add_row(name, value)
    return table
