"""How fast each wrapper that generates answers a batch: against one image at a time, and the bare `generate` loop.

Toys of the true architectures, drawn pictures, 32 new tokens. Contenders take turns, each in a process of its own;
medians are compared. Nothing is asserted: look at the ratios.

    python benchmarks/wrappers.py
    python benchmarks/wrappers.py --wrapper emt_otter --repeats 9
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from contenders import measured
from families import CLASSES, bare, toy, wrapped

WANTED_OF_ONE, WANTED_OF_BARE = 4, 0.85


def rates(wrapper: str, folder: Path, count: int, batch: int, repeats: int, busy: bool) -> dict[str, float]:
    """Images a second of each contender, medians."""
    given = toy(wrapper, folder)
    few = max(batch, count // 8)
    sizes = {f"batch {batch}": count, "batch 1": few, "bare loop": count}
    contenders = {
        f"batch {batch}": (wrapped, (wrapper, given, count, batch)),
        "batch 1": (wrapped, (wrapper, given, few, 1)),
        "bare loop": (bare, (wrapper, given, count, batch)),
    }
    found = measured(contenders, repeats, processor_time=busy)
    return {name: sizes[name] / statistics.median(seconds) for name, (seconds, _) in found.items()}


def main() -> None:
    """Print a line for each wrapper."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wrapper", choices=list(CLASSES), action="append", help="default: all")
    parser.add_argument("--images", type=int, default=128, help="asked in a turn; an eighth of it one by one")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--busy", action="store_true", help="seconds of the processor, where other programs run")
    said = parser.parse_args()
    print(f"{'':18}{'batch ' + str(said.batch):>10}{'batch 1':>10}{'bare loop':>11}{'/ batch 1':>11}{'/ bare':>8}")
    for wrapper in said.wrapper or CLASSES:
        with tempfile.TemporaryDirectory() as folder:
            found = rates(wrapper, Path(folder), said.images, said.batch, said.repeats, said.busy)
        many, one, loop = found.values()
        print(f"{wrapper:18}{many:>10.0f}{one:>10.1f}{loop:>11.0f}{many / one:>11.1f}{many / loop:>8.2f}", flush=True)
    print(f"{'wanted':18}{'':>31}{WANTED_OF_ONE:>11.1f}{WANTED_OF_BARE:>8.2f}")


if __name__ == "__main__":
    main()
