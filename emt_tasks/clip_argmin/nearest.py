"""The rule: which label's embedding is nearest to an answer's, how far, and by how much before the next."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROWS_AT_ONCE = 4096  # 3 MB of float64 distances to 100 labels
TIE = 1e-6
"""Distances that differ by no more than this part of the longest label embedding are one: float32 encoders differ by as
much from one batch size to another."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """What is nearest to each of n points.

    Attributes:
        index: (n,) int64, of the nearest label, the first of equals; -1 where the point is no finite one.
        distance: (n,) float64, Euclidean, 0 or more; NaN where there is none.
        margin: (n,) float64, how much farther the second label is; 0 at a tie, infinite where there is one label.
        tie: (n,) bool, whether another label is as near.
    """

    index: NDArray[np.int64]
    distance: NDArray[np.float64]
    margin: NDArray[np.float64]
    tie: NDArray[np.bool_]


def normalised(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Each row of (n, d) scaled to length 1; a row without a direction (zeros, or not finite) becomes NaN."""
    rows = np.asarray(vectors, np.float64)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        unit: NDArray[np.float64] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def distances(points: NDArray[np.floating], labels: NDArray[np.floating]) -> NDArray[np.float64]:
    """||p - l||_2 of every pair: (n, d) and (k, d) to (n, k), by |p|^2 + |l|^2 - 2 p l in float64.

    Both are taken relative to the labels' mean, so that little is lost where two points are near and far from 0.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        middle = np.asarray(labels, np.float64).mean(axis=0)
        p, q = points - middle, labels - middle
        squares = (p**2).sum(axis=1)[:, None] + (q**2).sum(axis=1)[None, :] - 2 * (p @ q.T)
        far: NDArray[np.float64] = np.sqrt(np.maximum(squares, 0))
    return far


def nearest(points: NDArray[np.floating], labels: NDArray[np.floating]) -> Nearest:
    """argmin_i ||l_i - p||_2 for each point.

    Source: arXiv 2309.10313, the first of its suggestions for post-processing.

    Args:
        points: (n, d), the answers' embeddings.
        labels: (k, d) with k at least 1, the formatted labels' embeddings.

    >>> found = nearest(np.array([[0.9, 0.0]]), np.array([[0.0, 0.0], [1.0, 0.0]]))
    >>> int(found.index[0]), round(float(found.distance[0]), 3), round(float(found.margin[0]), 3), bool(found.tie[0])
    (1, 0.1, 0.8, False)
    """
    parts = [_nearest(points[start : start + ROWS_AT_ONCE], labels) for start in range(0, len(points), ROWS_AT_ONCE)]
    if not parts:
        return _nearest(np.empty((0, labels.shape[1])), labels)
    return Nearest(
        np.concatenate([part.index for part in parts]),
        np.concatenate([part.distance for part in parts]),
        np.concatenate([part.margin for part in parts]),
        np.concatenate([part.tie for part in parts]),
    )


def _nearest(points: NDArray[np.floating], labels: NDArray[np.floating]) -> Nearest:
    far = distances(points, labels)  # (n, k)
    known = np.asarray(np.isfinite(far).all(axis=1))
    far = np.where(known[:, None], far, np.inf)
    least = np.where(known, far.min(axis=1), 0)
    tolerance = TIE * float(np.linalg.norm(np.asarray(labels, np.float64), axis=1).max())
    as_near = np.asarray(far - least[:, None] <= tolerance)
    index = as_near.argmax(axis=1)  # the first of them
    others = np.where(np.arange(far.shape[1]) == index[:, None], np.inf, far)
    tie = known & (as_near.sum(axis=1) > 1)
    with np.errstate(invalid="ignore"):
        margin = np.where(tie, 0.0, others.min(axis=1) - least)
    return Nearest(
        index=np.where(known, index, -1),
        distance=np.where(known, least, np.nan),
        margin=np.where(known, margin, np.nan),
        tie=tie,
    )
