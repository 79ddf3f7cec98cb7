"""`emt board`: entries from runs, their checks, and the page that shows them."""

import importlib
from difflib import get_close_matches

import click

COMMANDS = {
    "add": "Make an entry from a run's folder.",
    "validate": "Check every entry.",
    "build": "Make the page and its data from all entries.",
    "serve": "Show a built board in the browser, on this machine alone.",
    "init": "Begin a board of your own.",
    "known": "Print the lines by which a board knows data.",
    "rescore": "Read all answers anew, after the reading itself has changed.",
    "export": "Write the entries in the form of Every Eval Ever.",
}


class _Verbs(click.Group):
    """Imports a verb when it is called, so that help comes at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The verbs in the order in which they are needed."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """The verb, or a usage error with the nearest name."""
        if cmd_name not in COMMANDS:
            near = get_close_matches(cmd_name, COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"no command {cmd_name!r}.{hint} Known: {', '.join(COMMANDS)}.")
        command: click.Command = importlib.import_module(f"{__name__}.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of verbs, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Verbs)
def command() -> None:
    """Keep a leaderboard: make entries from runs, check them, build the page.

    \b
    Examples:
      emt board add out/llava --submitted-by "A. Person"
      emt board validate
      emt board build --out site
    """
