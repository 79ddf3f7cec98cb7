"""Neural collapse as numbers: how far features and classifier are from the shape that long training gives them.

Source: Papyan, Han, Donoho, "Prevalence of neural collapse during the terminal phase of deep learning training", PNAS
117(40), 2020 (arXiv 2008.08186), for NC1 to NC4; Fang, He, Long, Su, "Exploring deep neural networks via layer-peeled
model: minority collapse in imbalanced training", PNAS 118(43), 2021 (arXiv 2101.12699), for `cosines`.

Every class weighs the same, however many rows it has, as in the balanced sets that the sources measure. With C classes,
mu_c is the mean feature of class c, mu the mean of the mu_c, w_c the classifier's row.
"""

from dataclasses import dataclass
from math import nan

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Collapse:
    """NC1 to NC4 of some classes; nan where there is nothing to measure: a vector has no length, or is no number.

    Attributes:
        variability: NC1, trace(S_W S_B^+) / C of the covariances within and between classes; >= 0, 0 in collapse.
        means_norm: NC2, standard deviation over mean of the lengths of mu_c - mu; >= 0, 0 in collapse.
        rows_norm: the same of the w_c.
        means_angle: NC2, standard deviation of the cosines between any two mu_c - mu; 0 in collapse.
        rows_angle: the same of the w_c.
        means_widest: NC2, mean |cosine + 1/(C-1)|, the distance from the widest equal angles; 0 in collapse.
        rows_widest: the same of the w_c.
        alignment: NC3, squared Frobenius distance of the mu_c - mu and the w_c, each matrix scaled to norm 1; in
            [0, 4], 0 in collapse.
        agreement: NC4, share of rows for which the classifier says the class with the nearest mean; 1 in collapse.
    """

    variability: float
    means_norm: float
    rows_norm: float
    means_angle: float
    rows_angle: float
    means_widest: float
    rows_widest: float
    alignment: float
    agreement: float


def collapse(features: Tensor, targets: Tensor, rows: Tensor, predictions: Tensor) -> Collapse:
    """NC1 to NC4 of the classes 0 to C-1.

    Args:
        features: (N, d), what the classifier reads.
        targets: (N,) int64 in [0, C); every class has a row.
        rows: (C, d), the classifier's.
        predictions: (N,) int64, what the classifier says; a class outside [0, C) agrees with no mean.

    Raises:
        ValueError: there are fewer than two classes, or one has no row.
    """
    features, rows = features.double(), rows.double()
    means = class_means(features, targets, len(rows))
    centred = means - means.mean(dim=0)
    nearest = nearest_means(features, means)
    return Collapse(
        variability=_variability(features - means[targets], targets, centred),
        means_norm=_variation(centred),
        rows_norm=_variation(rows),
        means_angle=_std(cosines(centred)),
        rows_angle=_std(cosines(rows)),
        means_widest=_from_widest(centred),
        rows_widest=_from_widest(rows),
        alignment=float((_unit(centred) - _unit(rows)).square().sum()),
        agreement=float((nearest == predictions).double().mean()),
    )


def class_means(features: Tensor, targets: Tensor, classes: int) -> Tensor:
    """The mean feature of each class: (classes, d) float64.

    Raises:
        ValueError: there are fewer than two classes, or one has no row.
    """
    counts = torch.bincount(targets, minlength=classes)
    if classes < 2 or len(counts) > classes or bool((counts == 0).any()):
        raise ValueError(f"{classes} classes with {counts.tolist()} rows: two or more are needed, and rows of each.")
    sums = torch.zeros(classes, features.shape[1], dtype=torch.float64).index_add_(0, targets, features.double())
    return sums / counts[:, None]


def nearest_means(features: Tensor, means: Tensor) -> Tensor:
    """The class whose mean is nearest to each feature, the first of equals: (N,) int64."""
    return torch.cat([torch.cdist(some, means).argmin(dim=1) for some in torch.split(features.double(), 4096)])


def cosines(vectors: Tensor) -> Tensor:
    """The cosine of each two of (n, d) vectors: (n (n-1) / 2,) float64; nan with a vector of no length.

    Of the classifier's rows of classes that are absent from training they go to 1 (minority collapse).

    >>> cosines(torch.tensor([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]])).tolist()
    [0.0, 1.0, 0.0]
    """
    units = vectors.double() / vectors.double().norm(dim=1, keepdim=True)
    first, second = torch.triu_indices(len(units), len(units), offset=1)
    found: Tensor = (units @ units.T)[first, second]
    return found


def _variability(within: Tensor, targets: Tensor, centred: Tensor) -> float:
    """NC1. With the singular vectors u_k and values s_k of the centred means over sqrt(C), S_B^+ is the sum of
    u_k u_k^T / s_k^2: no matrix of d times d is made.
    """  # noqa: D205  # one formula
    classes = len(centred)
    if not bool(centred.isfinite().all()):
        return nan
    _, lengths, directions = torch.linalg.svd(centred / classes**0.5, full_matrices=False)
    kept = lengths > lengths.max() * max(centred.shape) * torch.finfo(torch.float64).eps
    kept[classes - 1 :] = False  # C centred means span C-1 directions; what else there is comes from rounding
    if not bool(kept.any()):
        return nan
    along = (within @ directions[kept].T).square()  # (N, rank)
    counts = torch.bincount(targets, minlength=classes)
    spread = (along / (counts[targets, None] * classes)).sum(dim=0)  # u_k^T S_W u_k
    return float((spread / lengths[kept].square()).sum() / classes)


def _variation(vectors: Tensor) -> float:
    lengths = vectors.norm(dim=1)
    return float(lengths.std(correction=0) / lengths.mean())


def _std(values: Tensor) -> float:
    return float(values.std(correction=0))


def _from_widest(vectors: Tensor) -> float:
    return float((cosines(vectors) + 1 / (len(vectors) - 1)).abs().mean())


def _unit(matrix: Tensor) -> Tensor:
    unit: Tensor = matrix / matrix.norm()
    return unit
