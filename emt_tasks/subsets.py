"""A smaller set that is the same for everybody: class-balanced, chosen by what the pictures are."""

from collections import Counter, defaultdict
from collections.abc import Sequence


def balanced_rows(labels: Sequence[int], hashes: Sequence[str], most: int) -> list[int]:
    """At most `most` row numbers, equally many of each class that occurs, ordered by pixel hash.

    Each class gives its rows with the smallest hashes, as many as the rarest class has at the most. The choice and its
    order depend on the pictures alone, not on the order of rows; identical pictures count as often as they occur.

    Raises:
        ValueError: `most` is below the number of classes.

    >>> balanced_rows([0, 0, 1, 1, 1], ["d", "b", "c", "a", "e"], most=2)
    [3, 1]
    """
    count = Counter(labels)
    if most < len(count):
        raise ValueError(f"{most} rows can't hold each of {len(count)} classes; ask for at least {len(count)}.")
    each = min(most // len(count), min(count.values()))
    by_hash = sorted(range(len(labels)), key=lambda row: (hashes[row], labels[row]))
    taken: defaultdict[int, int] = defaultdict(int)
    kept = []
    for row in by_hash:
        if taken[labels[row]] < each:
            taken[labels[row]] += 1
            kept.append(row)
    return kept
