"""How far two judges agree beyond chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Kappa:
    """Cohen's kappa.

    Attributes:
        value: 1 for full agreement, 0 for that of chance; in [-1, 1].
        interval: 95 % interval, by the asymptotic standard error, clipped to [-1, 1].
    """

    value: float
    interval: tuple[float, float]


def cohen(table: Sequence[Sequence[int]], confidence: float = 0.95) -> Kappa | None:
    """Cohen's kappa of a square table of counts, one judge down, the other across.

    None where chance alone would agree on everything, or there is nothing: both always said the same one thing.

    >>> cohen([[20, 5], [10, 15]]).value
    0.4

    Source: J. Cohen, Educ. Psychol. Meas. 20 (1960), 37-46; the standard error: J. L. Fleiss, J. Cohen and
    B. S. Everitt, Psychol. Bull. 72 (1969), 323-327.

    Raises:
        ValueError: the table is not square.
    """
    if any(len(row) != len(table) for row in table):
        raise ValueError(f"a table of {len(table)} rows and {[len(row) for row in table]} columns is not square.")
    n = sum(map(sum, table))
    if not n:
        return None
    shares = [[count / n for count in row] for row in table]
    down = [sum(row) for row in shares]
    across = [sum(row[k] for row in shares) for k in range(len(shares))]
    observed = sum(shares[k][k] for k in range(len(shares)))
    chance = sum(a * b for a, b in zip(down, across, strict=True))
    if 1 - chance < 1e-12:
        return None
    kappa = (observed - chance) / (1 - chance)
    own = sum(shares[k][k] * (1 - (down[k] + across[k]) * (1 - kappa)) ** 2 for k in range(len(shares)))
    other = (1 - kappa) ** 2 * sum(
        share * (across[i] + down[j]) ** 2 for i, row in enumerate(shares) for j, share in enumerate(row) if i != j
    )
    variance = max(0.0, own + other - (kappa - chance * (1 - kappa)) ** 2)
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * sqrt(variance / n) / (1 - chance)
    return Kappa(round(kappa, 15), (max(-1.0, kappa - reach), min(1.0, kappa + reach)))
