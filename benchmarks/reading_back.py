"""Seconds and memory to read back 25 runs of four sets: a million rows. `python benchmarks/reading_back.py [ROWS]`."""

import hashlib
import json
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from emt_tasks.labels import ALL_SETS, label_set
from emt_tasks.runs.reading_back import read_runs

RUNS = 25
STAMP = "20260101_000000"


def write_run(folder: Path, rows: int, seed: int) -> None:
    """A run as lmms-eval leaves it: prompts, hashes and answers as long as real ones, a third of the answers alike."""
    chance = random.Random(seed)
    folder.mkdir(parents=True)
    facts: dict[str, dict[str, object]] = {"results": {}, "versions": {}, "n-samples": {}}
    for key in ALL_SETS:
        labels = label_set(key).labels
        prompt = f"What is the object in the image? Please only answer a single object in {', '.join(labels)}."
        lines, right = [], 0
        for number in range(rows):
            label, said = labels[number % len(labels)], chance.choice(labels)
            right += said == label
            answer = f" The object is a(n) {said}." + (f" It is number {number}." if number % 3 else "")
            outcome = "correct" if said == label else "incorrect"
            record = {
                "reading": "label_match", "raw": answer, "label": label, "prediction": said, "outcome": outcome,
                "named": [said], "foreign": [], "image": hashlib.sha256(f"{key} {number}".encode()).hexdigest(),
            }  # fmt: skip
            line = {
                "doc_id": number, "target": label, "resps": [answer], "filtered_resps": f"label_match: {said}",
                "token_counts": [None], "doc_hash": "7" * 64, "accuracy": float(said == label), "incorrect": 0.0,
                "intrinsic": 0.0, "extrinsic": 0.0, "empty": 0.0, "unscored": 0.0, "foreign": 0.0, "emt": record,
                "input": prompt,
            }  # fmt: skip
            lines.append(json.dumps(line, ensure_ascii=False) + "\n")
        (folder / f"{STAMP}_samples_emt_{key}.jsonl").write_text("".join(lines), encoding="utf8")
        facts["results"][f"emt_{key}"] = {"accuracy,label_match": right / rows}
        facts["versions"][f"emt_{key}"] = 1.0
        facts["n-samples"][f"emt_{key}"] = {"original": rows, "effective": rows}
    (folder / f"{STAMP}_results.json").write_text(json.dumps({**facts, "config": {"model": f"run {seed}"}}))


def main() -> None:
    """Write them, read them, say what it took."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        for run in range(RUNS):
            write_run(Path(folder, f"run-{run}", "model"), rows, run)
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.jsonl"))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.perf_counter()
        found = read_runs([Path(folder)])
        took = time.perf_counter() - started
    assert not found.problems, found.problems[0]
    n = sum(rows.n for run in found.runs for rows in run.tasks)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{n:,} rows, {size / 1e9:.2f} GB, in {took:.1f} s")
    print(f"{peak / 2**20:.2f} GiB at most ({before / 2**20:.2f} before)")


if __name__ == "__main__":
    main()
