"""Training on transformers' Trainer: the rows, the collator and the settings decide what is learnt."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments


class TrainingSettings(BaseModel):
    """How long and how fast to learn; AdamW with a cosine decay after a linear warm-up, as in LLaVA."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: float = Field(gt=0)
    batch_size: int = Field(gt=0)
    learning_rate: float = Field(gt=0)
    warmup: float = Field(0.03, ge=0, lt=1)  # share of the steps; LLaVA's
    weight_decay: float = Field(0.0, ge=0)  # LLaVA's


class _Trainer(Trainer):
    """A Trainer that leaves frozen parts in eval mode, which `model.train()` in each step would end."""

    def __init__(self, *args: Any, frozen: Sequence[nn.Module], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._frozen = frozen

    def compute_loss(self, model: nn.Module, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        for part in self._frozen:
            part.eval()
        return super().compute_loss(model, inputs, *args, **kwargs)


class _Told(TrainerCallback):
    """Hands each step's number of rows to a caller."""

    def __init__(self, advance: Callable[[int], None], rows: int) -> None:
        self._advance, self._rows = advance, rows

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self._advance(self._rows)


def freeze(part: nn.Module) -> None:
    """No weight of `part` learns, and it is in eval mode."""
    part.requires_grad_(False)
    part.eval()


def train(
    model: nn.Module,
    rows: Sequence[Any],
    collate: Callable[[Sequence[Any]], Mapping[str, Tensor]],
    settings: TrainingSettings,
    seed: int,
    folder: Path,
    frozen: Sequence[nn.Module] = (),
    advance: Callable[[int], None] = lambda _: None,
) -> float:
    """Train the weights of `model` that require gradients, in place, on the CPU; one seed repeats bit for bit.

    Args:
        model: its forward takes what `collate` makes and returns a loss.
        rows: shuffled anew in each epoch, by `seed`.
        collate: makes a batch of some rows.
        settings: how long and how fast.
        seed: of the order of rows and of dropout.
        folder: where the Trainer may write.
        frozen: parts of the model to keep in eval mode.
        advance: called after each step with its number of rows.

    Returns:
        The mean training loss over all steps.
    """
    trainer = _Trainer(
        model=model,
        args=_arguments(settings, seed, folder),
        train_dataset=rows,
        data_collator=collate,
        callbacks=[_Told(advance, settings.batch_size)],
        frozen=frozen,
    )
    trainer.remove_callback(PrinterCallback)  # stdout is for results
    return float(trainer.train().training_loss)


def _arguments(settings: TrainingSettings, seed: int, folder: Path) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup,
        weight_decay=settings.weight_decay,
        lr_scheduler_type="cosine",
        dataloader_drop_last=True,
        seed=seed,
        use_cpu=True,
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        label_names=["labels"],
    )
