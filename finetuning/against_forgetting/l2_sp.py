"""L2-SP: a penalty on the distance from the weights before tuning."""

from collections.abc import Mapping

import torch
from torch import Tensor

from emt_tasks.errors import EmtError
from finetuning.recipes.against_forgetting import L2SP
from finetuning.training.methods import Prepared


class Penalty:
    """The penalty of a training: alpha/2 times the squared distance from the base, of all that learns.

    The change that an adapter makes to a matrix is s B A, so its part of the distance is s^2 ||B A||^2, which is the
    trace of (A A^T)(B^T B): no matrix of the base's size is made.

    Args:
        said: the coefficients.
    """

    def __init__(self, said: L2SP) -> None:
        self._said = said
        self._start: dict[str, Tensor] = {}  # on the device of what learns, once it is known

    def __call__(self, prepared: Prepared) -> Tensor:
        """The penalty at the weights as they are now, a scalar with gradient.

        Raises:
            EmtError: the weights are spread over processes, so that none of them knows the distance.
        """
        learnt = prepared.learnt
        require_whole(learnt, prepared.start)
        scale = prepared.recipe.lora.alpha / prepared.recipe.lora.rank  # PEFT's s
        near, new = [], []
        for name, weight in learnt.items():
            if "lora_A" in name:
                near.append(scale**2 * product_norm(weight, learnt[name.replace("lora_A", "lora_B")]))
            elif name.endswith(".vectors"):
                new.append(weight.square().sum())
            elif "lora_B" not in name:
                near.append((weight - self._started(name, weight, prepared)).square().sum())
        device = next(iter(learnt.values())).device
        zero = torch.zeros((), device=device)
        distance = sum((part.to(device) for part in near), zero)
        size = sum((part.to(device) for part in new), zero)
        return self._said.alpha / 2 * distance + self._said.beta / 2 * size

    def _started(self, name: str, weight: Tensor, prepared: Prepared) -> Tensor:
        if name not in self._start:
            self._start[name] = prepared.start[name].to(weight.device)
        return self._start[name]


def product_norm(a: Tensor, b: Tensor) -> Tensor:
    """The squared Frobenius norm of b @ a, for a (r, in) and b (out, r), at the cost of two r x r products."""
    return ((a @ a.T) * (b.T @ b)).sum()


def require_whole(learnt: Mapping[str, Tensor], start: Mapping[str, Tensor]) -> None:
    """Raise where weights are spread over processes (FSDP, ZeRO-3).

    Raises:
        EmtError: they are.
    """
    for name, weight in learnt.items():
        if hasattr(weight, "full_tensor") or hasattr(weight, "ds_id") or weight.shape != start[name].shape:
            raise EmtError(
                f"{name} is spread over processes, where l2_sp and interpolation can't compare it with the base. Use "
                "data-parallel training (ddp), or take them out of against_forgetting."
            )
