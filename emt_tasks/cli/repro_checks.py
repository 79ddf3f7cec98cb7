"""What `emt repro` looks at before anything begins: every job, and what its evaluations need."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emt_tasks.cli.repro_telling import note

if TYPE_CHECKING:
    from finetuning.repro.asking import Questions
    from finetuning.repro.clip import Start
    from finetuning.repro.job import ReproJob


def clip_checked(jobs: "list[ReproJob]", start: "Start", questions: "Questions") -> None:
    """Look at everything before anything begins.

    Raises:
        EmtError: something is missing.
    """
    from finetuning.repro.clip import checks

    course = jobs[0].course
    each = course.epochs * (1 + len(course.alphas))
    _tasks_checked(questions, start, jobs[0].data_dir)
    all_checked(jobs, lambda job: checks(job, start, each * (len(jobs) - 1)))


def _tasks_checked(questions: "Questions", start: "Start", data_dir: Path | None) -> None:
    """Look for what the evaluations need.

    Raises:
        EmtError: something is missing.
    """
    from emt_tasks import harness, preflight

    args = {"model": start.model, "pretrained": start.pretrained, "template": questions.template}
    with harness.reading_from(data_dir):
        for check in preflight.checks(preflight.Asked(questions.tasks, "emt_clip", args, questions.runs)):
            if check.problem:
                raise check.problem
            if check.name == "tasks":
                note(f"  {check.name:<8} {check.found}")


def all_checked(jobs: "list[ReproJob]", checks: "Callable[[ReproJob], Any]") -> None:
    """Look at all jobs before one begins.

    Raises:
        EmtError: something is missing.
    """
    for job in jobs:
        alike = [other.data for other in jobs if other.home.name == job.home.name]
        if len(alike) > 1:
            raise click.UsageError(
                f"{' and '.join(alike)} would both go to {job.home.folder}. Give each an --out of its own."
            )
        for check in checks(job):
            if check.problem:
                raise check.problem
            note(f"  {check.name:<8} {check.found}")
