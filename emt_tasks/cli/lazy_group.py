"""A group of commands, each a module of a package, that is imported when it is called, so that help comes at once."""

import importlib
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import click


class LazyGroup(click.Group):
    """Commands by their name and what help says of them.

    Args:
        package: each command is `command` in the module of its name there.
        verbs: what each does, in the order in which a newcomer meets them.
    """

    def __init__(self, *arguments: Any, package: str, verbs: Mapping[str, str], **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.package, self.verbs = package, verbs

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The commands, in order."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """The command, or a usage error with the nearest name."""
        if cmd_name not in self.verbs:
            near = get_close_matches(cmd_name, self.verbs, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"no command {cmd_name!r}.{hint} Known: {', '.join(self.verbs)}.")
        command: click.Command = importlib.import_module(f"{self.package}.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.verbs.items()))
