"""transformers' Trainer, taught what learns here: what stays frozen, which loss, whose order, and what is kept."""

import random
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainerControl, TrainerState
from transformers.modeling_layers import GradientCheckpointingLayer

from finetuning.training.answer_loss import answer_loss, takes_places
from finetuning.training.layer_rates import depths
from finetuning.training.methods import Prepared, parts_that_learn
from finetuning.training.order import EpochOrder

LEARNT = "learnt.safetensors"
STATE_PREFIX = "step-"


@dataclass(frozen=True, slots=True)
class Hooks:
    """What is done besides learning.

    Attributes:
        keep: called with the step and the whole tensors of what learns where a checkpoint is due, on every rank; what
            is random in it does not touch the training. True ends the training.
        due: the steps after which one is.
        state_every: steps between states from which a killed training goes on, besides those at checkpoints.
        advance: called after each step with its number, from 1.
        penalty: added to each pass's loss.
    """

    keep: Callable[[int, dict[str, Tensor]], bool]
    due: frozenset[int]
    state_every: int | None = None
    advance: Callable[[int], None] = lambda _: None
    penalty: Callable[[Prepared], Tensor] | None = None


class AnswerTrainer(Trainer):
    """A Trainer of `prepared`.

    Args:
        prepared: what learns.
        hooks: what is done besides.
        lengths: of each row in tokens, to group rows by; None for none.
        **kwargs: the Trainer's own.
    """

    def __init__(self, prepared: Prepared, hooks: Hooks, lengths: Sequence[int] | None, **kwargs: Any) -> None:
        super().__init__(model=prepared.model, callbacks=[_Flow(hooks)], **kwargs)
        self.remove_callback(PrinterCallback)  # stdout is for results
        self.model_accepts_loss_kwargs = True  # the loss is divided by the tokens of all passes of a step
        self.prepared, self.hooks = prepared, hooks
        self._lengths = lengths
        self._narrow = takes_places(prepared.model)
        self._learning = parts_that_learn(prepared.model)
        layers = [part for part in prepared.model.modules() if isinstance(part, GradientCheckpointingLayer)]
        if self.args.gradient_checkpointing:  # which a layer does only in training mode
            self._learning += layers
        sharding = getattr(self.accelerator.state, "fsdp_plugin", None)
        if sharding is not None and not sharding.transformer_cls_names_to_wrap:
            # transformers' own list may name classes that a model of this kind does not have.
            sharding.transformer_cls_names_to_wrap = sorted({type(layer).__name__ for layer in layers})

    def compute_loss(
        self, model: nn.Module, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The answers' loss, and the penalty if there is one."""
        assert not return_outputs, "nothing here asks for them"
        self.model.eval()  # each step begins with train(), which would wake dropout in parts that are frozen
        for part in self._learning:
            part.training = True
        loss = answer_loss(model, inputs, num_items_in_batch, self._narrow)
        if self.args.average_tokens_across_devices and num_items_in_batch is not None:
            loss = loss * self.accelerator.num_processes  # gradients are averaged over ranks
        if self.hooks.penalty is not None:
            loss = loss + self.hooks.penalty(self.prepared) / self.current_gradient_accumulation_steps
        return loss

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW over what learns; the projector may have a learning rate of its own."""
        made: torch.optim.Optimizer | None = self.optimizer  # type: ignore[has-type]  # the Trainer's
        if made is None:
            kind, options = self.get_optimizer_cls_and_kwargs(self.args, self.model)
            made = kind(self._groups(self.model if model is None else model), **options)
        self.optimizer = made
        return made

    def floating_point_ops(self, inputs: dict[str, Any]) -> int:  # noqa: ARG002  # the Trainer's signature
        """None counted: the Trainer's estimate walks through all modules in each pass, and nobody reads it."""
        return 0

    def learnt_tensors(self) -> dict[str, Tensor]:
        """What learns, by name, gathered from all ranks."""
        return self._gathered(self.prepared.names)

    def _gathered(self, names: Iterable[str]) -> dict[str, Tensor]:
        own = dict(self.accelerator.unwrap_model(self.model).named_parameters())
        return {name: _whole(own[name]) for name in names}

    def _groups(self, model: nn.Module) -> list[dict[str, Any]]:
        said, decayed = self.prepared.recipe.optimizer, set(self.get_decay_parameter_names(model))
        projector_rate = said.projector_learning_rate or said.learning_rate
        a_layer = self.prepared.recipe.against_forgetting.layer_decay
        below = depths(name for name, weight in model.named_parameters() if weight.requires_grad)
        groups: dict[tuple[float, float], list[nn.Parameter]] = {}
        for name, weight in model.named_parameters():
            if weight.requires_grad:
                adapter = "lora_" in name or name.endswith(".vectors")
                whole = not adapter and self.prepared.recipe.method != "full"
                rate = (projector_rate if whole else said.learning_rate) * a_layer ** below[name]
                groups.setdefault((rate, said.weight_decay if name in decayed else 0.0), []).append(weight)
        return [{"params": some, "lr": rate, "weight_decay": decay} for (rate, decay), some in groups.items()]

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        rows = self.train_dataset if train_dataset is None else train_dataset
        batch = self.args.per_device_train_batch_size * self.args.world_size
        return EpochOrder(len(rows), self.args.seed, batch, self._lengths)

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:  # noqa: ARG002  # the Trainer's signature
        """Write the state from which a killed training goes on, then hand over what is to be kept."""
        step = self.state.global_step
        home = Path(self.args.output_dir)
        self._write_state(home, step)
        if step in self.hooks.due:
            self.keep(step)

    def keep(self, step: int) -> None:
        """Hand over what has been learnt by `step`; the training's chance is afterwards as it was before."""
        names: Iterable[str] = self.prepared.names
        if self.prepared.recipe.method == "full":  # the frozen parts are written too, and may be spread as well
            names = [name for name, _ in self.prepared.model.named_parameters()]
        with _chance_kept():
            if self.hooks.keep(step, self._gathered(names)):
                self.control.should_training_stop = True

    def _write_state(self, home: Path, step: int) -> None:
        part, whole = home / f".{STATE_PREFIX}{step}.part", home / f"{STATE_PREFIX}{step}"
        tensors = {name: tensor.cpu().contiguous() for name, tensor in self.learnt_tensors().items()}
        if self.args.should_save:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            save_file(tensors, part / LEARNT)
            self.state.save_to_json(str(part / "trainer_state.json"))
        self.accelerator.wait_for_everyone()
        self._save_optimizer_and_scheduler(str(part))
        self._save_scaler(str(part))
        self._save_rng_state(str(part))
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            shutil.rmtree(whole, ignore_errors=True)
            part.rename(whole)
            for older in home.glob(f"*{STATE_PREFIX}*"):
                if older != whole:
                    shutil.rmtree(older)
        self.accelerator.wait_for_everyone()

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Give what learns the values of a state."""
        if self.is_fsdp_enabled:
            super()._load_from_checkpoint(resume_from_checkpoint, model)
            return
        self.prepared.set_tensors(load_file(Path(resume_from_checkpoint) / LEARNT))


class _Flow(TrainerCallback):
    """Says when to save, and tells a caller of each step."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks

    def on_step_end(self, _: Any, state: TrainerState, control: TrainerControl, **__: Any) -> TrainerControl:
        self._hooks.advance(state.global_step)
        every = self._hooks.state_every
        if state.global_step in self._hooks.due or (every and state.global_step % every == 0):
            control.should_save = control.should_log = True
        return control


def newest_state(home: Path) -> Path | None:
    """The newest whole state below `home`, if there is one."""
    found = [path for path in home.glob(f"{STATE_PREFIX}*") if path.is_dir()]
    return max(found, key=lambda path: int(path.name.removeprefix(STATE_PREFIX)), default=None)


@contextmanager
def _chance_kept() -> Iterator[None]:
    """Every source of chance is afterwards as it was before."""
    python, array = random.getstate(), np.random.get_state()  # the Trainer's state, not ours
    with torch.random.fork_rng():
        yield
    random.setstate(python)
    np.random.set_state(array)


def _whole(weight: Tensor) -> Tensor:
    """A weight that may be spread over ranks, whole."""
    if hasattr(weight, "full_tensor"):  # FSDP2
        gathered: Tensor = weight.full_tensor().detach().cpu()
        return gathered
    if hasattr(weight, "ds_id"):  # ZeRO-3
        from deepspeed import zero

        with zero.GatheredParameters([weight]):
            return weight.detach().to("cpu", copy=True)
    return weight.detach()
