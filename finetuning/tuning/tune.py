"""A job done: trained, kept at each epoch, and continued where it was interrupted."""

import shutil
from contextlib import nullcontext
from typing import Any

from safetensors import SafetensorError

from emt_tasks.errors import EmtError
from emt_tasks.runs.manifest import rank, ranks
from finetuning.against_forgetting.remedies import compares_with_start, guarded
from finetuning.training.additions import Additions
from finetuning.training.base_model import LoadedBase, load_base
from finetuning.training.job import Job
from finetuning.training.methods import prepare
from finetuning.training.schedule import Schedule
from finetuning.tuning.job_folder import Tuned, finished, own
from finetuning.tuning.one_start import OneStart
from finetuning.tuning.spent import LEDGER
from model_wrappers.checkpoints.fingerprint import fingerprint


def tune(
    job: Job,
    loaded: LoadedBase | None = None,
    additions: Additions | None = None,
    shown: bool = True,
    fresh: bool = False,
) -> Tuned:
    """Do a job, or what is left of it.

    Args:
        job: what to do.
        loaded: its base, if it is in memory; it is as it was afterwards. None loads it.
        additions: what else happens.
        shown: whether progress is told on stderr.
        fresh: whether what an earlier start left is thrown away.

    Raises:
        EmtError: something that its user can mend; what was finished is kept.
    """
    with_it = guarded(job, additions or Additions())
    schedule = Schedule(job.recipe, len(job.rows), ranks())
    inputs = inputs_of(job, with_it)
    done = None if fresh else finished(job, inputs)  # read before anything is written: alike on every rank
    if done is not None:
        if rank() == 0:
            shutil.rmtree(job.state, ignore_errors=True)  # what a kill between the last acts leaves
            (job.folder / LEDGER).unlink(missing_ok=True)
        return done
    with own(job.home, inputs, fresh) if rank() == 0 else nullcontext():
        return _trained(job, schedule, loaded, with_it, inputs, shown)


def inputs_of(job: Job, additions: Additions | None = None) -> dict[str, Any]:
    """All that the weights of a job depend on, by which its training is kept and its folder is its own, as JSON.

    Raises:
        EmtError: the base or a picture can't be read.
    """
    told = additions.told if additions is not None else {}
    return job.inputs(fingerprint(job.base, revision=job.revision), ranks()) | {"additions": told}


def _trained(
    job: Job, schedule: Schedule, loaded: LoadedBase | None, additions: Additions, inputs: dict[str, Any], shown: bool
) -> Tuned:
    """Train what is left of a job whose folder is ours."""
    own = loaded is None
    base = load_base(job.base, job.device, job.revision) if loaded is None else loaded
    compared = additions.penalty is not None or compares_with_start(job.recipe)
    prepared = prepare(base, job.recipe, job.seed, keep_start=compared or not own)
    try:
        return OneStart(job, schedule, prepared, additions, inputs, shown).run()
    except (OSError, SafetensorError) as error:
        raise EmtError(
            f"{job.folder} can't be written ({error}). What was finished is kept: make room, or choose another --out, "
            "and run the same command again."
        ) from error
    finally:
        if not own:
            prepared.undo()
