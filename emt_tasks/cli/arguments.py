"""How settings are written on the command line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


class Pairs(click.ParamType[dict[str, Any]]):
    """`name=value,name=value`, as lmms-eval writes them: true, false and numbers are read as such, `revision` never."""

    name = "pairs"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        """The pairs as a dict; a word without `=` is a usage error."""
        if isinstance(value, dict):
            return value
        pairs = {}
        for word in filter(None, str(value).split(",")):
            name, equals, text = word.partition("=")
            if not equals or not name.strip():
                self.fail(f"{word!r} is no pair. Write name=value,name=value.", param, ctx)
            pairs[name.strip()] = text if name.strip() == "revision" else _value(text)
        return pairs


def _value(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


PAIRS = Pairs()


def model_args_option(about: str) -> Callable[[Command], Command]:
    """`--model-args`, spelt as lmms-eval does too."""
    return click.option(
        "--model-args", "--model_args", "model_args", type=PAIRS, default="", metavar="NAME=VALUE,...", help=about
    )


data_dir_option = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Read the sets from this folder (EMT_DATA_DIR).",
)
