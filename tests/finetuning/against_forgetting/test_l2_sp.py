"""L2-SP: its value and gradient are those of its formula, on the weights that the model computes with."""

from pathlib import Path

import pytest
import torch

from emt_tasks.errors import EmtError
from finetuning.against_forgetting.l2_sp import Penalty, require_whole
from finetuning.recipes.against_forgetting import L2SP
from finetuning.recipes.recipe import read_recipe
from finetuning.training.base_model import LoadedBase
from finetuning.training.methods import prepare
from finetuning.tuning.tune import tune

SMALL = {"lora.rank": 2, "lora.alpha": 6, "prompt.tokens": 3}


def moved(loaded: LoadedBase, method: str):
    """A base of which what learns stands somewhere else than at its start."""
    prepared = prepare(loaded, read_recipe(f"toy-{method}", SMALL), seed=0)
    torch.manual_seed(1)
    prepared.set_tensors(
        {name: weight + 0.1 * torch.randn(weight.shape) for name, weight in prepared.tensors().items()}
    )
    return prepared


def by_formula(prepared, alpha: float, beta: float) -> torch.Tensor:
    """alpha/2 ||w - w0||^2 + beta/2 ||v||^2, with each adapted matrix written out."""
    learnt, total = prepared.learnt, torch.zeros(())
    for name, weight in learnt.items():
        if "lora_A" in name:
            change = 6 / 2 * learnt[name.replace("lora_A", "lora_B")] @ weight  # W - W0
            total = total + alpha / 2 * (change**2).sum()
        elif name.endswith(".vectors"):
            total = total + beta / 2 * (weight**2).sum()
        elif "lora_B" not in name:
            total = total + alpha / 2 * ((weight - prepared.start[name]) ** 2).sum()
    return total


@pytest.mark.parametrize("method", ["linear", "lora", "prompt", "full"])
def test_value_and_gradient_are_those_of_the_formula(method: str, loaded: LoadedBase) -> None:
    prepared = moved(loaded, method)
    weights = list(prepared.learnt.values())
    try:
        ours = Penalty(L2SP(alpha=0.3, beta=0.7))(prepared)
        wanted = by_formula(prepared, 0.3, 0.7)
        torch.testing.assert_close(ours, wanted)
        pairs = zip(torch.autograd.grad(ours, weights), torch.autograd.grad(wanted, weights), strict=True)
        for got, expected in pairs:
            torch.testing.assert_close(got, expected)
    finally:
        prepared.undo()


@pytest.mark.parametrize("method", ["linear", "lora", "full"])
def test_at_the_start_it_is_nothing_and_pulls_nowhere(method: str, loaded: LoadedBase) -> None:
    prepared = prepare(loaded, read_recipe(f"toy-{method}", SMALL), seed=0)
    try:
        penalty = Penalty(L2SP(alpha=1.0))(prepared)
        assert float(penalty.detach()) == 0
        assert all(not part.any() for part in torch.autograd.grad(penalty, list(prepared.learnt.values())))
    finally:
        prepared.undo()


def test_a_training_with_it_stays_nearer_to_the_base(loaded: LoadedBase, make_job, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    start = dict(loaded.model.named_parameters())

    def distance(alpha: float | None) -> float:
        said = {"against_forgetting.l2_sp": {"alpha": alpha}} if alpha else {}
        tuned = tune(make_job("linear", said, out=tmp_path / str(alpha)), loaded, shown=False)
        held = load_file(tuned.checkpoints[-1].folder / "projector.safetensors")
        return float(sum(((weight - start[name]) ** 2).sum() for name, weight in held.items()))

    assert distance(1000.0) < 0.7 * distance(None)


def test_weights_that_are_spread_over_processes_are_refused() -> None:
    with pytest.raises(EmtError, match="is spread over processes"):
        require_whole({"w": torch.zeros(2)}, {"w": torch.zeros(4)})
