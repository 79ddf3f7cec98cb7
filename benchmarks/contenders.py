"""Contenders that take turns at the same work, each in a process of its own, so that a busy machine slows all alike."""

import contextlib
import io
import multiprocessing
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROMPT = (
    "What is the object in the image? Please only answer a single object in airplane, automobile, bird, cat, deer, "
    "dog, frog, horse, ship, truck."
)
SETTINGS = {"max_new_tokens": 32, "until": ["\n\n"]}
Run = Callable[[], list[str]]
Contender = tuple[Callable[..., Run], tuple[Any, ...]]
"""What makes a contender ready, called in its process, and with what."""


def requests(count: int, rows: int, prompt: str = PROMPT) -> list[Any]:
    """`count` requests as the harness makes them, on `rows` rows in turn."""
    from lmms_eval.api.instance import Instance

    return [
        Instance(
            request_type="generate_until",
            arguments=(prompt, dict(SETTINGS), lambda row: [row["image"].convert("RGB")], place % rows, "set", "test"),
            idx=0,
            metadata={"task": "set", "doc_id": place % rows, "repeats": 1},
        )
        for place in range(count)
    ]


def images_of(data: str | None) -> Any:
    """Rows with an `image` each: of the test split of a set in a folder, or drawn."""
    if data is None:
        from PIL import Image

        return [
            {"image": Image.new("RGB", (32, 32), (255 - i, 0, 0) if i % 3 else (0, 0, 255 - i))} for i in range(128)
        ]
    from datasets import Image, load_dataset

    rows = load_dataset(data, split="test")
    column = next(name for name, feature in rows.features.items() if isinstance(feature, Image))
    return rows.rename_column(column, "image") if column != "image" else rows


def measured(
    contenders: dict[str, Contender], repeats: int, processor_time: bool = False
) -> dict[str, tuple[list[float], list[str]]]:
    """Seconds of each turn and the answers of the last, by contender; the first turn warms up and is not counted.

    Args:
        contenders: by name.
        repeats: turns that count.
        processor_time: whether seconds are the processor's, of all threads, which other programs don't lengthen.
    """
    spawning = multiprocessing.get_context("spawn")
    pipes, processes = {}, []
    for name, (prepare, given) in contenders.items():
        pipes[name], theirs = spawning.Pipe()
        processes.append(
            spawning.Process(target=_answer_in_turn, args=(theirs, prepare, given, processor_time), daemon=True)
        )
        processes[-1].start()
    turns: dict[str, Any] = {name: [] for name in contenders}
    for _ in range(repeats + 1):
        for name, pipe in pipes.items():
            pipe.send(True)
            turns[name].append(pipe.recv())
    for pipe in pipes.values():
        pipe.send(False)
    for process in processes:
        process.join()
    return {name: ([seconds for seconds, _ in kept[1:]], kept[-1][1]) for name, kept in turns.items()}


def _answer_in_turn(pipe: Any, prepare: Callable[..., Run], given: tuple[Any, ...], processor_time: bool) -> None:
    """A contender's process: answers whenever it is told to, and says how long it took."""
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        run, now = prepare(*given), time.process_time if processor_time else time.perf_counter
        while pipe.recv():
            started = now()
            answers = run()
            pipe.send((now() - started, answers))


def tests_importable() -> None:
    """Have the toys of the tests importable: benchmarks run on the same."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
