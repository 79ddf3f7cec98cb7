"""What a loaded model makes of closed sets: likelihoods with their variants, by a way that was checked to be right."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from emt_tasks.errors import EmtError
from emt_tasks.likelihood import Likelihood
from model_wrappers.closed_set.full_passes import full_pass_scores
from model_wrappers.closed_set.label_scores import LabelScores
from model_wrappers.closed_set.label_tokens import label_seam
from model_wrappers.closed_set.label_trie import LabelTrie, build_trie
from model_wrappers.closed_set.scoring import largest_difference, score_labels
from model_wrappers.generating.inputs import Batch
from model_wrappers.generating.stopping import end_tokens

logger = logging.getLogger(__name__)

ALIKE = 1e-3  # nats in float32: ten times what ways that are equal differ by
ALIKE_IN_HALF = 0.5  # nats: rounding alone makes some tenths there, a wrong mask makes whole ones
CHECKED = 3  # labels


@dataclass(frozen=True, slots=True)
class ClosedSet:
    """The answers that follow one prompt.

    Attributes:
        prompt: in the chat template.
        cut: tokens that its inputs lose at their end (`label_tokens.Seam`).
        trie: the answers' tokens.
        blank: inputs of the prompt with an image without content, cut as well; None where no prior is asked for.
    """

    prompt: str
    cut: int
    trie: LabelTrie
    blank: Batch | None


def seam_of(tokenizer: Any, prompt: str, answers: Sequence[str]) -> tuple[int, LabelTrie]:
    """`ClosedSet.cut` and `.trie` of answers that hold their delimiter already.

    Raises:
        EmtError: an answer adds no token.
    """
    try:
        seam = label_seam(tokenizer, prompt, answers, delimiter="")
    except ValueError as error:
        raise EmtError(str(error)) from error
    return seam.cut, build_trie(seam.labels)


class LabelScorer:
    """Scores closed sets.

    Args:
        model: a transformers image-text-to-text model, in eval mode.
        tokenizer: its.
        known: whether its architecture is one that our tests hold; another is compared with full passes first.
    """

    def __init__(self, model: Any, tokenizer: Any, known: bool) -> None:
        self._model, self._tokenizer = model, tokenizer
        self._sure: bool | None = True if known else None
        self._priors: dict[tuple[str, LabelTrie], Tensor] = {}

    def forget(self) -> None:
        """Drop the priors: the model has other weights now."""
        self._priors.clear()

    def likelihoods(
        self, inputs: Batch, closed: ClosedSet, on_device: Callable[[Batch], Batch]
    ) -> list[list[Likelihood]]:
        """The likelihood of each answer, for each of B rows.

        Args:
            inputs: of B left-padded prompts, cut, on the model's device.
            closed: their answers.
            on_device: brings the inputs of the blank image there.
        """
        scores = self._scores(inputs, closed.trie)
        prior = self._prior(closed, on_device)
        nothing = [[None] * scores.total.shape[1]] * len(scores.total)
        columns = (
            (-scores.per_token).tolist(),
            scores.greedy.tolist(),
            scores.total.tolist(),
            scores.with_end.tolist() if scores.end is not None else nothing,
            (scores.total - prior).tolist() if prior is not None else nothing,
        )
        return [[Likelihood(*parts) for parts in zip(*row, strict=True)] for row in zip(*columns, strict=True)]

    def _prior(self, closed: ClosedSet, on_device: Callable[[Batch], Batch]) -> Tensor | None:
        """(1, L) sums after the blank image."""
        if closed.blank is None:
            return None
        key = (closed.prompt, closed.trie)
        if key not in self._priors:
            self._priors[key] = self._scores(on_device(closed.blank), closed.trie).total
        return self._priors[key]

    def _scores(self, inputs: Batch, trie: LabelTrie) -> LabelScores:
        ends = end_tokens(self._model, self._tokenizer, ())
        if self._sure is None:
            self._sure = self._agrees(inputs, trie, ends)
        if self._sure:
            return score_labels(self._model, inputs, trie, ends)
        with torch.inference_mode():
            return full_pass_scores(self._model, inputs, trie, ends)

    def _agrees(self, inputs: Batch, trie: LabelTrie, ends: Sequence[int]) -> bool:
        """Whether the fast way gives the scores of full passes, for the longest of the labels."""
        longest = sorted(trie.sequences, key=len, reverse=True)[:CHECKED]
        difference = largest_difference(self._model, inputs, build_trie(longest), ends)
        allowed = ALIKE if self._model.dtype in (torch.float32, torch.float64) else ALIKE_IN_HALF
        if difference <= allowed:
            return True
        logger.warning(
            "closed-set scoring: labels as a tree differ by %.1e nats from full passes in %s: "
            "one full forward pass for each label",
            difference,
            type(self._model).__name__,
        )
        return False
