"""What judging 10,000 answers takes: calls and seconds, first and second time, beside one call a row.

    python benchmarks/judging.py

The judge is on loopback and takes 50 ms a call, so that the ratios are of our own doing; a real one takes longer.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from judge_server import JudgeServer, serving

from emt_tasks.gpt_judge.asking import ask_all
from emt_tasks.gpt_judge.money import Budget
from emt_tasks.gpt_judge.panel import Panel, planned
from emt_tasks.gpt_judge.protocols import protocol
from emt_tasks.gpt_judge.settings import JudgeSettings
from emt_tasks.gpt_judge.store import VerdictStore
from emt_tasks.labels import label_set

ANSWERS, SECONDS_A_CALL, SINGLE_CALLS = 10_000, 0.05, 40
LABELS = label_set("cifar100")
ROWS = [
    (LABELS.labels[row % 100], f"The object is a(n) {LABELS.labels[(row % 100 + row // 100 % 5) % 100]}.")
    for row in range(ANSWERS)
]  # 500 distinct pairs, as a small model's answers repeat


def read_all(settings: JudgeSettings) -> None:
    """From stored answers to outcomes."""
    panel = Panel(LABELS, settings)
    with VerdictStore(settings.store) as store:
        questions = [panel.question(*row) for row in ROWS]
        plan = planned(questions, settings, store)
        ask_all(plan.questions, settings, store, Budget(None, None), lambda _: None)
        verdicts = store.verdicts(plan.questions)
    for (label, answer), question in zip(ROWS, questions, strict=True):
        panel.reading(label, answer, verdicts[question.key] if question else None)


def timed(work: Callable[[], object], server: JudgeServer) -> tuple[float, int]:
    """Seconds and calls."""
    begun, before = time.perf_counter(), server.seen
    work()
    return time.perf_counter() - begun, server.seen - before


def main() -> None:
    """Print a line for each way."""
    with serving() as server, tempfile.TemporaryDirectory() as folder:
        server.delay = SECONDS_A_CALL
        single = JudgeSettings(protocol("yes_no"), "judge", server.url, store=Path(folder) / "single", concurrency=1)
        panel = Panel(LABELS, single)
        some = {question.key: question for row in ROWS[:SINGLE_CALLS] if (question := panel.question(*row))}
        with VerdictStore(single.store) as store:
            alone, _ = timed(lambda: ask_all(some, single, store, Budget(None, None), lambda _: None), server)
        naive = alone / SINGLE_CALLS * ANSWERS
        settings = JudgeSettings(protocol("yes_no"), "judge", server.url, store=Path(folder) / "store")
        first, calls = timed(lambda: read_all(settings), server)
        second, more = timed(lambda: read_all(settings), server)
    print(f"{'':<28}{'calls':>8}{'seconds':>10}{'of a call a row':>18}")
    print(f"{'a call a row, one by one':<28}{ANSWERS:>8,}{naive:>10.1f}{1:>18.2%}  (from {SINGLE_CALLS} calls)")
    print(f"{'first time':<28}{calls:>8,}{first:>10.1f}{first / naive:>18.2%}")
    print(f"{'second time':<28}{more:>8,}{second:>10.1f}{second / naive:>18.2%}")


if __name__ == "__main__":
    main()
