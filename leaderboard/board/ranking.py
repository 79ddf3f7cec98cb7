"""Which models are shown to differ, and what ranks that leaves them: pure functions of right and wrong answers.

Two models are compared by the paired bootstrap over images, each set counting the same. What is drawn there is known
without drawing: where neither is better, an image on which they differ speaks as likely for the one as for the other,
so that the difference of their mean accuracies has a variance of sum over sets of (images on which they differ) /
(sets * images of the set)^2. The p is that of the normal distribution, with one image's worth taken off the difference,
without which few differing images would be read for more than they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from leaderboard.board.view import Rank

LEVEL = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Pairwise:
    """Every two of m models.

    Attributes:
        difference: (m, m) mean accuracy of the one down less that of the one across.
        p: (m, m) two-sided, 1 on the diagonal.
        p_holm: (m, m) corrected over all pairs.
    """

    difference: NDArray[np.float64]
    p: NDArray[np.float64]
    p_holm: NDArray[np.float64]

    @property
    def better(self) -> NDArray[np.bool_]:
        """(m, m) whether the one down is shown better than the one across."""
        return np.asarray((self.p_holm <= LEVEL) & (self.difference > 0))


def pairwise(correct: Sequence[NDArray[np.bool_]]) -> Pairwise:
    """Every two models against each other.

    Args:
        correct: for each set (m, n) bool, which of its n images each of the m models has right.

    Raises:
        ValueError: there is no set, or one without images.
    """
    if not correct or any(right.shape[1] == 0 for right in correct):
        raise ValueError("models are compared on at least one set, each with at least one image.")
    m = len(correct[0])
    difference, variance = np.zeros((m, m)), np.zeros((m, m))
    for right in correct:
        weight = 1 / (len(correct) * right.shape[1])
        as_numbers = right.astype(np.float32)
        both = (as_numbers @ as_numbers.T).astype(np.float64)
        alone = right.sum(axis=1)[:, None] - both
        difference += weight * (alone - alone.T)
        variance += weight**2 * (alone + alone.T)
    step = min(1 / (len(correct) * right.shape[1]) for right in correct)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.maximum(np.abs(difference) - step, 0) / np.sqrt(variance)
    p = np.where(variance > 0, np.minimum(1.0, 2 * ndtr(-np.nan_to_num(z))), 1.0)
    return Pairwise(difference, p, holm_of_pairs(p))


def holm_of_pairs(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """(m, m) p-values of pairs, Holm-corrected over the m (m - 1) / 2 pairs; as `statistics.mcnemar.holm`, at once."""
    above = np.triu_indices(len(p), 1)
    values = p[above]
    order = np.argsort(values, kind="stable")
    steps = np.minimum(1.0, values[order] * np.arange(len(values), 0, -1))
    corrected = np.empty_like(values)
    corrected[order] = np.maximum.accumulate(steps) if len(steps) else steps
    found = np.ones_like(p)
    found[above] = corrected
    return np.minimum(found, found.T)


def ranks(accuracy: Sequence[float], compared: Pairwise) -> tuple[Rank, ...]:
    """The rank of each model, in the order given.

    A model joins the tie group of the best one above it unless that is shown better; ranks are dense, as EuroEval's.
    The intervals of ranks hold for all models together at 95 %, since they rest on Holm-corrected comparisons.

    Source: M. Mogstad, J. P. Romano, A. M. Shaikh, D. Wilhelm, Review of Economic Studies 91 (2024), 476-518: sets of
    ranks from simultaneous comparisons of all pairs.
    """
    better = compared.better
    order = sorted(range(len(accuracy)), key=lambda place: (-accuracy[place], place))
    ties: dict[int, int] = {}
    leader, tie = -1, 0
    for place in order:
        if leader < 0 or better[leader, place]:
            leader, tie = place, tie + 1
        ties[place] = tie
    above, below = better.sum(axis=0), better.sum(axis=1)
    return tuple(
        Rank(ties[place], 1 + int(above[place]), len(accuracy) - int(below[place])) for place in range(len(accuracy))
    )
