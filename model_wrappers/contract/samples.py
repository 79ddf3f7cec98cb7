"""What wrappers are asked: drawn pictures in several sizes, the benchmark's own prompts, requests as the harness's."""

import random
from typing import Any

from lmms_eval.api.instance import Instance
from PIL import Image

from emt_tasks.labels import label_set

TASK, SPLIT = "contract", "test"
LABELS = label_set("cifar10").labels
QUESTION = "What is the object in the image?"
LISTED = f"{QUESTION} Please only answer a single object in {', '.join(LABELS)}."
LENGTHS = (LISTED, QUESTION, f"{LISTED} Use one word.", "What is it?", f"Look at the image. {LISTED} Which one is it?")
"""Prompts of five lengths."""
SIZES = ((32, 32), (48, 32), (32, 40))
FEWEST, TOKENS = 6, 12  # of an answer: enough to differ in, even where a toy would stop at once; few enough for a CPU


def drawn(seed: int) -> Image.Image:
    """A picture of coarse noise, another for each seed: its blocks outlast any encoder's resizing."""
    noise = random.Random(seed)  # noqa: S311  # a picture, no key
    blocks = Image.frombytes("RGB", (4, 4), noise.randbytes(4 * 4 * 3))
    return blocks.resize(SIZES[seed % len(SIZES)], Image.Resampling.NEAREST)


def rows(count: int) -> list[dict[str, Any]]:
    """Rows with the columns that rows of CIFAR-10 have in the benchmark."""
    labels = list(LABELS)
    return [
        {"image": drawn(row), "label": row % 10, "label_name": labels[row % 10], "labels": labels}
        for row in range(count)
    ]


def generation(prompt: str, row: int, **settings: Any) -> Instance:
    """A request for an answer about the picture in `row`; greedy unless `settings` say otherwise."""
    given = {
        "max_new_tokens": TOKENS,
        "min_new_tokens": FEWEST,
        "until": ["\n\n"],
        "do_sample": False,
        "temperature": 0,
        **settings,
    }
    return _request("generate_until", (prompt, given, _visuals, row, TASK, SPLIT), row)


def scoring(prompt: str, answer: str, row: int) -> Instance:
    """A request for the likelihood of `answer`, which begins with the space that stands before it."""
    return _request("loglikelihood", (prompt, answer, _visuals, row, TASK, SPLIT), row)


def _visuals(row: dict[str, Any]) -> list[Image.Image]:
    return [row["image"]]


def _request(kind: str, arguments: tuple[Any, ...], row: int) -> Instance:
    about = {"task": TASK, "doc_id": row, "repeats": 1}
    return Instance(request_type=kind, arguments=arguments, idx=0, metadata=about)
