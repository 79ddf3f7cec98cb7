"""`emt board`: entries from runs, their checks, and the page that shows them."""

import click

from emt_tasks.cli.lazy_group import LazyGroup

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


@click.group(cls=LazyGroup, package=__name__, verbs=COMMANDS)
def command() -> None:
    """Keep a leaderboard: make entries from runs, check them, build the page.

    \b
    Examples:
      emt board add out/llava --submitted-by "A. Person"
      emt board validate
      emt board build --out site
    """
