"""How sure a share is."""

from math import sqrt
from statistics import NormalDist


def wilson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval, as fractions in [0, 1], for a share of `successes` in `n` trials.

    Unlike a standard error it stays honest at 0 and at `n` successes. No trials tell nothing, so `n` = 0 gives (0, 1).

    >>> low, high = wilson(0, 100)
    >>> low, round(high, 3)
    (0.0, 0.037)

    Source: E. B. Wilson, JASA 22 (1927), 209-212.

    Raises:
        ValueError: `successes` is not in [0, `n`], or `confidence` not in (0, 1).
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes in {n} trials: successes must lie between 0 and the number of trials.")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} is no probability: give one between 0 and 1, such as 0.95.")
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / n
    centre = share + z * z / (2 * n)
    reach = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low, high = (centre - reach) / scale, (centre + reach) / scale
    # At the ends the exact bounds are 0 and 1; rounding would miss them by an ulp.
    return (0.0 if successes == 0 else low), (1.0 if successes == n else high)
