"""`emt records`: labelled pictures as instruction records."""

import json
import shlex
from pathlib import Path

import click

from emt_tasks import sources
from emt_tasks.cli.arguments import SEEDS, data_dir_option
from emt_tasks.escaping import terminal
from emt_tasks.progress import ImageProgress


@click.command()
@click.argument("data", nargs=-1, required=True, metavar="SET...")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="The folder to write.")
@click.option("--template", default="reproduction", show_default=True, metavar="NAME", help="How rows are worded.")
@click.option("--labels/--no-labels", "list_labels", default=None, help="End each question with the list of labels.")
@click.option("--form", type=click.Choice(["llava", "datasets"]), default="llava", show_default=True)
@click.option("--seed", type=SEEDS, default=0, show_default=True, help="Of draws: rows, and words for each.")
@data_dir_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout in place of a sentence.")
def command(
    data: tuple[str, ...], out: Path, template: str, list_labels: bool | None, form: str, seed: int,
    data_dir: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Turn labelled pictures into instruction records, for the LLaVA repository, LLaMA-Factory or `datasets`.

    A SET is one of the four (cifar10), a folder with a folder for each class (folder:PATH), or any set that the
    datasets library reads (hub:OWNER/NAME). Options follow a question mark: split, rows, balanced, weight, image,
    label, config, revision. Templates: reproduction, paper, articles, paraphrases, or a YAML file.

    \b
    Examples:
      emt records cifar10 --out records/cifar10
      emt records 'mnist?rows=1000&balanced=true' cifar10 --template paraphrases --out records/mixed
      emt records 'hub:cats-and-dogs?label=kind' --labels --form datasets --out records/pets
    """
    from finetuning.records.export import write_records
    from finetuning.records.rows import instruction_rows
    from finetuning.records.wording import read_template

    rows = instruction_rows(data, read_template(template, list_labels), seed, data_dir or sources.data_dir())
    for part in rows.parts:
        if part.source.passed_over:
            click.echo(terminal(f"{part.source.name}{part.source.passed_over_said}"), err=True)
    with ImageProgress(len(rows)) as progress:
        written = write_records(rows, out, form, progress.advance)
    counts = {name: dict(found) for name, found in rows.class_counts().items()}
    if as_json:
        click.echo(json.dumps({"out": str(out), "form": form, "records": written, "classes": counts}, indent=2))
    else:
        sets = ", ".join(f"{name} ({len(found)} classes)" for name, found in counts.items())
        click.echo(f"{written:,} records of {sets} in {out}")
    again = " ".join(f"--data {shlex.quote(name)}" for name in data)
    click.echo(
        f"next: emt finetune lora --base llava-hf/llava-1.5-7b-hf {again} --set-field template={template}", err=True
    )
