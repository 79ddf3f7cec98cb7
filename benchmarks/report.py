"""How long `emt report` takes, and how much memory, on runs with a known truth: 25 runs x 4 sets x 10,000 rows."""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from synthetic_runs import paper, write_run  # they are the tests' too


def main() -> None:
    """Write the runs, report them in a process of its own, and print seconds and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000, help="of each set")
    parser.add_argument("--runs", type=int, default=25, help="of the 26")
    parser.add_argument("--keep", type=Path, help="a folder for the runs, kept")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.keep or Path(scratch)
        for truth in paper()[: asked.runs]:
            if not (folder / truth.name).exists():
                write_run(folder, truth, asked.rows)
        size = sum(path.stat().st_size for path in folder.rglob("*.jsonl"))
        print(f"{asked.runs} runs, {4 * asked.runs * asked.rows:,} rows, {size / 2**20:,.0f} MiB of logs")
        before = time.monotonic()
        command = [sys.executable, "-m", "emt_tasks", "report", str(folder), "--out", str(Path(scratch) / "report")]
        threads = {**os.environ, "OMP_NUM_THREADS": "2"}
        done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=threads)  # noqa: S603  # our own
        seconds = time.monotonic() - before
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu, memory = used.ru_utime + used.ru_stime, used.ru_maxrss / 2**10
        print(f"emt report: {seconds:.1f} s ({cpu:.1f} s of CPU), {memory:,.0f} MiB, exit code {done.returncode}")


if __name__ == "__main__":
    main()
