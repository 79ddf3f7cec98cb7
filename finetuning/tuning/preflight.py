"""What can be known to fail before a weight is loaded: recipe against base, rows, every picture, room on the disk."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from peft import inject_adapter_in_model
from transformers.integrations import get_reporting_integration_callbacks

from emt_tasks.errors import EmtError
from emt_tasks.preflight import Check
from emt_tasks.runs.manifest import ranks
from finetuning.training.base_model import family_of
from finetuning.training.job import Job
from finetuning.training.lora import language_model_of, lora_config, projector_name, tower_of
from finetuning.training.schedule import Schedule
from model_wrappers.checkpoints.loading import bare_model
from model_wrappers.checkpoints.placement import device_of

BYTES = 4  # of a number that learns: float32
STATES = 2 * 3  # the newest state and the one being written; of each a weight and AdamW's two moments
ROOM = 50_000_000  # bytes besides: logs, figure, tokenizer files


def checks(job: Job) -> Iterator[Check]:
    """Each check's finding as it is made; the last one has a problem, if any has."""
    looks: Mapping[str, Callable[[Job], str]] = {
        "device": _device, "base": _base, "data": _data, "pictures": _pictures, "steps": _steps, "disk": _disk,
    }  # fmt: skip
    for name, look in looks.items():
        try:
            yield Check(name, look(job))
        except EmtError as error:
            yield Check(name, "", error)
            return


def learnt_numbers(job: Job) -> tuple[int, int]:
    """How many numbers learn, and how many there are in all, from the base's config alone.

    Raises:
        EmtError: the base has no place for the method.
    """
    model = bare_model(job.base, job.revision)
    whole = sum(weight.numel() for weight in model.parameters())
    recipe, projector, (_, decoder) = job.recipe, projector_name(model), language_model_of(model)
    tower_of(model)
    learnt = sum(weight.numel() for weight in model.get_submodule(projector).parameters())
    if recipe.method == "full":
        head = model.get_output_embeddings()
        learnt += sum(weight.numel() for part in (decoder, head) if part is not None for weight in part.parameters())
    if recipe.method == "prompt":
        if hasattr(model, "qformer") or hasattr(getattr(model, "model", None), "qformer"):
            raise EmtError(f"{job.base} reads prompts twice (Q-Former): learnt tokens have no place there.")
        learnt += recipe.prompt.tokens * model.get_input_embeddings().weight.shape[1]
    if recipe.method == "lora":
        config = lora_config(model, recipe.lora)
        config.modules_to_save = None
        inject_adapter_in_model(config, model, low_cpu_mem_usage=True)
        learnt += sum(weight.numel() for name, weight in model.named_parameters() if "lora_" in name)
    return learnt, whole


def _device(job: Job) -> str:
    device = device_of(job.device)
    trackers = "".join(f", told to {name}" for name in job.report_to if _tracker(name))
    return f"{device}{trackers}"


def _tracker(name: str) -> bool:
    """Whether transformers knows a tracker, and its package is here.

    Raises:
        EmtError: it does not, or is not.
    """
    try:
        for kind in get_reporting_integration_callbacks([name]):
            kind()
    except (ValueError, RuntimeError, ImportError) as error:
        raise EmtError(f"--report-to {name} can't be had: {error}") from error
    return True


def _base(job: Job) -> str:
    learnt, whole = learnt_numbers(job)
    share = 100 * learnt / whole
    return (
        f"{job.base} ({family_of(job.base, job.revision).name}); {learnt:,} of {whole:,} numbers learn ({share:.2g} %)"
    )


def _data(job: Job) -> str:
    found = []
    sources = {part.source.name: part.source for part in job.rows.parts}
    for name, counts in job.rows.class_counts().items():
        most, least = max(counts.values()), min(counts.values())
        each = f"{least}" if least == most else f"{least} to {most}"
        classes, over = len(sources[name].labels), sources[name].passed_over_said
        found.append(f"{name}: {sum(counts.values()):,} rows, {len(counts)} of {classes} classes, {each} each{over}")
    said = job.rows.parts[0].wording.said(int(job.rows.parts[0].source.targets[0]), "")
    warned = f". {job.rows.warned}" if job.rows.warned else ""
    return f"{'; '.join(found)}. {said.question!r} -> {said.answer!r}{warned}"


def _pictures(job: Job) -> str:
    told = job.rows.told()
    return f"{sum(part['rows'] for part in told):,} can be read; sha256 {told[0]['fingerprint'][:12]}"


def _steps(job: Job) -> str:
    plan = Schedule(job.recipe, len(job.rows), ranks())
    passes = f"{plan.device_batch} rows a pass, {plan.accumulation} passes a step" if plan.accumulation > 1 else (
        f"{plan.device_batch} rows a step"
    )  # fmt: skip
    return f"{plan.steps:,} ({plan.steps_per_epoch:,} an epoch, {passes}); kept after epoch " + ", ".join(
        f"{epoch:g}" for epoch in plan.kept.values()
    )


def _disk(job: Job) -> str:
    needed, free = bytes_needed(job), free_bytes(job.out)
    if free < needed:
        raise EmtError(
            f"{job.out} has {_size(free)} of free disk, and {_folders(job)} checkpoints and the state to continue "
            f"from need {_size(needed)}. Make room, choose another --out, or keep fewer (fractions=[])."
        )
    return f"{_size(needed)} needed of {_size(free)} free in {job.out}"


def bytes_needed(job: Job) -> int:
    """What a job writes at most."""
    learnt, whole = learnt_numbers(job)
    each = whole * BYTES if job.recipe.method == "full" else learnt * BYTES
    return each * _folders(job) + learnt * BYTES * STATES + ROOM


def free_bytes(folder: Path) -> int:
    """Free space where `folder` is or will be."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(there).free


def _folders(job: Job) -> int:
    """How many checkpoints are kept, those between base and checkpoint included."""
    kept = Schedule(job.recipe, len(job.rows), ranks()).kept
    return len(kept) * (1 + len(job.recipe.against_forgetting.interpolation))


def _size(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} TB"


__all__ = ["bytes_needed", "checks", "free_bytes", "learnt_numbers"]
