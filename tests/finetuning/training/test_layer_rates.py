"""Discriminative fine-tuning: what stands lower learns at a smaller rate."""

from pathlib import Path

import pytest
from safetensors.torch import load_file

from emt_tasks.errors import EmtError
from finetuning.recipes.recipe import read_recipe
from finetuning.training.base_model import LoadedBase
from finetuning.training.layer_rates import depths
from finetuning.tuning.tune import tune

LLAVA = "model.language_model.layers"


def test_each_layer_stands_one_below_the_next_and_the_projector_below_them_all() -> None:
    names = [f"{LLAVA}.{layer}.self_attn.q_proj.lora_A.default.weight" for layer in range(12)]
    below = depths([*names, "model.multi_modal_projector.linear_1.weight", "lm_head.weight", "model.norm.weight"])
    assert [below[name] for name in names] == list(range(11, -1, -1))
    assert below["model.multi_modal_projector.linear_1.weight"] == 12
    assert below["lm_head.weight"] == below["model.norm.weight"] == 0


def test_names_without_layers_all_stand_alike() -> None:
    assert set(depths(["model.multi_modal_projector.linear_1.weight", "model.projector.bias"]).values()) == {0}


def test_the_rate_of_each_weight_is_the_decay_to_the_power_of_its_depth(
    loaded: LoadedBase, make_job, tmp_path: Path
) -> None:
    """AdamW's first step is the learning rate, whatever the gradient: the steps tell the rates."""
    one_step = {"batch_size": 24, "device_batch_size": 24, "optimizer.warmup": 0, "optimizer.schedule": "constant"}
    start = dict(loaded.model.named_parameters())

    def steps(decay: float) -> dict[str, float]:
        said = one_step | {"against_forgetting.layer_decay": decay}
        tuned = tune(make_job("full", said, out=tmp_path / str(decay)), loaded, shown=False)
        held = load_file(tuned.checkpoints[-1].folder / "model.safetensors")
        moved = {name: name.replace("language_model.model", "model.language_model") for name in held}
        return {
            own: float((held[name] - start[own]).abs().max())
            for name, own in moved.items()
            if own in start and ("layers.0.mlp" in own or "multi_modal_projector" in own)
        }

    even, falling = steps(1.0), steps(0.25)
    assert even
    for name, moved in even.items():
        wanted = 0.25 if "projector" in name else 1.0
        assert falling[name] == pytest.approx(wanted * moved, rel=0.02), name


@pytest.mark.parametrize("method", ["linear", "prompt"])
def test_a_method_without_layers_has_no_use_for_it(method: str) -> None:
    with pytest.raises(EmtError, match=f"layer_decay: {method} changes no layer"):
        read_recipe(method, {"against_forgetting.layer_decay": 0.5})
