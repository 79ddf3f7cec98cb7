"""The network is torchvision's, with its features to be seen."""

import pytest
import torch
from torchvision.models import resnet18

from finetuning.repro.networks import ResNet18, stem_for


def test_with_imagenets_stem_it_answers_what_torchvisions_answers() -> None:
    ours, theirs = ResNet18(7, "imagenet", seed=3).eval(), resnet18(num_classes=7).eval()
    named = {name.removeprefix("net."): value for name, value in ours.state_dict().items()}
    theirs.load_state_dict({name.replace("head.", "fc."): value for name, value in named.items()})
    pixels = torch.randn(2, 3, 40, 40)
    with torch.inference_mode():
        features, logits = ours(pixels)
        assert torch.allclose(logits, theirs(pixels), atol=1e-5)
        assert torch.allclose(features @ ours.rows.T + ours.head.bias, logits, atol=1e-4)


@pytest.mark.parametrize(("stem", "side"), [("cifar", 4), ("imagenet", 1)])
def test_the_stem_for_small_pictures_leaves_eight_times_their_side(stem: str, side: int) -> None:
    network, seen = ResNet18(4, stem, seed=0), []
    network.net.layer4.register_forward_hook(lambda _module, _args, found: seen.append(found.shape[-1]))
    network.eval()(torch.zeros(1, 3, 32, 32))
    assert seen == [side]


def test_the_seed_alone_decides_the_first_weights_and_draws_from_nobody() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, same, other = ResNet18(4, "cifar", 0), ResNet18(4, "cifar", 0), ResNet18(4, "cifar", 1)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.head.weight, other.head.weight)


def test_small_pictures_have_the_stem_for_them() -> None:
    assert [stem_for(side) for side in (28, 32, 64, 65, 84)] == ["cifar", "cifar", "cifar", "imagenet", "imagenet"]
