"""What can be known to fail before a study begins: tasks, sets, recipes on the base, folders of others, room."""

from collections.abc import Iterator

from emt_tasks import harness, preflight
from emt_tasks.errors import EmtError
from emt_tasks.preflight import Check
from finetuning.studies.plan import Plan
from finetuning.training.base_model import family_of
from finetuning.training.job import Job
from finetuning.tuning.preflight import bytes_needed, free_bytes
from finetuning.tuning.preflight import checks as job_checks


def checks(plan: Plan, on_this_base: bool = True) -> Iterator[Check]:
    """Each check's finding as it is made; the last one has a problem, if any has.

    Args:
        plan: of the study.
        on_this_base: whether its base is the one that will be tuned, and no stand-in of its sizes.
    """
    for check in _all(plan, on_this_base):
        yield check
        if check.problem:
            return


def _all(plan: Plan, on_this_base: bool) -> Iterator[Check]:
    study = plan.study
    args = {"pretrained": study.base, **({"revision": study.revision} if study.revision else {})}
    model = family_of(study.base, study.revision).name
    with harness.reading_from(plan.data_dir):
        for check in preflight.checks(preflight.Asked(study.tasks, model, args, plan.runs, elsewhere="--out")):
            if check.problem or check.name in ("tasks", "memory"):
                yield check
    seen: set[str] = set()
    for cell in plan.cells:
        recipe, sets = cell.job.recipe.name, "+".join(cell.job.data)
        for check in _news(cell.job, known={recipe, sets} & seen):
            told = {"base": recipe, "data": cell.job.sets}.get(check.name, check.name)
            if check.problem or check.name in ("base", "data"):
                yield Check(told, check.found, check.problem)
        seen |= {recipe, sets}
    yield from _folders(plan, on_this_base)
    yield _room(plan)


def _folders(plan: Plan, on_this_base: bool) -> Iterator[Check]:
    """The first folder of another training, which its own would refuse hours later."""
    for cell in plan.cells:
        try:
            plan.standing.require_own(cell, on_this_base)
        except EmtError as error:
            yield Check("folder", "", error)
            return


def _news(job: Job, known: set[str]) -> Iterator[Check]:
    """The checks of a job, unless its recipe and its sets have been looked at with others."""
    if len(known) < 2:
        for check in job_checks(job):
            if check.name == "base" and job.recipe.name in known and not check.problem:
                continue
            if check.name == "data" and job.recipe.name not in known and known and not check.problem:
                continue
            yield check


def _room(plan: Plan) -> Check:
    needed = sum(bytes_needed(cell.job) for cell in plan.cells if not plan.standing.trained(cell))
    free = free_bytes(plan.out)
    found = f"{needed / 1e9:,.1f} GB needed of {free / 1e9:,.1f} GB free in {plan.out}"
    if needed > free:
        return Check("disk", "", EmtError(f"{found}. Make room, choose another --out, or keep fewer (fractions: [])."))
    return Check("disk", found)
