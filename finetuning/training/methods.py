"""What learns: the projector, adapters, learnt tokens or all of the language model; the vision encoder never does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftConfig, PromptTuningConfig, inject_adapter_in_model
from safetensors.torch import save_file
from torch import Tensor, nn

from emt_tasks.errors import EmtError
from finetuning.recipes.recipe import Recipe
from finetuning.training.base_model import LoadedBase
from finetuning.training.lora import language_model_of, lora_config, projector_name, tower_of
from model_wrappers.checkpoints.loading import load_processor
from model_wrappers.checkpoints.soft_prompt import KEY, learnt_tokens, put_on

SLOT = "default"
PROJECTOR_FILE = "projector.safetensors"
ADAPTER_FILE = "adapter_model.safetensors"


@dataclass(slots=True, eq=False)
class Prepared:
    """A base of which some weights learn.

    Attributes:
        loaded: the base.
        recipe: what was prepared.
        names: of the weights that learn, as `model.named_parameters()` has them.
        start: their values before the first step, on the CPU, by name; empty where they were not kept (`full`).
        config: PEFT's, of what was put on; None for `linear` and `full`.
    """

    loaded: LoadedBase
    recipe: Recipe
    names: tuple[str, ...]
    start: dict[str, Tensor]
    config: PeftConfig | None
    _children: list[tuple[nn.Module, str, nn.Module]]
    _before: dict[str, Tensor] = field(default_factory=dict)

    @property
    def model(self) -> Any:
        """The transformers model, with what was put on it."""
        return self.loaded.model

    @property
    def learnt(self) -> dict[str, nn.Parameter]:
        """The weights that learn, by name."""
        own = dict(self.model.named_parameters())
        return {name: own[name] for name in self.names}

    def tensors(self) -> dict[str, Tensor]:
        """The values of what learns, by name, as they are now."""
        return {name: weight.detach() for name, weight in self.learnt.items()}

    def set_tensors(self, values: Mapping[str, Tensor]) -> None:
        """Give what learns other values, by name."""
        with torch.no_grad():
            for name, weight in self.learnt.items():
                weight.copy_(values[name])

    def undo(self) -> None:
        """Leave the base as it was before, bit for bit.

        Raises:
            EmtError: the values of before were not kept.
        """
        if self.recipe.method == "full" and not self._before:
            raise EmtError("full fine-tuning has changed the base in memory. Load it again.")
        own = dict(self.model.named_parameters())
        for name, tensor in self._before.items():
            own[name].data = tensor
        for parent, leaf, child in self._children:
            if getattr(parent, leaf) is not child:
                setattr(parent, leaf, child)
        for left in ("peft_config", "_hf_peft_config_loaded"):
            if left in vars(self.model):
                delattr(self.model, left)
        self.model.eval().requires_grad_(requires_grad=False)


def prepare(loaded: LoadedBase, recipe: Recipe, seed: int, keep_start: bool = True) -> Prepared:
    """Have those weights of a base learn that `recipe.method` names, in float32, and no others.

    Args:
        loaded: the base, with nothing on it.
        recipe: its method, and the sizes of what is put on.
        seed: of the first values of adapters and learnt tokens.
        keep_start: whether `full` keeps a copy of the language model, for `undo` and for what compares with it.

    Raises:
        EmtError: the base has no place for the method.
    """
    model = loaded.model
    children = [(parent, leaf, child) for parent in model.modules() for leaf, child in parent.named_children()]
    projector = projector_name(model)
    model.requires_grad_(requires_grad=False)
    config = _put_on(loaded, recipe, seed)
    within = _learns_within(model, recipe, projector)
    frozen = {id(weight) for weight in tower_of(model).parameters()}
    frozen -= {id(weight) for weight in model.get_submodule(projector).parameters()}  # Qwen's is part of its tower
    names, before, start = [], {}, {}
    for name, weight in model.named_parameters():
        added = "lora_" in name or name.endswith(".vectors")
        if not (added or name.startswith(within)) or id(weight) in frozen:
            continue
        names.append(name)
        if not added and (recipe.method != "full" or keep_start):
            before[name] = weight.data
            weight.data = weight.data.clone()
        weight.data = weight.data.float()
        weight.requires_grad_(requires_grad=True)
        if added or name in before:
            start[name] = weight.detach().to("cpu", copy=True)
    return Prepared(loaded, recipe, tuple(names), start, config, children, before)


def _put_on(loaded: LoadedBase, recipe: Recipe, seed: int) -> PeftConfig | None:
    """Put the method's own weights on the model; PEFT's description of them."""
    model = loaded.model
    torch.manual_seed(seed)
    if recipe.method == "lora":
        config: LoraConfig = lora_config(model, recipe.lora)
        without_copies = LoraConfig(**{**config.to_dict(), "modules_to_save": None})  # the projector learns in place
        inject_adapter_in_model(without_copies, model, adapter_name=SLOT)
        return _told(config, loaded)
    if recipe.method == "prompt":
        if hasattr(model, "qformer"):
            raise EmtError(f"{type(model).__name__} reads prompts twice (Q-Former): learnt tokens have no place there.")
        table = model.get_input_embeddings().weight
        drawn = torch.randint(0, table.shape[0], (recipe.prompt.tokens,))  # as PEFT's SAMPLE_VOCAB
        put_on(model, table.detach()[drawn.to(table.device)].float().clone())
        text = model.config.get_text_config()
        return _told(
            PromptTuningConfig(
                task_type="CAUSAL_LM",
                num_virtual_tokens=recipe.prompt.tokens,
                token_dim=table.shape[1],
                num_layers=text.num_hidden_layers,
                num_attention_heads=text.num_attention_heads,
                num_transformer_submodules=1,
                modules_to_save=[projector_name(model).rpartition(".")[2]],
            ),
            loaded,
        )
    return None


def _told(config: Any, loaded: LoadedBase) -> PeftConfig:
    """The config as a folder has it: the base's name in it, and ready to answer."""
    config.base_model_name_or_path = loaded.name
    config.inference_mode = True
    told: PeftConfig = config
    return told


