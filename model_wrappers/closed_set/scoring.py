"""Closed-set scoring: the log-likelihood of every label given image and prompt, by the fastest way a model allows."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from model_wrappers.closed_set.decoder_inputs import decoder_inputs
from model_wrappers.closed_set.encoder_decoder import decoded_scores, writes_apart
from model_wrappers.closed_set.full_passes import full_pass_scores
from model_wrappers.closed_set.label_scores import LabelScores
from model_wrappers.closed_set.label_trie import LabelTrie
from model_wrappers.closed_set.tail_scoring import tail_scores
from model_wrappers.closed_set.tree_scoring import own_tree_scores, takes_tree, tree_obstacle, tree_scores

logger = logging.getLogger(__name__)
_told: set[str] = set()


@torch.inference_mode()
def score_labels(model: Any, inputs: Mapping[str, Any], trie: LabelTrie, end_tokens: Sequence[int] = ()) -> LabelScores:
    """Log-likelihoods of the trie's labels for each row of `inputs`, equal to one full pass for each label.

    One forward pass with the labels as a tree; a cached prompt with batched tails where the architecture takes no
    4-D mask; batches of labels after one encoding where a decoder writes them; full passes where only the model's own
    forward knows how to go on. Says once which and why.

    Args:
        model: a transformers image-text-to-text model (PEFT's wrapping included), in eval mode.
        inputs: what its processor made of left-padded prompts and images, on the model's device.
        trie: the labels' tokens after the prompts, all of which must end alike (`label_seam`).
        end_tokens: ids that end an answer; given, `LabelScores.with_end` is there too (the trie's leaves are fed).

    Returns:
        float32 scores of shape (rows, labels) on the model's device.
    """
    if takes_tree(model):
        return own_tree_scores(model, inputs, trie, end_tokens)
    if writes_apart(model):
        scores = decoded_scores(model, inputs, trie, end_tokens)
        if scores is not None:
            return scores
        _tell(f"{type(model).__name__} shows no cache to go on from: one full forward pass for each label")
        return full_pass_scores(model, inputs, trie, end_tokens)
    try:
        prompts = decoder_inputs(model, inputs)
    except TypeError as reason:
        _tell(f"{reason}: one full forward pass for each label")
        return full_pass_scores(model, inputs, trie, end_tokens)
    if not (obstacle := tree_obstacle(model, prompts, trie)):
        return tree_scores(model, prompts, trie, end_tokens)
    if not prompts.obstacle:
        _tell(f"{obstacle}: labels are scored in batches after a cached prompt")
        return tail_scores(model, prompts, trie, end_tokens)
    _tell(f"{obstacle}: one full forward pass for each label")
    return full_pass_scores(model, inputs, trie, end_tokens)


def largest_difference(model: Any, inputs: Mapping[str, Any], trie: LabelTrie, end_tokens: Sequence[int] = ()) -> float:
    """How far `score_labels` is from one full pass for each label, in nats: below 1e-4 in float32 is equal."""
    fast = score_labels(model, inputs, trie, end_tokens)
    with torch.inference_mode():
        slow = full_pass_scores(model, inputs, trie, end_tokens)
    pairs = [(fast.total, slow.total)] + ([(fast.with_end, slow.with_end)] if end_tokens else [])
    return max(float((one - other).abs().max()) for one, other in pairs)


def _tell(message: str) -> None:
    if message not in _told:
        _told.add(message)
        logger.warning("closed-set scoring: %s", message)
