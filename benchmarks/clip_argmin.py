"""How long `clip_argmin` takes on 10,000 answers that repeat, beside embedding every row, in one run.

    python benchmarks/clip_argmin.py [--run SAMPLES.jsonl] [--text-model NAME]

Without `--text-model` the encoder is CLIP's text tower of ViT-B-32 (63 million weights, drawn at random) on the CPU;
without `--run` the answers are 10,000 drawn from 25, as many as tiny-llava gives on CIFAR-100. Naive is open_clip's own
tokenizer and `encode_text` on every row, one by one and in batches of 64, both estimated from a part of the rows.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import open_clip
import torch
from safetensors.torch import save_file

from emt_tasks import label_match
from emt_tasks.clip_argmin import ClipSettings, encoder_of, read_all
from emt_tasks.labels import label_set

ANSWERS, DISTINCT, BATCH = 10_000, 25, 64
NAIVE_ROWS = {1: 64, BATCH: 256}  # measured of each; the rest is proportion


def drawn_encoder(folder: Path) -> str:
    """CLIP ViT-B-32 with weights drawn at random, saved in `folder`."""
    config = open_clip.get_model_config("ViT-B-32")
    torch.manual_seed(0)
    model = open_clip.create_model("ViT-B-32")
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": {}}))
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, folder / "m.safetensors")
    return str(folder)


def answers_of(run: Path | None) -> list[str]:
    """10,000 answers: those of a run's sample log over and over, or drawn."""
    draw = random.Random(0)
    if run is None:
        labels = label_set("cifar100").labels
        some = [f"The object is a(n) {label}." for label in draw.sample(labels, DISTINCT)]
    else:
        some = [json.loads(line)["emt"]["raw"] for line in run.open(encoding="utf8")]
    return [draw.choice(some) for _ in range(ANSWERS)]


def seconds(work: Callable[[], object]) -> float:
    """The time of `work`."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@torch.inference_mode()
def naive(model: torch.nn.Module, tokenizer: Callable, answers: Sequence[str], batch: int) -> None:
    """Every row through open_clip's own functions."""
    for start in range(0, len(answers), batch):
        model.encode_text(tokenizer(list(answers[start : start + batch])))


def main() -> None:
    """Print a line for each way."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", type=Path)
    parser.add_argument("--text-model")
    given = parser.parse_args()
    labels, answers = label_set("cifar100"), answers_of(given.run)
    with tempfile.TemporaryDirectory() as folder:
        name = given.text_model or drawn_encoder(Path(folder))
        settings = ClipSettings(name, device="cpu", cache=Path(folder) / "kept.sqlite")
        encoder = encoder_of(settings)
        model, tokenizer = encoder._model, encoder._tokenizer  # type: ignore[attr-defined]
        read_all(["warm"], label_set("mnist"), replace(settings, cache=Path(folder) / "warm.sqlite"))
        label_match.read("warm", labels)
        first = seconds(lambda: read_all(answers, labels, settings))
        again = seconds(lambda: read_all(answers, labels, settings))
        by = {
            batch: seconds(lambda b=batch, n=rows: naive(model, tokenizer, answers[:n], b)) * ANSWERS / rows
            for batch, rows in NAIVE_ROWS.items()
        }
    print(f"{ANSWERS} answers, {len(set(answers))} distinct, against the 100 labels of CIFAR-100")
    print(f"{'':<28}{'s':>9}{'of one by one':>16}{'of batches':>13}")
    for what, took in (
        ("first time, labels too", first),
        ("again", again),
        ("every row, one by one", by[1]),
        ("every row, batches of 64", by[BATCH]),
    ):
        print(f"{what:<28}{took:>9.3f}{100 * took / by[1]:>14.2f} %{100 * took / by[BATCH]:>11.2f} %")


if __name__ == "__main__":
    main()
