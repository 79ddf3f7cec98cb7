"""All labels of a closed set in one forward pass: they follow the prompt as a tree of tokens in the same sequence.

Each node sees the prompt and its own ancestors (a 4-D additive attention mask) and has the position it would have if
its label stood there alone (position ids), so that its state is that of a full pass over prompt and label.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from model_wrappers.closed_set.decoder_inputs import DecoderInputs, decoder_of
from model_wrappers.closed_set.label_scores import LabelScores
from model_wrappers.closed_set.label_trie import ROOT, LabelTrie
from model_wrappers.closed_set.node_reading import label_scores, output_head, read_nodes, trie_tensors

MASKED_ATTENTION = ("sdpa", "eager")  # transformers 5.23 passes these a ready 4-D mask as it is
WINDOWED = ("sliding_attention", "chunked_attention")
UNMASKED = ("linear_attention", "conv", "mamba", "recurrent")  # layers that have a state instead of a mask
OWN_POSITIONS = ("alibi", "falcon", "mpt", "bloom")  # positions by key order, whatever the position ids say


def tree_obstacle(model: Any, prompts: DecoderInputs, trie: LabelTrie) -> str:
    """Why the labels can't follow these prompts as a tree; "" if they can.

    A model that is handed a 4-D mask skips its own, and with it a sliding window: harmless while prompt and label are
    shorter than the window.
    """
    config: Any = decoder_of(model).config
    if prompts.obstacle:
        return prompts.obstacle
    if config._attn_implementation not in MASKED_ATTENTION:
        return f"attention {config._attn_implementation!r} takes no 4-D mask"
    if config.model_type in OWN_POSITIONS or getattr(config, "alibi", False):
        return f"{config.model_type} does not read position ids"
    layers = set(getattr(config, "layer_types", None) or ())
    if odd := sorted(kind for kind in layers if kind.startswith(UNMASKED)):
        return f"layers of kind {', '.join(odd)} keep a state that has no mask"
    window = getattr(config, "sliding_window", None) or getattr(config, "attention_chunk_size", None)
    windowed = bool(layers.intersection(WINDOWED)) if layers else getattr(config, "use_sliding_window", True)
    longest = prompts.embeds.shape[1] + max(trie.depths)
    if windowed and window is not None and longest > window:
        return f"{longest} tokens reach beyond the sliding window of {window}"
    return ""


def tree_scores(model: Any, prompts: DecoderInputs, trie: LabelTrie, end_tokens: Sequence[int] = ()) -> LabelScores:
    """The labels' log-probabilities from one pass of the language model.

    Args:
        model: a transformers image-text-to-text model with a Llama-type language model.
        prompts: its `decoder_inputs`, of any lengths.
        trie: the labels' tokens.
        end_tokens: ids that end an answer; given, the leaves are fed too, as the end is read there.
    """
    length, fed = prompts.embeds.shape[1], len(trie.tokens) if end_tokens else trie.inner
    at = trie_tensors(trie, prompts.embeds.device)
    nodes = model.get_input_embeddings()(at.tokens[:fed]).to(prompts.embeds)
    embeds = torch.cat([prompts.embeds, nodes.expand(len(prompts.embeds), -1, -1)], dim=1)
    positions = torch.cat([prompts.positions, prompts.positions[..., -1:] + 1 + at.depths[:fed]], dim=-1)
    # Without nodes to feed the model's own causal mask is right, and quicker where nothing is padded.
    mask = tree_mask(prompts, trie, fed) if fed else prompts.seen.long()
    hidden = decoder_of(model)(
        inputs_embeds=embeds, attention_mask=mask, position_ids=positions, use_cache=False
    ).last_hidden_state
    vocabulary = model.config.get_text_config().vocab_size
    reading = read_nodes(output_head(model), hidden[:, length - 1 :], vocabulary, trie, end_tokens)
    return label_scores(reading, trie)


def takes_tree(model: Any) -> bool:
    """Whether the whole model reads a 4-D mask beside position ids, and says so (our Flamingo does)."""
    return bool(getattr(model, "takes_tree", False)) and model.config._attn_implementation in MASKED_ATTENTION


def own_tree_scores(
    model: Any, inputs: Mapping[str, Any], trie: LabelTrie, end_tokens: Sequence[int] = ()
) -> LabelScores:
    """The same from one pass of a model that takes the tree at its own door (`takes_tree`)."""
    ids, fed = inputs["input_ids"], len(trie.tokens) if end_tokens else trie.inner
    seen = inputs["attention_mask"].bool()
    at = trie_tensors(trie, ids.device)
    # Of the embeddings, the mask wants to know no more than their shape and dtype.
    embeds = torch.empty(*ids.shape, 0, dtype=model.dtype, device=ids.device)
    prompts = DecoderInputs(embeds, seen, (seen.long().cumsum(dim=1) - 1).clamp_min(0))
    positions = torch.cat([prompts.positions, prompts.positions[:, -1:] + 1 + at.depths[:fed]], dim=1)
    longer = {
        **inputs,
        "input_ids": torch.cat([ids, at.tokens[:fed].expand(len(ids), -1)], dim=1),
        "attention_mask": tree_mask(prompts, trie, fed),
        "position_ids": positions,
    }
    logits = model(**longer, use_cache=False, logits_to_keep=1 + fed).logits
    return label_scores(read_nodes(Tensor.float, logits, logits.shape[-1], trie, end_tokens), trie)


def tree_mask(prompts: DecoderInputs, trie: LabelTrie, fed: int) -> Tensor:
    """The additive attention mask (B or 1, 1, n + fed, n + fed), 0 where a token sees another.

    A padded token sees itself, as a softmax over nothing would be undefined. One mask serves all rows without padding;
    it is kept for the next batch.
    """
    length, dtype, device = prompts.embeds.shape[1], prompts.embeds.dtype, prompts.embeds.device
    if not prompts.padded:
        return _shared_mask(trie, fed, length, dtype, device)
    keys = torch.nn.functional.pad(prompts.seen, (0, fed), value=True)  # (B, n + fed)
    itself = torch.eye(length + fed, dtype=torch.bool, device=device)
    return _additive((_sees(trie, fed, length, device) & keys[:, None, :]) | itself, dtype)[:, None]


@lru_cache(maxsize=2)  # a prompt of 1,000 tokens and 200 nodes: 6 MB in float32
def _shared_mask(trie: LabelTrie, fed: int, length: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    return _additive(_sees(trie, fed, length, device), dtype)[None, None]


@lru_cache(maxsize=2)
def _sees(trie: LabelTrie, fed: int, length: int, device: torch.device) -> Tensor:
    """(n + fed, n + fed) bool: the prompt causally, each node the prompt and its own path."""
    sees = torch.ones(length + fed, length + fed, dtype=torch.bool).tril_()
    sees[length:, length:] = False
    for node in range(fed):
        row = length + node
        if trie.parents[node] != ROOT:
            sees[row, length:] = sees[length + trie.parents[node], length:]
        sees[row, row] = True
    return sees.to(device)


def _additive(sees: Tensor, dtype: torch.dtype) -> Tensor:
    return torch.zeros(sees.shape, dtype=dtype, device=sees.device).masked_fill_(~sees, torch.finfo(dtype).min)
