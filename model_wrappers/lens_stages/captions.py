"""LENS's captions: many for an image, sampled from BLIP, the same whatever batch the image is in."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import LogitsProcessor, LogitsProcessorList

# Source: the defaults of the `llm-lens` package 0.0.0.3.
BEGINNING = "a picture of"
LONGEST, SHORTEST = 30, 10  # tokens, the beginning included
TOP_K = 50


class SeededTopK(LogitsProcessor):
    """Turns the likeliest-token choice into sampling among the k likeliest, by each row's own seed.

    The likeliest of log p + Gumbel noise is a sample of p (Gumbel-max). Noise from a generator for each row makes it
    independent of the rows beside it, which sampling from one shared generator is not.

    Args:
        seeds: one for each of R rows.
        start: tokens before the first that is chosen.
        top_k: how many tokens there are to choose from.
    """

    def __init__(self, seeds: Sequence[int], start: int, top_k: int = TOP_K) -> None:
        self._start = start
        noise = []
        for seed in seeds:
            uniform = torch.rand(LONGEST, top_k, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
            noise.append(-(-uniform.clamp_min(1e-300).log()).clamp_min(1e-300).log())
        self._noise = torch.stack(noise).float()  # (R, LONGEST, top_k)

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """(R, vocabulary): noisy logits of the k likeliest, all others impossible."""
        noise = self._noise[:, input_ids.shape[1] - self._start].to(scores.device)
        top = scores.float().topk(min(noise.shape[-1], scores.shape[-1]), dim=-1)
        noisy = top.values + noise[:, : top.values.shape[-1]]
        return torch.full_like(scores, -torch.inf, dtype=torch.float32).scatter(-1, top.indices, noisy)


class Captioner:
    """Writes captions.

    Args:
        model: transformers' BlipForConditionalGeneration, in eval mode.
        tokenizer: its tokenizer.
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._model, self._tokenizer = model, tokenizer
        text = model.config.text_config
        self._ends: dict[str, int] = {"eos_token_id": text.sep_token_id, "pad_token_id": text.pad_token_id}
        # As BLIP's own `generate` does: its start token for [CLS], and no [SEP].
        self._beginning = [text.bos_token_id, *tokenizer(BEGINNING)["input_ids"][1:-1]]

    @torch.inference_mode()
    def captions(self, pixels: Tensor, seeds: Sequence[int], number: int) -> list[tuple[str, ...]]:
        """`number` captions of each of B images, without their beginning.

        Args:
            pixels: (B, 3, H, W) as BLIP's preprocessing makes them, on the model's device.
            seeds: one for each image.
            number: of captions; 0 asks for none.
        """
        if number == 0:
            return [()] * len(pixels)
        seen = self._model.vision_model(pixel_values=pixels)[0].repeat_interleave(number, dim=0)
        ids = torch.tensor([self._beginning], device=pixels.device).expand(len(seen), -1)
        each = [(seed + caption) % 2**63 for seed in seeds for caption in range(number)]
        made = self._model.text_decoder.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            encoder_hidden_states=seen,
            encoder_attention_mask=torch.ones(seen.shape[:2], dtype=torch.int64, device=seen.device),
            do_sample=False,
            num_beams=1,
            max_length=LONGEST,
            min_length=SHORTEST,
            logits_processor=LogitsProcessorList([SeededTopK(each, len(self._beginning))]),
            **self._ends,
        )
        texts = self._tokenizer.batch_decode(made, skip_special_tokens=True)
        said = [text[len(BEGINNING) :].strip() for text in texts]
        return [tuple(said[start : start + number]) for start in range(0, len(said), number)]
