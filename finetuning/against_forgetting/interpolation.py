"""WiSE-FT: weights on the straight line from the base to what was tuned."""

from collections.abc import Mapping
from pathlib import Path

from peft.utils import load_peft_weights
from safetensors.torch import load_file
from torch import Tensor

from emt_tasks.errors import EmtError
from finetuning.against_forgetting.l2_sp import require_whole
from finetuning.recipes.recipe import Recipe
from finetuning.training.base_model import load_base
from finetuning.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from finetuning.training.methods import PROJECTOR_FILE, Prepared, key_of, prepare, write_weights


def interpolated(tuned: Mapping[str, Tensor], start: Mapping[str, Tensor], alpha: float) -> dict[str, Tensor]:
    """(1 - alpha) start + alpha tuned; alpha is in [0, 1], 0 is the base and 1 what was tuned, bit for bit.

    An adapter's change is B A: with alpha B in the place of B it is alpha B A, the same line in the merged weights. Its
    A stays, and its start is not looked at.
    """
    return {
        name: weight if "lora_A" in name
        else alpha * weight if "lora_B" in name
        else (1 - alpha) * start[name].to(weight) + alpha * weight
        for name, weight in tuned.items()
    }  # fmt: skip


def write_interpolated(checkpoint: Checkpoint, prepared: Prepared, alpha: float, folder: Path) -> Checkpoint:
    """Write the point at `alpha` between the base and what `prepared` has learnt.

    Args:
        checkpoint: that has the weights of `prepared`.
        prepared: what learnt, with its start.
        alpha: share of the way, in [0, 1].
        folder: to write.

    Raises:
        EmtError: the weights are spread over processes.
    """
    require_whole(prepared.learnt, prepared.start)
    mixed = interpolated(prepared.tensors(), prepared.start, alpha)
    told = {name: value for name, value in checkpoint.told.items() if name not in ("schema", "takes", "weights")}
    told |= {"recipe_name": f"{checkpoint.recipe}-alpha-{alpha:g}", "alpha": alpha}
    return write_checkpoint(folder, told, lambda part: write_weights(prepared, mixed, part))


def interpolate(base: str, folder: Path, alpha: float, out: Path, device: str = "cpu") -> Checkpoint:
    """Write the point at `alpha` between `base` and the checkpoint in `folder` to `out`.

    Raises:
        EmtError: there is no such checkpoint, it does not fit the base, is itself such a point, or `out` is there.
    """
    checkpoint = read_checkpoint(folder)
    if "alpha" in checkpoint.told:
        raise EmtError(f"{folder} is itself such a point, at {checkpoint.told['alpha']}. Give the checkpoint it is of.")
    if checkpoint.method == "prompt":
        raise EmtError(f"{folder} has learnt prompt tokens, and the base has none to interpolate with.")
    if out.exists():
        raise EmtError(f"{out} is there already. Choose another --out.")
    recipe = Recipe.model_validate(checkpoint.told["made_of"]["recipe"])
    prepared = prepare(load_base(base, device), recipe, seed=0)
    values = learnt_values(checkpoint, prepared)
    odd = sorted(name for name, weight in prepared.learnt.items() if values[name].shape != weight.shape)
    if odd:
        raise EmtError(f"{folder} does not fit {base}: {odd[0]} has another shape. Name the base it was trained on.")
    prepared.set_tensors(values)
    return write_interpolated(checkpoint, prepared, alpha, out)


def learnt_values(checkpoint: Checkpoint, prepared: Prepared) -> dict[str, Tensor]:
    """What a checkpoint's folder holds, by the names of `prepared`.

    Raises:
        EmtError: something that learns is not in it.
    """
    if checkpoint.method == "full":
        held = dict(load_base(str(checkpoint.folder), "cpu").model.named_parameters())
        keys = {name: name for name in prepared.names}
    elif checkpoint.method == "linear":
        held = load_file(checkpoint.folder / PROJECTOR_FILE)
        keys = {name: name for name in prepared.names}
    else:
        held = load_peft_weights(str(checkpoint.folder), device="cpu")
        keys = {name: key_of(name, checkpoint.method) for name in prepared.names}
    lost = [name for name, key in keys.items() if key not in held]
    if lost:
        raise EmtError(f"{checkpoint.folder} has no {lost[0]}. Name the base it was trained on.")
    return {name: held[key].detach() for name, key in keys.items()}
