"""How many operations a network costs."""

from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from finetuning.repro.networks import Classifier


def flops_per_picture(classifier: Classifier, pixels: Tensor) -> tuple[float, float]:
    """Operations, a multiplication and an addition being two: of a picture's forward pass, and with its backward.

    Args:
        classifier: any, also on the meta device.
        pixels: a batch for it.
    """
    counts = []
    for backward in (False, True):
        with FlopCounterMode(display=False) as counter:
            _, logits = classifier(pixels)
            if backward:
                logits.sum().backward()
        counts.append(counter.get_total_flops() / len(pixels))
    classifier.zero_grad(set_to_none=True)
    return counts[0], counts[1]
