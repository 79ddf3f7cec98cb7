"""Options by which `emt` commands reach the judge; what is not given comes from the environment (docs/judge.md)."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from emt_tasks.gpt_judge.protocols import Protocol, protocol
from emt_tasks.gpt_judge.settings import JudgeSettings, checked_url, from_environment

Command = TypeVar("Command", bound=Callable[..., Any])
OPTIONS = (
    click.option("--judge-model", metavar="NAME", help="The judge (EMT_JUDGE_MODEL; gpt-3.5-turbo, the paper's)."),
    click.option("--base-url", metavar="URL", help="An OpenAI-compatible endpoint (OPENAI_BASE_URL)."),
    click.option(
        "--protocol",
        "protocol_name",
        metavar="NAME|FILE",
        help="yes_no (the paper's), which_label, or a YAML file (EMT_JUDGE_PROTOCOL).",
    ),
    click.option("--separator", help="Between label and prediction in the paper's question (; or ,)."),
    click.option("--temperature", type=click.FloatRange(0, 2), help="Of the judge, in place of the protocol's."),
    click.option("--concurrency", type=click.IntRange(1, 512), default=8, show_default=True, help="Calls at once."),
    click.option("--timeout", type=click.FloatRange(0.1), default=60.0, show_default=True, help="Seconds for a call."),
    click.option(
        "--attempts", type=click.IntRange(1), default=6, show_default=True, help="Tries of a call that fails."
    ),
    click.option("--prices", type=click.Path(dir_okay=False, exists=True, path_type=Path), help="A price table."),
    click.option("--store", type=click.Path(dir_okay=False, path_type=Path), help="The file of verdicts (EMT_STORE)."),
)


def judge_options(command: Command) -> Command:
    """The options above, for a command that passes them to `judge_settings`."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def judge_settings(
    *, judge_model: str | None, base_url: str | None, protocol_name: str | None, separator: str | None,
    temperature: float | None, concurrency: int, timeout: float, attempts: int, prices: Path | None,
    store: Path | None, max_cost_usd: float | None = None,
) -> JudgeSettings:  # fmt: skip
    """The judge as options and environment set it.

    Raises:
        EmtError: one of them can't be.
    """
    told = from_environment()
    changes = {"separator": separator, "temperature": temperature}
    given = {name: value for name, value in changes.items() if value is not None}
    asked = told.protocol if protocol_name is None else protocol(protocol_name)
    if given:
        asked = Protocol.model_validate({**asked.model_dump(), **given})
    if max_cost_usd is not None and not math.isfinite(max_cost_usd):
        raise click.UsageError("--max-cost-usd is an amount of dollars.")
    return replace(
        told,
        protocol=asked,
        model=judge_model or told.model,
        base_url=checked_url(base_url) if base_url else told.base_url,
        store=store or told.store,
        concurrency=concurrency,
        timeout=timeout,
        attempts=attempts,
        max_usd=told.max_usd if max_cost_usd is None else max_cost_usd,
        prices=prices,
    )
