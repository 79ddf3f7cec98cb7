"""One of two ranks that evaluate the same task; started by `test_rows`."""

import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = os.environ["HF_DATASETS_OFFLINE"] = "1"

import torch.distributed as dist
from scripted import Scripted

from emt_tasks import harness
from emt_tasks.harness import evaluate_loaded
from emt_tasks.runs.evaluation import Evaluation


def say(doc: dict, _prompt: str) -> str:
    """Right, wrong, silent or a list, by the picture."""
    right, wrong = doc["labels"][doc["label"]], doc["labels"][doc["label"] - 1]
    return (f"It is a {right}.", f"It is a {wrong}.", " ", f"{wrong}, {right}")[int(doc["image_sha256"][0], 16) % 4]


if __name__ == "__main__":
    dist.init_process_group("gloo")
    model = Scripted(say)
    model._rank, model._world_size = dist.get_rank(), dist.get_world_size()
    with harness.reading_from(Path(sys.argv[1])):
        evaluate_loaded(
            model, "scripted", {}, Evaluation(("emt_cifar10_judge",), Path(sys.argv[2]), shown=False, offset=5)
        )
    dist.destroy_process_group()
