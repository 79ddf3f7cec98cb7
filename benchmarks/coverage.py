"""How often the intervals hold the truth, and the tests find what is not there: simulated pairs of runs.

`python benchmarks/coverage.py [SIMULATIONS]` prints the tables of docs/statistics.md.
"""

import sys
from collections.abc import Callable
from functools import cache
from itertools import product
from math import sqrt

import numpy as np

from emt_tasks.statistics.bootstrap import paired_bootstrap
from emt_tasks.statistics.mcnemar import holm, mcnemar
from emt_tasks.statistics.paired import PairedTable, newcombe, newcombe_mean
from emt_tasks.statistics.power import power, smallest_drop

Cells = tuple[int, int, int, int]
ROWS = (50, 100, 500, 1_000, 10_000)
# What a benchmark meets: (accuracy of A, drop, share that differs evenly beside it).
TRUTHS = (
    (0.95, 0.00, 0.02),
    (0.95, 0.02, 0.04),
    (0.80, 0.00, 0.10),
    (0.80, 0.05, 0.10),
    (0.60, 0.20, 0.20),
    (0.90, 0.85, 0.02),
    (0.50, 0.00, 0.40),
    (0.02, 0.01, 0.01),
)


def shares_of(accuracy: float, drop: float, churn: float) -> tuple[float, float, float, float]:
    """The shares of both, only A, only B, neither."""
    only_a, only_b = drop + churn / 2, churn / 2
    return accuracy - only_a, only_a, only_b, 1 - accuracy - only_b


@cache
def by_newcombe(cells: Cells) -> tuple[float, float]:
    """The interval that everything here shows."""
    return newcombe(PairedTable(*cells))


@cache
def by_bootstrap(cells: Cells) -> tuple[float, float]:
    """The interval of means over sets, here of one set."""
    return paired_bootstrap([PairedTable(*cells)], resamples=2_000)


@cache
def by_wald(cells: Cells) -> tuple[float, float]:
    """The textbook's interval, which is not used here: difference and standard error."""
    table = PairedTable(*cells)
    error = sqrt(max(table.discordance - table.difference**2, 0) / table.n)
    return table.difference - 1.96 * error, table.difference + 1.96 * error


def coverage(interval: Callable[[Cells], tuple[float, float]], drawn: np.ndarray, truth: float) -> float:
    """The share of simulated pairs whose interval holds the truth."""
    held = (interval(tuple(cells)) for cells in drawn.tolist())
    return float(np.mean([low <= truth <= high for low, high in held]))


def intervals(simulations: int, rng: np.random.Generator) -> None:
    """Coverage of 95 % intervals."""
    print("| rows | accuracy A | drop | differing beside | Newcombe | bootstrap | Wald |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    worst: dict[str, float] = {}
    for n, (accuracy, drop, churn) in product(ROWS, TRUTHS):
        drawn = rng.multinomial(n, shares_of(accuracy, drop, churn), size=simulations)
        few = drawn[: simulations // 10]
        found = {
            "Newcombe": coverage(by_newcombe, drawn, -drop),
            "bootstrap": coverage(by_bootstrap, few, -drop),
            "Wald": coverage(by_wald, drawn, -drop),
        }
        worst = {name: min(share, worst.get(name, 1.0)) for name, share in found.items()}
        cells = " | ".join(f"{100 * share:.1f}" for share in found.values())
        print(f"| {n:,} | {accuracy:.2f} | {drop:.2f} | {churn:.2f} | {cells} |")
    print("least:", ", ".join(f"{name} {100 * share:.1f}" for name, share in worst.items()))


def means(simulations: int, rng: np.random.Generator) -> None:
    """Coverage of the intervals of a mean over four sets."""
    print("\n| rows of each set | what is true | Newcombe, joined | bootstrap |")
    print("| ---: | :--- | ---: | ---: |")
    alike = {"drops of 0, 2, 5, 20 points": (0, 1, 3, 4), "no drop, little differs": (0, 0, 0, 0)}
    for n, (name, places) in product((100, 1_000, 10_000), alike.items()):
        truth = -float(np.mean([TRUTHS[place][1] for place in places]))
        drawn = np.stack([rng.multinomial(n, shares_of(*TRUTHS[place]), size=simulations) for place in places], 1)
        held = [0, 0]
        for sets in drawn.tolist():
            tables = [PairedTable(*cells) for cells in sets]
            for kind, (low, high) in enumerate((newcombe_mean(tables), paired_bootstrap(tables, resamples=1_000))):
                held[kind] += low <= truth <= high
        print(f"| {n:,} | {name} | {' | '.join(f'{100 * count / simulations:.1f}' for count in held)} |")


def false_alarms(simulations: int, rng: np.random.Generator) -> None:
    """How often the test at 5 % finds a difference that is not there; and one of four tasks under Holm."""
    print("\n| rows | differing | one test | any of four, uncorrected | any of four, Holm |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for n, churn in product((100, 1_000, 10_000), (0.02, 0.1, 0.4)):
        drawn = rng.multinomial(n, shares_of(0.6, 0.0, churn), size=(simulations, 4))
        p = np.array([[mcnemar(cells[1], cells[2]) for cells in four] for four in drawn.tolist()])
        corrected = np.array([holm(four) for four in p.tolist()])
        shares = (np.mean(p[:, 0] <= 0.05), np.mean(p.min(axis=1) <= 0.05), np.mean(corrected.min(axis=1) <= 0.05))
        print(f"| {n:,} | {churn:.2f} | {' | '.join(f'{100 * share:.1f}' for share in shares)} |")


def powers(simulations: int, rng: np.random.Generator) -> None:
    """Power as it is computed, and as simulated runs have it, at the least drop that is said to be shown."""
    print("\n| rows | differing beside | least drop, points | computed power | simulated |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for n, churn in product((100, 1_000, 10_000), (0.02, 0.1, 0.4)):
        drop = smallest_drop(n, lambda worse, beside=churn: beside + worse)
        if drop is None:
            continue
        drawn = rng.multinomial(n, shares_of(0.75, drop, churn), size=simulations)
        found = np.mean([mcnemar(cells[1], cells[2]) <= 0.05 for cells in drawn.tolist()])
        computed = power(n, drop, churn + drop)
        print(f"| {n:,} | {churn:.2f} | {100 * drop:.1f} | {100 * computed:.1f} | {100 * found:.1f} |")


def main() -> None:
    """All of them, from one seed."""
    simulations = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    rng = np.random.default_rng(2309_10313)
    intervals(simulations, rng)
    means(simulations // 10, rng)
    false_alarms(simulations // 4, rng)
    powers(simulations, rng)


if __name__ == "__main__":
    main()