def _learns_within(model: Any, recipe: Recipe, projector: str) -> tuple[str, ...]:
    """Beginnings of the names of the base's own weights that learn."""
    if recipe.method != "full":
        return (f"{projector}.",)
    language, _ = language_model_of(model)
    head = next((name for name, part in model.named_modules() if part is model.get_output_embeddings()), None)
    return tuple(f"{name}." for name in (projector, language, head) if name)


def write_weights(prepared: Prepared, tensors: Mapping[str, Tensor], folder: Path) -> dict[str, str]:
    """Write a checkpoint's weights into `folder`, as `emt_llava` and PEFT read them.

    Args:
        prepared: what learnt.
        tensors: values for `prepared.names`, whole.
        folder: to write into.

    Returns:
        The names of the arguments of `--model-args` that take the folder, and "" for each.
    """
    method = prepared.recipe.method
    held = {name: tensor.detach().to("cpu").contiguous() for name, tensor in tensors.items()}
    if method == "linear":
        save_file(held, folder / PROJECTOR_FILE)
        return {"projector": ""}
    if method == "full":
        whole = dict(prepared.model.state_dict()) | held
        dtype = prepared.model.dtype if not prepared.loaded.half else torch.bfloat16
        prepared.model.save_pretrained(folder, state_dict={name: tensor.to(dtype) for name, tensor in whole.items()})
        load_processor(prepared.loaded.lm.arguments).save_pretrained(folder)
        return {"pretrained": ""}
    assert prepared.config is not None
    prepared.config.save_pretrained(folder)
    save_file({key_of(name, method): tensor for name, tensor in held.items()}, folder / ADAPTER_FILE)
    return {"peft": ""}


def key_of(name: str, method: str) -> str:
    """What PEFT calls a weight in a file."""
    if name.endswith(".vectors"):
        return KEY
    if method == "prompt":
        return f"base_model.{name}"
    return f"base_model.model.{name.replace(f'.{SLOT}.', '.')}"


def parts_that_learn(model: nn.Module) -> list[nn.Module]:
    """The modules with a weight that learns in them or below them: the others stay in eval mode."""
    return [part for part in model.modules() if any(weight.requires_grad for weight in part.parameters())]


__all__ = ["Prepared", "key_of", "learnt_tokens", "parts_that_learn", "prepare", "write_weights"]
