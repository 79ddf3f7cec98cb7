"""Labels that an encoder-decoder writes: picture and prompt are encoded once, and the decoder reads labels in batches.

A label does not follow the prompt there: the decoder begins with a token of its own. The pass over that token, and over
those that all labels begin with, leaves a cache, with what the decoder looks at of the prompt in it, from which every
label goes on.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers.cache_utils import DynamicCache, EncoderDecoderCache

from model_wrappers.closed_set.label_scores import LabelScores, joined_scores
from model_wrappers.closed_set.label_trie import LabelTrie

LABELS_AT_ONCE = 32  # whose copies of one image's cache are in memory together


class Begun(NamedTuple):
    """B answers after the token that starts each and the s tokens of the trie's stem.

    Attributes:
        logp: (B, 1 + s, V) float32, of what comes after each of these.
        states: (B, n, d) that the encoder made.
        mask: (B, n) of it.
        cache: the decoder's.
    """

    logp: Tensor
    states: Tensor
    mask: Tensor
    cache: EncoderDecoderCache


def writes_apart(model: Any) -> bool:
    """Whether the language model reads the prompt with an encoder and writes the answer with a decoder."""
    return bool(model.config.get_text_config().is_encoder_decoder)


def decoded_scores(
    model: Any, inputs: Mapping[str, Any], trie: LabelTrie, end_tokens: Sequence[int] = ()
) -> LabelScores | None:
    """The labels' log-probabilities after one encoding of each row; None where the model shows no cache to go on from.

    Args:
        model: a transformers encoder-decoder, or one around such a language model (InstructBLIP, BLIP-2).
        inputs: of B prompts, on its device.
        trie: the labels' tokens.
        end_tokens: ids that end an answer.
    """
    writer = getattr(model, "language_model", model)
    begun = _begun(model, writer, inputs, [trie.tokens[node] for node in trie.stem])
    if begun is None:
        return None
    return joined_scores([_row(writer, begun, row, trie, end_tokens) for row in range(len(begun.logp))])


def _begun(model: Any, writer: Any, inputs: Mapping[str, Any], stem: Sequence[int]) -> Begun | None:
    caught: dict[str, Any] = {}

    def keep(_module: Any, _arguments: Any, given: dict[str, Any], output: Any) -> None:
        caught.update(mask=given.get("attention_mask"), output=output)

    ids = inputs["input_ids"]
    first = [model.config.get_text_config().decoder_start_token_id, *stem]
    start = torch.tensor(first, device=ids.device).expand(len(ids), -1)
    hook = writer.register_forward_hook(keep, with_kwargs=True)
    try:
        model(**inputs, decoder_input_ids=start, use_cache=True)
    finally:
        hook.remove()
    out = caught["output"]
    cache, states = getattr(out, "past_key_values", None), getattr(out, "encoder_last_hidden_state", None)
    if not isinstance(cache, EncoderDecoderCache) or states is None or caught["mask"] is None:
        return None
    return Begun(out.logits.float().log_softmax(dim=-1), states, caught["mask"], cache)


def _row(writer: Any, begun: Begun, row: int, trie: LabelTrie, end_tokens: Sequence[int]) -> LabelScores:
    """The labels of one row: what only some of them share is read with each of those, as decoders are small."""
    ends = list(end_tokens)
    total, greedy, end = [], [], []
    for first in range(0, len(trie.sequences), LABELS_AT_ONCE):
        some = trie.sequences[first : first + LABELS_AT_ONCE]
        logp = _read(writer, begun, row, some, leaves=bool(ends))  # (k, 1 + longest, V)
        for place, label in enumerate(some):
            tokens = torch.tensor(label, device=logp.device)
            steps = logp[place, : len(label)]
            total.append(steps.gather(-1, tokens[:, None]).sum())
            greedy.append((steps.argmax(dim=-1) == tokens).all())
            end.append(logp[place, len(label), ends].logsumexp(dim=-1) if ends else total[-1])
    lengths = torch.tensor([len(label) for label in trie.sequences], device=begun.logp.device)
    return LabelScores(
        torch.stack(total)[None], torch.stack(greedy)[None], lengths, torch.stack(end)[None] if ends else None
    )


def _read(writer: Any, begun: Begun, row: int, labels: Sequence[Sequence[int]], leaves: bool) -> Tensor:
    """(k, 1 + s + fed, V) log-probabilities of what comes first and after each token of k labels, which share s."""
    first = begun.logp[row].expand(len(labels), -1, -1)
    fed = [label[len(begun.logp[row]) - 1 : None if leaves else -1] for label in labels]
    longest = max(map(len, fed))
    if longest == 0:
        return first
    # A shorter label is filled up at its end, where nothing that is read can see it.
    ids = torch.tensor([[*label, *[0] * (longest - len(label))] for label in fed], device=begun.logp.device)
    out = writer(
        encoder_outputs=(begun.states[row : row + 1].expand(len(labels), -1, -1),),
        attention_mask=begun.mask[row : row + 1].expand(len(labels), -1),
        decoder_input_ids=ids,
        past_key_values=EncoderDecoderCache(
            _copies(begun.cache.self_attention_cache, row, len(labels)),
            _copies(begun.cache.cross_attention_cache, row, len(labels)),
        ),
        use_cache=True,
    )
    return torch.cat([first, out.logits.float().log_softmax(dim=-1)], dim=1)


def _copies(cache: Any, row: int, count: int) -> DynamicCache:
    """`row` of a cache `count` times, in one of its own: a pass adds to what it is given."""
    made = DynamicCache()
    for index, layer in enumerate(cache.layers):
        keys, values = (part[row : row + 1].expand(count, -1, -1, -1) for part in (layer.keys, layer.values))
        made.update(keys, values, index)
    return made
