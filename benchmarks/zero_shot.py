"""How fast `emt_clip` classifies a batch: against one picture at a time, and a bare loop over open_clip itself.

    python benchmarks/zero_shot.py

The toy of the tests (a ViT of 32x32 pixels), drawn pictures, the 10 labels of CIFAR-10. All take turns; the bare loop
preprocesses with open_clip's transform and takes the most similar class, and has its pictures decoded and its class
features ready.
"""

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ["TQDM_DISABLE"] = "1"

import torch
from lmms_eval.api.instance import Instance
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from emt_tasks.labels import label_set
from model_wrappers.clip import EmtClip

PICTURES, BATCH, TURNS = 512, 16, 9
LABELS = list(label_set("cifar10").labels)


def drawn() -> list[dict[str, Any]]:
    """Rows with a picture of noise each."""
    noise = (random.Random(place).randbytes(3 * 32 * 32) for place in range(PICTURES))
    return [{"image": Image.frombytes("RGB", (32, 32), some), "labels": LABELS} for some in noise]


def requests() -> list[Instance]:
    """One for each row."""
    return [
        Instance(
            request_type="generate_until",
            arguments=("?", {}, lambda row: [row["image"]], place, "set", "test"),
            idx=0,
            metadata={"task": "set", "doc_id": place, "repeats": 1},
        )
        for place in range(PICTURES)
    ]


def wrapped(folder: Path, rows: Sequence[dict[str, Any]], batch: int) -> Callable[[], list[str]]:
    """`emt_clip`, from rows to labels."""
    lm = EmtClip(pretrained=str(folder), template="a {c}.", device="cpu", batch_size=batch)
    lm.task_dict = {"set": {"test": rows}}
    asked = requests()
    return lambda: lm.generate_until(asked)


def bare(folder: Path, rows: Sequence[dict[str, Any]], batch: int) -> Callable[[], list[str]]:
    """open_clip's own functions, from decoded pictures to labels."""
    lm = EmtClip(pretrained=str(folder), template="a {c}.", device="cpu")
    model, classes = lm._encoder.model, lm._classifiers.of(tuple(LABELS))
    transform = image_transform_v2(PreprocessCfg(**model.visual.preprocess_cfg), is_train=False)
    pictures = [row["image"] for row in rows]

    @torch.inference_mode()
    def run() -> list[str]:
        found: list[str] = []
        for start in range(0, len(pictures), batch):
            pixels = torch.stack([transform(picture) for picture in pictures[start : start + batch]])
            best = (model.encode_image(pixels, normalize=True) @ classes.T).argmax(dim=-1)
            found += [LABELS[place] for place in best.tolist()]
        return found

    return run


def main() -> None:
    """Print pictures a second and the two ratios, by the clock and by the processor's time."""
    sys.path[:0] = [str(Path(__file__).parents[1] / "tests")]
    import toy_clip

    torch.set_num_threads(1)
    rows = drawn()
    with tempfile.TemporaryDirectory() as place:
        folder = toy_clip.saved(Path(place) / "toy")
        runs = {
            f"batch {BATCH}": wrapped(folder, rows, BATCH),
            "batch 1": wrapped(folder, rows, 1),
            "bare loop": bare(folder, rows, BATCH),
        }
        answers = [run() for run in runs.values()]
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
        for _ in range(TURNS):
            for name, run in runs.items():
                clock, work = time.perf_counter(), time.process_time()
                run()
                times[name].append((time.perf_counter() - clock, time.process_time() - work))
    print(f"answers are the same: {answers[0] == answers[1] == answers[2]}")
    print(f"{'':12}" + "".join(f"{name:>12}" for name in runs) + f"{'/ batch 1':>12}{'/ bare':>9}")
    for kind, which in (("clock", 0), ("processor", 1)):
        many, one, loop = (PICTURES / statistics.median(turn[which] for turn in some) for some in times.values())
        print(f"{kind:12}{many:>12.0f}{one:>12.0f}{loop:>12.0f}{many / one:>12.1f}{many / loop:>9.2f}")


if __name__ == "__main__":
    main()
