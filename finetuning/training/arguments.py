"""A recipe in the words of transformers' Trainer."""

import os

from transformers import TrainingArguments

from finetuning.training.base_model import LoadedBase
from finetuning.training.job import Job
from finetuning.training.schedule import Schedule

LOGS = 100  # points of the loss curve, about


def arguments_of(job: Job, schedule: Schedule, base: LoadedBase) -> TrainingArguments:
    """The recipe, this machine and this job as the Trainer's arguments."""
    said, on_cpu = job.recipe.optimizer, base.lm.device.type == "cpu"
    workers = job.workers if job.workers is not None else 0 if on_cpu else min(4, os.cpu_count() or 1)
    return TrainingArguments(
        output_dir=str(job.state),
        num_train_epochs=job.recipe.epochs,
        per_device_train_batch_size=schedule.device_batch,
        gradient_accumulation_steps=schedule.accumulation,
        learning_rate=said.learning_rate,
        warmup_steps=said.warmup,
        weight_decay=said.weight_decay,
        lr_scheduler_type=said.schedule,
        max_grad_norm=said.max_grad_norm,
        gradient_checkpointing=job.recipe.gradient_checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False} if job.recipe.gradient_checkpointing else None,
        bf16=base.half,
        seed=job.seed,
        use_cpu=on_cpu,
        dataloader_num_workers=workers,
        dataloader_persistent_workers=workers > 0,
        dataloader_pin_memory=not on_cpu,
        save_strategy="no",
        logging_strategy="steps",
        logging_steps=max(1, schedule.steps // LOGS),
        logging_nan_inf_filter=False,
        report_to=list(job.report_to) or "none",
        run_name=job.name,
        ddp_find_unused_parameters=False,
        disable_tqdm=True,
        remove_unused_columns=False,
        label_names=["labels"],
    )
