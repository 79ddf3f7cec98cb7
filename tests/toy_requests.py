"""Requests as lmms-eval makes them, and rows of pictures to ask about."""

from typing import Any

import numpy as np
from lmms_eval.api.instance import Instance
from PIL import Image

TASK, SPLIT = "toy", "test"


def pictures(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Rows with noise in three sizes."""
    noise = np.random.default_rng(seed)
    shapes = [(16, 16, 3), (20, 16, 3), (16, 24, 3)]
    return [{"image": Image.fromarray(noise.integers(0, 256, shapes[i % 3], dtype=np.uint8))} for i in range(count)]


def generate(context: str, row: int = 0, **settings: Any) -> Instance:
    """A request for an answer about the picture in `row`."""
    given = {"max_new_tokens": 8, "until": ["\n\n"], **settings}
    return _instance("generate_until", (context, given, lambda doc: [doc["image"]], row, TASK, SPLIT), row)


def score(context: str, answer: Any, row: int = 0) -> Instance:
    """A request for the likelihood of `answer`."""
    return _instance("loglikelihood", (context, answer, lambda doc: [doc["image"]], row, TASK, SPLIT), row)


def _instance(kind: str, arguments: tuple, row: int) -> Instance:
    metadata = {"task": TASK, "doc_id": row, "repeats": 1}
    return Instance(request_type=kind, arguments=arguments, idx=0, metadata=metadata)


def ask(model: Any, requests: list[Instance], rows: Any) -> list[Any]:
    """The model's answers, generated or scored, without a progress bar."""
    model.task_dict = {TASK: {SPLIT: rows}}
    model.on_batch = lambda _: None
    return getattr(model, requests[0].request_type)(requests)
