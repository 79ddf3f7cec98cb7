"""What a number of rows can show: power of the exact McNemar test, without approximation.

Two runs differ on a share of the rows, their discordance. Of n rows a binomial number differs, of those a binomial
number is A's, and the test rejects by that number: power is the sum over both.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrik, gammaln, xlogy

POWER = 0.8  # the usual choice: four of five real drops of that size are found
LEVEL = 0.05
MOST_ROWS = 10_000_000
MOST_KEPT = 20_000  # differing rows: 0.3 MB a table
_NEGLIGIBLE = 1e-12  # probability beyond which numbers of differing rows are left out
Discordance = Callable[[float], float]
"""The share of rows on which two runs differ, in [0, 1], where one's accuracy is lower by so much."""


def measured(share: float) -> Discordance:
    """The discordance of runs that differ on a share of the rows evenly, both ways, and where one is worse on more.

    Args:
        share: `PairedTable.churn` of two runs like them.
    """
    return lambda drop: share + drop


def independent(accuracy: float) -> Discordance:
    """The discordance of a run of this accuracy and a worse one whose errors have nothing to do with its own.

    A cautious guess: checkpoints of one model agree more than that, and then fewer rows do.
    """
    return lambda drop: _independent(accuracy, max(accuracy - drop, 0.0))


def _independent(accuracy: float, other: float) -> float:
    return accuracy * (1 - other) + other * (1 - accuracy)


def power(n: int, drop: float, discordance: float, level: float = LEVEL) -> float:
    """How likely the two-sided exact McNemar test finds a difference at `level`.

    Args:
        n: rows that both runs were asked.
        drop: by how much one's accuracy is lower, fraction in [0, 1]; the test is the same for a gain.
        discordance: the share of rows on which they differ, in [`drop`, 1].
        level: the test's, in (0, 1).

    Raises:
        ValueError: `drop` is more than `discordance`, or one of them no fraction.
    """
    if not 0 <= drop <= discordance <= 1:
        raise ValueError(
            f"a drop of {drop} with {discordance} of the rows differing is not possible: 0 <= drop <= share."
        )
    if discordance == 0 or n == 0:
        return 0.0
    differing, chance = _numbers(n, discordance)
    most = _critical_of(differing, level)
    theirs = (1 + drop / discordance) / 2
    found = np.where(most >= 0, _cdf(most, differing, theirs) + _cdf(most, differing, 1 - theirs), 0.0)
    return float(min(1.0, np.sum(chance * found)))


def smallest_drop(n: int, discordance: Discordance, goal: float = POWER, level: float = LEVEL) -> float | None:
    """The least drop in accuracy, fraction in (0, 1], that `n` rows show with probability `goal`; None if none is."""
    low, high = 0.0, 1.0
    if _reached(n, high, discordance, level) < goal:
        return None
    while high - low > 1e-5:
        middle = (low + high) / 2
        if _reached(n, middle, discordance, level) >= goal:
            high = middle
        else:
            low = middle
    return high


def rows_needed(drop: float, discordance: Discordance, goal: float = POWER, level: float = LEVEL) -> int | None:
    """How many rows show a drop in accuracy (fraction in (0, 1]) with probability `goal`.

    Exact power goes up and down a little from one n to the next; this is where a search by halves meets `goal`.
    None where `MOST_ROWS` do not suffice.
    """
    if not 0 < drop <= 1:
        raise ValueError(f"a drop of {drop}: give a fraction above 0 and up to 1.")
    low, high = 0, 8
    while _reached(high, drop, discordance, level) < goal:
        low, high = high, 2 * high
        if high > MOST_ROWS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        if _reached(middle, drop, discordance, level) >= goal:
            high = middle
        else:
            low = middle
    return high


def in_words(n: int, shows: float | None) -> str:
    """What `smallest_drop` found for n rows, in a sentence.

    >>> in_words(1000, 0.0404)
    '1,000 rows show a change of 4.0 points or more with a probability of 80 %, a smaller one less often.'
    """
    if shows is None:
        return f"{n:,} rows can't show any change with a probability of 80 %."
    change = f"a change of {100 * shows:.1f} points or more"
    return f"{n:,} rows show {change} with a probability of 80 %, a smaller one less often."


def _reached(n: int, drop: float, discordance: Discordance, level: float) -> float:
    share = min(1.0, max(discordance(drop), drop))
    return power(n, drop, share, level)


def _numbers(n: int, share: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The numbers of differing rows that are at all likely, and their probabilities."""
    low = max(0, int(bdtrik(_NEGLIGIBLE, n, share)) - 1) if share < 1 else n
    high = min(n, int(bdtrik(1 - _NEGLIGIBLE, n, share)) + 2) if share < 1 else n
    numbers = np.arange(low, high + 1, dtype=np.float64)
    logs = gammaln(n + 1) - gammaln(numbers + 1) - gammaln(n - numbers + 1)
    return numbers, np.exp(logs + xlogy(numbers, share) + xlogy(n - numbers, 1 - share))


def _critical_of(differing: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """`_critical`, from a table where there is one: a search asks for the same numbers again and again."""
    last = int(differing[-1])
    if last > MOST_KEPT:
        return _critical(differing, level)
    return _critical_up_to(1 << last.bit_length(), level)[differing.astype(np.intp)]


@cache
def _critical_up_to(most: int, level: float) -> NDArray[np.float64]:
    return _critical(np.arange(most + 1, dtype=np.float64), level)


def _critical(differing: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """The most rows of the rarer kind at which the test still rejects; -1 where it can't."""
    guess = np.floor(np.nan_to_num(bdtrik(level / 2, differing, 0.5), nan=0.0)) + 1
    for _ in range(3):
        guess = np.where((guess >= 0) & (2 * _cdf(guess, differing, 0.5) > level), guess - 1, guess)
    return np.asarray(guess)


def _cdf(most: NDArray[np.float64], n: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """P(X <= most) of the binomial; 0 where `most` is -1."""
    return np.where(most < 0, 0.0, bdtr(np.clip(most, 0, n), n.astype(np.int64), share))
