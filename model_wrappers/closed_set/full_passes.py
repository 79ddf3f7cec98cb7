"""One full forward pass for each label, as harnesses do it: what the fast ways must equal, and the last resort."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from emt_tasks.likelihood import Likelihood
from model_wrappers.closed_set.label_scores import LabelScores
from model_wrappers.closed_set.label_tokens import label_seam
from model_wrappers.closed_set.label_trie import LabelTrie, build_trie
from model_wrappers.generating.inputs import longer, shorter


def full_pass_scores(
    model: Any, inputs: Mapping[str, Any], trie: LabelTrie, end_tokens: Sequence[int] = ()
) -> LabelScores:
    """The labels' log-probabilities, each from the model's own forward pass over prompt and label.

    Args:
        model: any transformers model that gives logits.
        inputs: what its processor made of left-padded prompts and images, on the model's device.
        trie: the labels' tokens.
        end_tokens: ids that end an answer.
    """
    columns = [_one_label(model, inputs, sequence, end_tokens) for sequence in trie.sequences]
    total, greedy, end = (torch.stack(part, dim=1) for part in zip(*columns, strict=True))
    lengths = torch.tensor([len(sequence) for sequence in trie.sequences], device=total.device)
    return LabelScores(total, greedy, lengths, end if end_tokens else None)


def answers_after_prompts(
    model: Any, tokenizer: Any, inputs: Mapping[str, Any], prompts: Sequence[str], answers: Sequence[str]
) -> list[Likelihood]:
    """The likelihood of one answer after each prompt, a row at a time.

    Args:
        model: as of `full_pass_scores`.
        tokenizer: its.
        inputs: of the B prompts and pictures, without the answers.
        prompts: B texts.
        answers: B texts.
    """
    found = []
    for place, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
        seam = label_seam(tokenizer, prompt, [answer], delimiter="")
        row = shorter({name: value[place : place + 1] for name, value in inputs.items()}, seam.cut)
        with torch.inference_mode():
            scores = full_pass_scores(model, row, build_trie(seam.labels))
        total = float(scores.total[0, 0])
        found.append(Likelihood(-total / len(seam.labels[0]), bool(scores.greedy[0, 0]), total=total))
    return found


def _one_label(
    model: Any, inputs: Mapping[str, Any], label: Sequence[int], end_tokens: Sequence[int]
) -> tuple[Tensor, Tensor, Tensor]:
    """Sum of log-probabilities, whether greedy, and log-probability of the end: (B,) each."""
    ids = inputs["input_ids"]
    tokens = torch.tensor(label, device=ids.device).expand(len(ids), -1)
    text = model.config.get_text_config()
    if text.is_encoder_decoder:  # the label is the decoder's, after the token that starts every answer
        start = torch.full_like(tokens[:, :1], text.decoder_start_token_id)
        whole = {**inputs, "decoder_input_ids": torch.cat([start, tokens], dim=1)}
    else:
        whole = longer(inputs, label, model.config.model_type)
    logits = model(**whole, use_cache=False).logits[:, -len(label) - 1 :].float()
    logp = logits.log_softmax(dim=-1)
    read = logp[:, :-1].gather(-1, tokens[..., None])[..., 0]
    greedy = (logits[:, :-1].argmax(dim=-1) == tokens).all(dim=1)
    end = logp[:, -1, list(end_tokens)].logsumexp(dim=-1) if end_tokens else read[:, 0]
    return read.sum(dim=1), greedy, end
