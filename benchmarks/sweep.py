"""What a sweep over adapters on one base costs, beside a run of each: whole processes, from start to results on disk.

`emt run --checkpoints` loads the base once and changes adapters on it. Both do the same work; the answers are compared.

    python benchmarks/sweep.py
    python benchmarks/sweep.py --model path/or/hub-id --data FOLDER --adapters 8 --rows 100
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from contenders import tests_importable

WANTED = 0.5
TASK = "emt_cifar10"


def timed(words: list[str]) -> float:
    """Seconds of one `emt run`, from its start to its end."""
    started = time.perf_counter()
    done = subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "-m", "emt_tasks", "run", "--tasks", TASK, *words],
        capture_output=True, text=True, check=False, env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr)
    return time.perf_counter() - started


def answers(folder: Path) -> dict[str, str]:
    """Each picture's answer in the one run below `folder`."""
    (log,) = folder.rglob(f"*_samples_{TASK}.jsonl")
    records = [json.loads(line)["emt"] for line in log.read_text(encoding="utf8").splitlines()]
    return {record["image"]: record["raw"] for record in records}


def main() -> None:
    """Print seconds of both and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a LLaVA; default a toy")
    parser.add_argument("--data", help="folder of the sets, as EMT_DATA_DIR; default drawn pictures")
    parser.add_argument("--adapters", type=int, default=8)
    parser.add_argument("--rows", type=int, default=100)
    said = parser.parse_args()
    tests_importable()
    import toy_adapters
    import toy_models
    import toy_sets

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        model = said.model or str(toy_models.coloured(folder / "toy", hidden=192, layers=4))
        data = said.data or str(
            toy_sets.write_set(folder / "data", "cifar10", [row % 10 for row in range(said.rows)]).parent
        )
        for number in range(said.adapters):
            toy_adapters.lora(Path(model), folder / "adapters" / f"epoch-{number + 1}", seed=number)
        given = ["--data-dir", data, "--limit", str(said.rows)]
        each = []
        for adapter in sorted((folder / "adapters").iterdir()):
            args = [
                "--model-args",
                f"pretrained={model},peft={adapter}",
                "--output-path",
                str(folder / "one" / adapter.name),
            ]
            each.append(timed([*given, *args]))
        pattern = ["--checkpoints", str(folder / "adapters" / "epoch-*"), "--output-path", str(folder / "sweep")]
        whole = timed([*given, "--model-args", f"pretrained={model}", *pattern])
        same = [
            answers(folder / "one" / adapter.name) == answers(folder / "sweep" / adapter.name)
            for adapter in (folder / "adapters").iterdir()
        ]
    print(f"{said.adapters} runs: {sum(each):.1f} s; one sweep: {whole:.1f} s")
    print(f"sweep / runs: {whole / sum(each):.2f} (wanted: at most {WANTED}); same answers: {all(same)}")


if __name__ == "__main__":
    main()
