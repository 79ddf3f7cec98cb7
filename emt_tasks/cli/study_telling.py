"""What `emt study` tells besides its report: the plan, and what it has cost."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from emt_tasks.documents import terminal

if TYPE_CHECKING:
    from finetuning.studies.clock import Clock
    from finetuning.studies.cost import Item
    from finetuning.studies.plan import Plan


@dataclass(frozen=True, slots=True)
class Before:
    """What is made before a study's own work.

    Attributes:
        seconds: that are left of each stage.
        rows: of each set that it learns from.
    """

    seconds: Mapping[str, float]
    rows: Mapping[str, int]


def tell_plan(
    plan: "Plan",
    clock: "Clock",
    on_stdout: bool,
    as_json: bool,
    before: Before | None = None,
    cost: "Sequence[Item]" = (),
) -> None:
    """The plan as a table or JSON, what is left of it, and what the part that is done has cost.

    Args:
        plan: of the study.
        clock: of what is left.
        on_stdout: else it goes to stderr.
        as_json: whether it is told as JSON.
        before: what comes before it.
        cost: of what is done.
    """
    told = _as_data(plan, clock)
    if before:
        told["rows_before"] = dict(before.rows)
        told["seconds_before"] = {name: round(seconds, 1) for name, seconds in before.seconds.items()}
        told["seconds_left"] = round(told["seconds_left"] + sum(before.seconds.values()), 1)
    if as_json:
        from finetuning.studies.cost import as_data

        click.echo(json.dumps({**told, "cost": as_data(cost)}, indent=2))
        return
    console = Console(stderr=not on_stdout)
    console.print(_cells(told["cells"]))
    _tell_rest(told, before, console)
    if any(item.count for item in cost):
        tell_cost(cost, console)


def tell_cost(cost: "Sequence[Item]", console: Console) -> None:
    """What a study has cost so far, as a table."""
    from finetuning.studies.cost import document

    console.print()
    terminal.shown(document(cost), console)


def _cells(cells: Sequence[Mapping[str, Any]]) -> Table:
    from finetuning.studies.clock import in_words

    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False, pad_edge=False, collapse_padding=True)
    for name in ("tuning", "rows", "steps", "kept", "training", ""):
        table.add_column(name, justify="left" if name in ("tuning", "") else "right", overflow="fold")
    for cell in cells:
        took = in_words(cell["seconds_of_training"])
        table.add_row(
            f"{cell['name']} ", f" {cell['rows']:,}", f" {cell['steps']:,}", f" {cell['checkpoints']}", f" {took}",
            " done" if cell["done"] else "",
        )  # fmt: skip
    return table


def _tell_rest(told: Mapping[str, Any], before: Before | None, console: Console) -> None:
    """What stands below the tunings: evaluations, what comes before, and the time in all."""
    from finetuning.studies.clock import in_words

    each = in_words(told["seconds_of_evaluation"])
    left = f"{told['evaluations_left']} of {told['evaluations']} evaluations left, of"
    beside = "; the encoder's is not in it" if told["encoder"] else ""
    console.print(f"{left} {told['rows_of_evaluation']:,} rows, {each} each{beside}")
    if before:
        rows = ", ".join(f"{name} {number:,}" for name, number in before.rows.items())
        stages = ", ".join(f"{name} {in_words(seconds)}" for name, seconds in before.seconds.items())
        console.print(f"before them the base, of so many rows: {rows}", markup=False)
        console.print(f"its stages: {stages}")
    console.print(f"about {in_words(told['seconds_left'])} left in all, measured on this machine")


def _as_data(plan: "Plan", clock: "Clock") -> dict[str, Any]:
    cells = [
        {
            "name": cell.job.name,
            "set": cell.job.sets,
            "recipe": cell.job.recipe.name,
            "seed": cell.job.seed,
            "rows": cell.rows,
            "rows_of_an_epoch": len(cell.job.rows),
            "steps": cell.steps,
            "checkpoints": cell.checkpoints,
            "seconds_of_training": round(plan.seconds_of_training(cell, clock.speeds), 1),
            "done": plan.standing.trained(cell),
            "evaluations_left": plan.standing.evaluations_left(cell),
        }
        for cell in plan.cells
    ]
    rows: Mapping[str, int] = plan.rows
    return {
        "base": plan.study.base,
        "cells": cells,
        "evaluations": plan.evaluations,
        "evaluations_left": plan.evaluations_left,
        "rows_of_evaluation": sum(rows.values()),
        "seconds_of_evaluation": round(plan.seconds_of_evaluation(clock.speeds), 1),
        "images_per_second": {name: round(speed, 2) for name, speed in clock.speeds.images_per_second.items()},
        "seconds_left": round(clock.left(), 1),
        "encoder": plan.encoder,
    }
