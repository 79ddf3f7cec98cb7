"""The reading `choice`: of a closed set's labels, the one that a model finds likeliest."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence

from emt_tasks.likelihood import Likelihood
from emt_tasks.reading import Reading

READING = "choice"
VARIANTS: Mapping[str, Callable[[Likelihood], float | None]] = {
    "sum": lambda one: one.total,
    "per_token": lambda one: None if one.loss is None else -one.loss,
    "with_end": lambda one: one.with_end,
    "prior": lambda one: one.over_prior,
}
"""What a label can be ranked by, the first the primary one.

`sum` is log p(label | image, prompt): the model's own belief, without a correction that somebody would have to choose.
It cannot prefer a label to one whose tokens begin it (`beetle` to `bee`); `with_end`, which asks for the answer to end
there, can. `per_token` is the mean over a label's tokens, by which lmms-eval's own tasks choose; it favours long labels
whose later tokens follow from the first. `prior` is `sum` minus that of an image without content, which takes away
what the prompt alone suggests.
"""

IN_SENTENCE = tuple(name for name in VARIANTS if name != "per_token")
"""The variants of labels that are weighed within a sentence ("The object is a(n) bee.").

What all sentences begin with is in every label's `sum`, `with_end` and `prior` alike, and decides nothing. The full
stop ends a label, so that by `sum` already `bee` does not begin `beetle`. In a mean over tokens the shared words would
count as well, for more the fewer tokens a label has: where the sentence is unlikely, long labels would win by that
alone.
"""


def scores(likelihoods: Sequence[Likelihood], variants: Collection[str] = tuple(VARIANTS)) -> dict[str, list[float]]:
    """The labels' scores under each of `variants` that all of them have, in nats; more is likelier.

    A model of lmms-eval that only tells losses has `per_token` alone, one of lm_eval `sum`.
    """
    found = {name: [score for one in likelihoods if (score := VARIANTS[name](one)) is not None] for name in variants}
    return {name: some for name, some in found.items() if len(some) == len(likelihoods)}


def likeliest(some: Sequence[float], labels: Sequence[str]) -> str | None:
    """The label with the highest of its scores, the first of equals; None where one of them is no number.

    >>> likeliest([-2.0, -1.0, -1.0], ["cat", "dog", "ship"])
    'dog'
    """
    if any(math.isnan(score) for score in some):
        return None
    return labels[max(range(len(labels)), key=some.__getitem__)]


def read(by_variant: Mapping[str, Sequence[float]], labels: Sequence[str]) -> Reading | None:
    """The reading of a row under its first variant; None where that has no number for some label."""
    label = likeliest(next(iter(by_variant.values())), labels)
    return None if label is None else Reading(READING, label, (label,), (), says_something=True)
