"""Adapters and projectors on a loaded base: put on with every key accounted for, taken off without a trace."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import torch
from peft import get_peft_model_state_dict, inject_adapter_in_model, set_peft_model_state_dict
from peft.tuners.tuners_utils import cast_adapter_dtype
from torch import nn

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.adapter_files import CONFIG, Adapter, read_adapter
from model_wrappers.checkpoints.adapter_targets import Targets, aimed, missing_layers, targets_of
from model_wrappers.checkpoints.layouts import Layout
from model_wrappers.checkpoints.loading import bare_model
from model_wrappers.checkpoints.misfits import require_fit
from model_wrappers.checkpoints.projector import read_projector
from model_wrappers.checkpoints.replacements import Replacements, bare, replacing_tensors
from model_wrappers.checkpoints.soft_prompt import KEY, put_on
from model_wrappers.checkpoints.tensor_files import Shapes, load_trained, tensor_shapes
from model_wrappers.checkpoints.trained_beside import beside_lora

logger = logging.getLogger(__name__)
SLOT = "default"
COPIED = ".base_layer."  # PEFT saves an embedding or head that an adapter is on along with it


def check_adapter(
    pretrained: str,
    peft: str | None,
    projector: str | None,
    revision: str | None = None,
    trust_remote_code: bool = False,
) -> None:
    """Find out whether an adapter and a projector fit a base, from its config and the headers of their files.

    Args:
        pretrained: folder or hub id of the base, whose weights are not needed.
        peft: folder or hub id of an adapter, PEFT's or the LLaVA repository's.
        projector: file or folder with the projector's weights.
        revision: of the base.
        trust_remote_code: whether code that comes with the base may run.

    Raises:
        EmtError: something is missing, damaged or made for another base.
    """
    model = bare_model(pretrained, revision, trust_remote_code)
    Tuning(model, pretrained).check(peft, projector)


class Tuning:
    """What is put on one base at a time: an adapter, a projector, both or nothing.

    The adapter stays unmerged, so that one of a sweep and one alone do the same arithmetic.

    Args:
        model: a transformers model without adapter, loaded or on the meta device.
        base: what its user calls it.
    """

    def __init__(self, model: Any, base: str) -> None:
        self.model, self.base = model, base
        self.layout = Layout(model)
        self._children = [
            (parent, leaf, child) for parent in model.modules() for leaf, child in parent.named_children()
        ]
        self._replaced: list[tuple[nn.Parameter, torch.Tensor]] = []

    def use(self, peft: str | None, projector: str | None) -> None:
        """Put on `peft` and `projector` instead of what is on; None and None leave the base alone.

        Raises:
            EmtError: one of them does not fit; the base is alone then.
        """
        self.drop()
        self._require_weights(peft or projector)
        try:
            self._put_on(peft, projector, load=True)
        except BaseException:
            self.drop()
            raise

    def _require_weights(self, asked: str | None) -> None:
        """Raise where something is to be put on weights that `device_map` left without a device."""
        away = next((name for name, weights in self.model.named_parameters() if weights.is_meta), None)
        if asked and away:
            raise EmtError(
                f"{asked} can't be put on {self.base!r}: device_map found no room on a device for some of its weights "
                f"({away}, ...). Give it more (max_memory, load_in_8bit=true), or merge the adapter into a copy."
            )

    def check(self, peft: str | None, projector: str | None) -> None:
        """Find out whether `peft` and `projector` fit, from the headers of their files.

        Raises:
            EmtError: one of them does not.
        """
        self.drop()
        try:
            self._put_on(peft, projector, load=False)
        finally:
            self.drop()

    def drop(self) -> None:
        """Leave the base as it was loaded, bit for bit: its own modules in their places, its own tensors in them."""
        for parent, leaf, child in self._children:
            if getattr(parent, leaf) is not child:
                setattr(parent, leaf, child)
        for parameter, original in self._replaced:
            parameter.data = original
        self._replaced.clear()
        for left in ("peft_config", "_hf_peft_config_loaded"):
            if left in vars(self.model):
                delattr(self.model, left)

    def _put_on(self, peft: str | None, projector: str | None, load: bool) -> None:
        adapter = None if peft is None else read_adapter(peft)
        whole = []
        if projector is not None:
            whole.append(read_projector(projector, self.model, self.layout, self.base))
        if adapter is not None:
            whole += beside_lora(adapter, self.model, self.layout, self.base, alone=projector is None)
            self._require_one_projector(adapter, whole)
        for found in whole:
            if load:
                self._replace(replacing_tensors(found, self.model))
        if adapter is not None and adapter.is_prompt:
            self._prompt(adapter, load)
        elif adapter is not None:
            self._inject(adapter, load)

    def _require_one_projector(self, adapter: Adapter, whole: Sequence[Replacements]) -> None:
        """Raise if two of adapter, what lies beside it and projector bring the same weight."""
        saved = tuple(f"{self.layout.module(name)}." for name in getattr(adapter.config, "modules_to_save", None) or ())
        twice = [name for name in whole[0].key_of if name in whole[-1].key_of] if len(whole) > 1 else []
        twice += [
            name for found in whole for name in found.key_of if any(f".{module}" in f".{name}" for module in saved)
        ]
        if twice:
            named = " and ".join(str(found.file) for found in whole)
            raise EmtError(
                f"peft={adapter.name} has a projector of its own ({twice[0]}), which {named} has as well. Drop one of "
                "them."
            )

    def _replace(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Put tensors in the places of the base's own, which are kept."""
        for name, tensor in tensors.items():
            parameter = self.model.get_parameter(name)
            self._replaced.append((parameter, parameter.data))
            parameter.data = tensor.to(parameter.device, parameter.dtype)

    def _prompt(self, adapter: Adapter, load: bool) -> None:
        """Put on learnt tokens, and what was trained whole beside them."""
        shapes = tensor_shapes(adapter.weights)
        key_of = {KEY if key == KEY else self.layout.weight(bare(key)): key for key in shapes}
        said, table = adapter.config, self.model.get_input_embeddings().weight
        saved = tuple(f".{self.layout.module(bare(name))}." for name in getattr(said, "modules_to_save", None) or ())
        wanted = {
            name: tuple(weight.shape)
            for name, weight in self.model.named_parameters()
            if any(module in f".{name}" for module in saved)
        }
        wanted[KEY] = (said.num_virtual_tokens, table.shape[1])
        require_fit(
            adapter, self.base, self.model.config, {name: shapes[key] for name, key in key_of.items()}, wanted, ()
        )
        if load:
            tensors = load_trained(adapter.weights)
            put_on(self.model, tensors[KEY].to(table.device)).requires_grad_(requires_grad=False)
            self._replace({name: tensors[key] for name, key in key_of.items() if name != KEY})

    def _inject(self, adapter: Adapter, load: bool) -> None:
        shapes = tensor_shapes(adapter.weights)
        targets = targets_of(shapes, adapter.config, self.layout)
        modules = [name for name, _ in self.model.named_modules()]
        here = [name for name in targets.saved_as if name in set(modules)]
        absent = missing_layers(targets, adapter.config, modules)
        config = aimed(adapter.config, targets, self.layout)
        if here:
            try:
                inject_adapter_in_model(config, self.model, adapter_name=SLOT, low_cpu_mem_usage=not load)
            except (TypeError, ValueError) as error:
                raise EmtError(
                    f"peft={adapter.name}: PEFT can't make what its {CONFIG} says ({error}). Copy it again."
                ) from error
        found = {name: shapes[key] for name, key in targets.key_of.items()}
        wanted = self._wanted(found) if here else {}
        require_fit(adapter, self.base, self.model.config, found, wanted, absent)
        if load:
            self._fill(adapter, targets)

    def _wanted(self, found: Iterable[str]) -> Shapes:
        """The shape of every weight that the adapter on the model has, as its file would name it."""
        state = get_peft_model_state_dict(self.model, adapter_name=SLOT, save_embedding_layers=False)
        own = dict(self.model.named_parameters())
        state |= {name: own[name] for name in found if COPIED in name and name in own}
        return {name: tuple(tensor.shape) for name, tensor in state.items()}

    def _fill(self, adapter: Adapter, targets: Targets) -> None:
        cast_adapter_dtype(self.model, SLOT)  # to float32 on a base in half precision, as PEFT's own loading does
        tensors = load_trained(adapter.weights)
        state = {name: tensors[key] for name, key in targets.key_of.items()}
        self._replace({name: state.pop(name) for name in list(state) if COPIED in name})
        left: Mapping[str, Any] = set_peft_model_state_dict(self.model, state, adapter_name=SLOT)._asdict()
        assert not left["unexpected_keys"], left["unexpected_keys"]
        self.model.eval().requires_grad_(requires_grad=False)
        if adapter.trained_on and PurePath(adapter.trained_on).name != PurePath(self.base).name:
            logger.warning("%s was trained on %s and is put on %s", adapter.name, adapter.trained_on, self.base)
