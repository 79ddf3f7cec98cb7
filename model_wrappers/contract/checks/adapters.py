"""Whether an adapter changes what it should, and leaves nothing behind."""

import hashlib
import tempfile
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig
from safetensors.torch import save_file
from torch import Tensor, nn

from model_wrappers.closed_set.decoder_inputs import decoder_of
from model_wrappers.contract.findings import Broken, DoesNotApply
from model_wrappers.contract.samples import LABELS, LISTED, generation, scoring
from model_wrappers.contract.subject import ROUNDING, Subject

RANK = 4
LOUDNESS = 0.5  # of the adapter's part, beside the weights that it is on
NEAR = 1e-3  # nats: two orders of the same sum, added up over layers and tokens
ROWS = 3
DO = "HFModel's use_adapter does it by PEFT, without merging; one of your own has to put all of an adapter on, and off."
Pairs = Mapping[str, tuple[Tensor, Tensor]]
"""An adapter's matrices by the name of the layer: A (rank, in) and B (out, rank)."""


def adapters_do_what_they_should(subject: Subject) -> str:
    """With an adapter on, answers are those of the base plus its matrices; taken off, the base is what it was."""
    lm = subject.lm
    model = getattr(lm, "model", None)
    if not hasattr(lm, "use_adapter") or not isinstance(model, nn.Module):
        raise DoesNotApply("it takes no adapters (a method use_adapter and the transformers model as `model`)")
    layers = _layers(model)
    if not layers:
        raise DoesNotApply("its language model has no plain linear layers: it is quantised, or packed")
    bare, before = _values(subject), _state(model)
    with tempfile.TemporaryDirectory() as place:
        pairs = _write_noise(layers, Path(place))
        lm.use_adapter(place)
        tuned = _values(subject)
        lm.use_adapter(None)
    left = _values(subject)
    same = left[0] == bare[0] and _difference(left, bare) <= ROUNDING
    if not same or _state(lm.model) != before:
        raise Broken("After the adapter was taken off, the base answers otherwise or its weights differ.", DO)
    with _merged(lm.model, pairs):
        wanted = _values(subject)
    if tuned[0] == bare[0] and _difference(tuned, bare) <= ROUNDING:
        raise Broken("With an adapter on, nothing changed.", DO)
    difference = _difference(tuned, wanted)
    if not difference <= NEAR:
        raise Broken(f"With an adapter on, scores differ by {difference:.1e} nats from base plus matrices.", DO)
    return f"LoRA on {len(layers)} layers: {difference:.0e} nats from base plus matrices; off, the base bit for bit"


def _layers(model: nn.Module) -> dict[str, nn.Linear]:
    """The language model's linear layers by name; those of the whole model where it can't be told."""
    try:
        inside = {id(module) for module in decoder_of(model).modules()}
    except (TypeError, AttributeError):
        inside = {id(module) for module in model.modules()}
    output = getattr(model, "get_output_embeddings", None)
    head = output() if callable(output) else None
    return {
        name: module
        for name, module in model.named_modules()
        if type(module) is nn.Linear and id(module) in inside and module is not head
    }


def _write_noise(layers: Mapping[str, nn.Linear], folder: Path) -> Pairs:
    """Write a PEFT adapter of noise for `layers` into `folder`; its matrices."""
    noise = torch.Generator().manual_seed(0)
    pairs = {}
    for name, layer in layers.items():
        down = torch.randn(RANK, layer.in_features, generator=noise) / RANK**0.5
        up = torch.randn(layer.out_features, RANK, generator=noise) * LOUDNESS * float(layer.weight.float().std())
        pairs[name] = (down, up)
    stem = "base_model.model."
    tensors = {f"{stem}{name}.lora_A.weight": down for name, (down, _) in pairs.items()}
    tensors |= {f"{stem}{name}.lora_B.weight": up for name, (_, up) in pairs.items()}
    save_file(tensors, folder / "adapter_model.safetensors")
    LoraConfig(r=RANK, lora_alpha=RANK, target_modules=sorted(layers), inference_mode=True).save_pretrained(folder)
    return pairs


@contextmanager
def _merged(model: nn.Module, pairs: Pairs) -> Any:
    """Have the layers' weights be the sum of themselves and an adapter's product meanwhile."""
    kept = {name: _weight(model, name).detach().clone() for name in pairs}
    try:
        with torch.no_grad():
            for name, (down, up) in pairs.items():
                weight = _weight(model, name)
                weight.data.add_((up @ down).to(weight.device, weight.dtype))
        yield
    finally:
        with torch.no_grad():
            for name, own in kept.items():
                _weight(model, name).data.copy_(own)


def _weight(model: nn.Module, layer: str) -> nn.Parameter:
    return model.get_parameter(f"{layer}.weight")


def _values(subject: Subject) -> tuple[list[str], list[float]]:
    """What the model answers, and what it thinks of a few labels; no labels where it does not score."""
    answers = subject.answers([generation(LISTED, row) for row in range(ROWS)])
    asked = [scoring(LISTED, f" {label}", row) for row in range(ROWS) for label in LABELS[:3]]
    try:
        return answers, [float(loss) for loss, _ in subject.likelihoods(asked)]
    except DoesNotApply:
        return answers, []


def _difference(one: tuple[list[str], list[float]], other: tuple[list[str], list[float]]) -> float:
    """The largest difference in nats; of a model that does not score, infinity where answers differ."""
    if not one[1]:
        return 0.0 if one == other else float("inf")
    return max(abs(first - second) for first, second in zip(one[1], other[1], strict=True))


def _state(model: nn.Module) -> str:
    """A hash of all weights under their names."""
    seen = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        seen.update(name.encode())
        seen.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return seen.hexdigest()
