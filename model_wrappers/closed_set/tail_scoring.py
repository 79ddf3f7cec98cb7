"""All labels of a closed set after one cached prompt: for language models that can't take a tree (`tree_obstacle`)."""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from model_wrappers.closed_set.decoder_inputs import DecoderInputs, decoder_of
from model_wrappers.closed_set.label_scores import LabelScores, joined_scores
from model_wrappers.closed_set.label_trie import LabelTrie
from model_wrappers.closed_set.node_reading import label_scores, output_head, read_nodes

TAILS_AT_ONCE = 32  # labels whose copies of one image's cache are in memory together


def tail_scores(model: Any, prompts: DecoderInputs, trie: LabelTrie, end_tokens: Sequence[int] = ()) -> LabelScores:
    """The labels' log-probabilities from one pass over each prompt and batched passes over the labels' tokens.

    What all labels begin with is read once, with the prompt. Each prompt is run without its padding and without a mask
    of ours, so that whatever the model does with positions and windows stays its own.

    Raises:
        ValueError: `prompts` has an obstacle; only full passes can score them.
    """
    if prompts.obstacle:
        raise ValueError(f"labels can't follow a cached prompt: {prompts.obstacle}")
    vocabulary = model.config.get_text_config().vocab_size
    parts = []
    for number in range(len(prompts.embeds)):
        hidden = _hidden_after(model, _row(prompts, number), trie, bool(end_tokens))
        parts.append(label_scores(read_nodes(output_head(model), hidden, vocabulary, trie, end_tokens), trie))
    return joined_scores(parts)


def _row(prompts: DecoderInputs, number: int) -> DecoderInputs:
    seen = prompts.seen[number]
    return DecoderInputs(
        embeds=prompts.embeds[number : number + 1, seen],
        seen=prompts.seen[number : number + 1, seen],
        positions=prompts.positions[..., number : number + 1, seen],
    )


def _hidden_after(model: Any, prompt: DecoderInputs, trie: LabelTrie, leaves: bool) -> Tensor:
    """(1, 1 + fed, d): the prompt's last state, then that of each node that is read from."""
    decoder, stem = decoder_of(model), trie.stem
    prompt = _followed(model, prompt, [trie.tokens[node] for node in stem])
    out = decoder(inputs_embeds=prompt.embeds, position_ids=prompt.positions, use_cache=True)
    fed = len(trie.tokens) if leaves else trie.inner
    hidden = prompt.embeds.new_zeros(1 + fed, out.last_hidden_state.shape[-1])
    hidden[[0, *(1 + node for node in stem)]] = out.last_hidden_state[0, -1 - len(stem) :].to(hidden)
    tails = [tail for path in trie.paths if (tail := path[len(stem) :] if leaves else path[len(stem) : -1])]
    ends = {node for tail in tails for node in tail[:-1]}
    tails = [tail for tail in dict.fromkeys(tails) if tail[-1] not in ends]  # the rest are beginnings of these
    for start in range(0, len(tails), TAILS_AT_ONCE):
        some = tails[start : start + TAILS_AT_ONCE]
        cache = copy.deepcopy(out.past_key_values)
        cache.batch_repeat_interleave(len(some))
        longest = max(map(len, some))
        # A shorter tail is filled up at its end, where nothing that is read can see it.
        nodes = torch.tensor([tail + tail[-1:] * (longest - len(tail)) for tail in some])
        ids = torch.tensor(trie.tokens)[nodes].to(prompt.embeds.device)
        last = prompt.positions[..., -1:].expand(*prompt.positions.shape[:-2], len(some), 1)
        after = last + 1 + torch.arange(longest, device=ids.device)
        embeds = model.get_input_embeddings()(ids).to(prompt.embeds)
        states = decoder(inputs_embeds=embeds, position_ids=after, past_key_values=cache, use_cache=True)
        for tail, row in zip(some, states.last_hidden_state, strict=True):
            hidden[[1 + node for node in tail]] = row[: len(tail)].to(hidden)
    return hidden[None]


def _followed(model: Any, prompt: DecoderInputs, tokens: Sequence[int]) -> DecoderInputs:
    """One prompt without padding, and these tokens after it."""
    if not tokens:
        return prompt
    ids = torch.tensor([tokens], device=prompt.embeds.device)
    after = prompt.positions[..., -1:] + 1 + torch.arange(len(tokens), device=ids.device)
    return DecoderInputs(
        embeds=torch.cat([prompt.embeds, model.get_input_embeddings()(ids).to(prompt.embeds)], dim=1),
        seen=torch.nn.functional.pad(prompt.seen, (0, len(tokens)), value=True),
        positions=torch.cat([prompt.positions, after], dim=-1),
    )
