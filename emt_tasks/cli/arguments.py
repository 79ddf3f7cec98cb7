"""How settings are written on the command line."""

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from emt_tasks.escaping import terminal

Command = TypeVar("Command", bound=Callable[..., Any])
# A value runs to the next comma, unless it is in quotes or braces as a whole.
PAIR = re.compile(r"""\s*(?P<name>[^=,]*)=(?P<text>"[^"]*"|'[^']*'|\{[^{}]*\}|[^,]*)(?:,|$)""")


class Pairs(click.ParamType[dict[str, Any]]):
    """`name=value,name=value`, as lmms-eval writes them: true, false and numbers are read as such, `revision` never.

    A value with commas stands in quotes (`pretrained="/data/a,b"`) or is a JSON object (`max_memory={"cpu": "8GiB"}`).
    """

    name = "pairs"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        """The pairs as a dict; a word without `=` is a usage error."""
        if isinstance(value, dict):
            return value
        pairs = {}
        for word, name, text in _words(str(value)):
            if not name:
                self.fail(f"{word!r} is no pair. Write name=value,name=value; quotes hold a comma.", param, ctx)
            quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
            bare = text[1:-1] if quoted else text
            pairs[name] = bare if quoted or name == "revision" else _value(bare)
        return pairs


def _words(said: str) -> Iterator[tuple[str, str, str]]:
    """Each word with its name and value; "" where it is no pair."""
    start = 0
    while start < len(said):
        found = PAIR.match(said, start)
        end = found.end() if found else said.find(",", start) + 1 or len(said)
        word = said[start:end].rstrip(",")
        start = end
        if word:
            yield word, found["name"].strip() if found else "", found["text"] if found else ""


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


SEEDS = click.IntRange(0, 2**32 - 1)  # what numpy takes

data_dir_option = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Read the sets from this folder (EMT_DATA_DIR).",
)


def named_in(option: str, said: str) -> tuple[str, ...]:
    """The names of a list with commas.

    Raises:
        UsageError: there is none.
    """
    names = tuple(name for name in said.split(",") if name)
    if not names:
        raise click.UsageError(f"{option} names no task. See `emt tasks`.")
    return names


def as_word(path: Path | str) -> str:
    """A path as one word of a command that is printed to be copied: what folders are called never acts in a shell.

    >>> as_word("out/base"), as_word("runs; rm x")
    ('out/base', "'runs; rm x'")
    """
    return shlex.quote(terminal(str(path)))
