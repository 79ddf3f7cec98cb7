"""Whether two runs on the same rows differ by more than chance."""

from collections.abc import Sequence

from scipy.special import bdtr


def mcnemar(only_a: int, only_b: int) -> float:
    """The two-sided p of McNemar's exact test: how likely rows that only one has right part at least so unevenly.

    Without rows that differ there is nothing to tell them apart by, and p is 1.

    >>> mcnemar(0, 6)
    0.03125

    Source: Q. McNemar, Psychometrika 12 (1947), 153-157, with the binomial distribution in place of its approximation.

    Raises:
        ValueError: a number is negative.
    """
    if min(only_a, only_b) < 0:
        raise ValueError(f"{only_a} and {only_b} rows: numbers of rows are not negative.")
    differing = only_a + only_b
    if differing == 0:
        return 1.0
    return min(1.0, 2 * float(bdtr(min(only_a, only_b), differing, 0.5)))


def holm(p_values: Sequence[float]) -> list[float]:
    """`p_values`, in their order, corrected for there being several: a family's false alarms stay below its level.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]

    Source: S. Holm, Scandinavian Journal of Statistics 6 (1979), 65-70.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, p_values[place] * (len(p_values) - rank)))
        corrected[place] = highest
    return corrected
