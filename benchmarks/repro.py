"""How much of a reproduction's time is spent in the network, against a loader that decodes; and operations counted.

`python benchmarks/repro.py` trains a ResNet18 for some steps on drawn pictures, stored as PNG, in batches of 64: ours
(`finetuning.repro`), and torch's own `DataLoader` over torchvision's `ImageFolder` and transforms in the same process.
Times are the process's own, as other programs may run; rounds
alternate. `--stem imagenet` is the cheap network, where data weighs most.
`--flops` counts the operations of one picture, forward and backward, on the meta device, and estimates 100 + 100 epochs
of ResNet18 and 15 epochs of CLIP ViT-L-14 on one GPU.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import open_clip
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder

from finetuning.repro.batches import Batches
from finetuning.repro.course import read_course
from finetuning.repro.job import ReproJob
from finetuning.repro.networks import ResNet18, stem_for
from finetuning.repro.operations import flops_per_picture
from finetuning.repro.resnet import look_of

SIDE, CLASSES, BATCH, ROUNDS = 32, 10, 64, 3
PEAK = {"A100": 312e12}  # operations a second in bfloat16, dense: NVIDIA's data sheet
SETS = {"MNIST": (60_000, 28), "CIFAR-10": (50_000, 32), "CIFAR-100": (50_000, 32), "miniImageNet": (50_000, 84)}


def drawn(root: Path, each: int) -> None:
    """Noise in a folder for each class, as PNG."""
    chance = np.random.default_rng(0)
    for label in range(CLASSES):
        (root / str(label)).mkdir()
        for place in range(each):
            pixels = chance.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / str(label) / f"{place}.png")


def epoch(batches: Iterable[tuple[Tensor, Tensor]], stem: str) -> tuple[float, float]:
    """Images a second of CPU time of an epoch, and the share of it within the network."""
    network = ResNet18(CLASSES, stem, 0).train()
    optimizer = torch.optim.SGD(network.parameters(), 0.05, momentum=0.9, weight_decay=5e-4)
    started, within, rows = time.process_time(), 0.0, 0
    for pixels, targets in batches:
        begun = time.process_time()
        optimizer.zero_grad(set_to_none=True)
        cross_entropy(network(pixels)[1], targets).backward()
        optimizer.step()
        within += time.process_time() - begun
        rows += len(pixels)
    taken = time.process_time() - started
    return rows / taken, within / taken


def ours(job: ReproJob) -> Iterable[tuple[Tensor, Tensor]]:
    """The batches of a reproduction."""
    batches = Batches(job.pictures, look_of(job, job.pictures), torch.device("cpu"))
    return batches.of_epoch(np.arange(len(job.pictures.targets)), BATCH, seed=0, epoch=1)


def decoding(root: Path) -> Iterable[tuple[Tensor, Tensor]]:
    """The batches of torch's loader, which decodes and transforms picture by picture, in this process."""
    steps = [
        transforms.RandomCrop(SIDE, padding=4), transforms.RandomHorizontalFlip(), transforms.ToTensor(),
        transforms.Normalize((0.5,) * 3, (0.25,) * 3),
    ]  # fmt: skip
    return DataLoader(ImageFolder(str(root), transforms.Compose(steps)), BATCH, shuffle=True)


def speeds(stem: str, each: int) -> None:
    """Print both, and the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "pictures"
        root.mkdir()
        drawn(root, each)
        fields = {"batch_size": BATCH, "epochs": 1, "second_epochs": 1}
        job = ReproJob(read_course("resnet", "resnet", fields), f"folder:{root}", Path(folder) / "out", device="cpu")
        started = time.perf_counter()
        _ = job.pictures
        print(f"decoding {CLASSES * each:,} pictures once: {time.perf_counter() - started:.2f} s")
        found = [(epoch(ours(job), stem), epoch(decoding(root), stem)) for _ in range(ROUNDS)]
    for place, name in enumerate(("ours", "torch's loader, decoding")):
        speed, share = (statistics.median(one[place][at] for one in found) for at in (0, 1))
        print(f"{name:<26} {speed:8.1f} images/s of CPU  {share:.3f} of it in the network ({stem} stem)")
    print(f"ratio {statistics.median(one[0][0] / one[1][0] for one in found):.2f} (median of {ROUNDS} rounds)")


def flops() -> None:
    """Print operations a picture and hours on one GPU at some shares of its peak, which are assumptions."""
    peak = PEAK["A100"]

    def hours(operations: float, best: float, worst: float) -> str:
        said = (f"{operations / peak / share / 3600:.2f}" for share in (best, worst))
        return f"{' to '.join(said)} h at {100 * best:.0f} to {100 * worst:.0f} % of the peak"

    for name, (rows, side) in SETS.items():
        with torch.device("meta"):
            forward, step = flops_per_picture(ResNet18(10, stem_for(side), 0), torch.empty(2, 3, side, side))
        # Each epoch learns one half, and looks at all.
        whole = 200 * (rows / 2 * step + rows * forward)
        said = hours(whole, 0.3, 0.1)
        print(f"ResNet18, {name:<13} {step / 1e9:6.2f} GFLOP a step and picture, 100 + 100 epochs: {said}")
    with torch.device("meta"):
        clip = open_clip.CLIP(**open_clip.get_model_config("ViT-L-14"))
    network = _Seen(clip)
    forward, step = flops_per_picture(network, torch.empty(2, 3, 224, 224, device="meta"))
    whole = 15 * 50_000 * (step + forward)
    print(
        f"CLIP ViT-L-14, 50,000 rows   {step / 1e9:6.1f} GFLOP a step and picture, 15 epochs: {hours(whole, 0.5, 0.3)}"
    )


class _Seen(torch.nn.Module):
    """A tower whose features are its logits."""

    def __init__(self, clip: torch.nn.Module) -> None:
        super().__init__()
        self.clip = clip

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.clip.encode_image(pixels)
        return features, features


def main() -> None:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stem", choices=("cifar", "imagenet"), default="imagenet")
    parser.add_argument("--each", type=int, default=100, help="pictures of each of 10 classes")
    parser.add_argument("--flops", action="store_true")
    said = parser.parse_args()
    if said.flops:
        flops()
    else:
        speeds(said.stem, said.each)


if __name__ == "__main__":
    sys.exit(main())
