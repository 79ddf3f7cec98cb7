"""How long reading takes: 10,000 distinct answers against each label set, beside two floors on the same answers.

    python benchmarks/reading.py

The last column is what synonyms, broader words and superclasses cost where every answer has to be searched for them,
which only those need that name no label. The floors: taking the answers apart into words and nothing else, and the
substring search of common scorers.
"""

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

from emt_tasks.granularity import credit_of
from emt_tasks.label_match import read
from emt_tasks.labels import ALL_SETS, LabelSet, label_set

ANSWERS, REPEATS = 10_000, 5
SENTENCES = (
    "The object is a(n) {}.",
    "The image shows a {} in front of a plain wall, number {}.",
    "{}",
    "I think it can be seen that this is a {}, although it might be something else ({}).",
    "A small, blurry picture of a {} standing on the ground.",
)


def answers_about(labels: LabelSet, seed: int = 0) -> list[str]:
    """Distinct answers of the kinds that models give, about labels drawn at random."""
    draw = random.Random(seed)
    found = set()
    while len(found) < ANSWERS:
        found.add(f"{draw.choice(SENTENCES).format(draw.choice(labels.labels), draw.randrange(10**6))} {len(found):x}q")
    return sorted(found)


def seconds(work: Callable[[], object]) -> float:
    """The median time of `work` over the repeats."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Print a line for each set."""
    print(f"{'set':<14}{'read, s':>10}{'split, s':>10}{'substrings, s':>15}{'read / substrings':>20}{'credit, s':>12}")
    for key in ALL_SETS:
        labels = label_set(key)
        answers = answers_about(labels)
        read(answers[0], labels)
        reading = seconds(lambda a=answers, n=labels: [read(answer, n) for answer in a])
        split = seconds(lambda a=answers: [answer.casefold().split() for answer in a])
        substrings = seconds(lambda a=answers, n=labels: [[w for w in n.labels if w in answer] for answer in a])
        unnamed = [
            replace(read(answer, labels), named=()) for answer in answers
        ]  # the dear case: every answer is searched
        credit_of(unnamed[0], labels.labels[0], labels)
        credit = seconds(lambda u=unnamed, n=labels: [credit_of(reading, n.labels[0], n) for reading in u])
        row = f"{key:<14}{reading:>10.3f}{split:>10.3f}{substrings:>15.3f}{reading / substrings:>20.2f}{credit:>12.3f}"
        print(row)


if __name__ == "__main__":
    main()
