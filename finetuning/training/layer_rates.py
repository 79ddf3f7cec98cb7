"""Learning rates that fall from layer to layer, toward the input (discriminative fine-tuning)."""

import re
from collections.abc import Iterable

LAYER = re.compile(r"\.(?:layers|blocks|h)\.(\d+)\.")
BELOW = ("projector", "embed", "wte", "wpe", "language_projection", "qformer")  # what stands between input and layers


def depths(names: Iterable[str]) -> dict[str, int]:
    """How many layers each weight stands below the topmost one, by name.

    Norms and heads after the layers are at 0 with the last of them; projector and embeddings one below the first.

    >>> depths(["m.projector.w", "m.layers.0.w", "m.layers.1.w", "lm_head.w"])
    {'m.projector.w': 2, 'm.layers.0.w': 1, 'm.layers.1.w': 0, 'lm_head.w': 0}
    """
    every = list(names)
    numbers = {name: int(found[1]) for name in every if (found := LAYER.search(name))}
    layers = max(numbers.values(), default=-1) + 1
    return {
        name: layers - 1 - numbers[name] if name in numbers else layers if any(b in name for b in BELOW) else 0
        for name in every
    }
