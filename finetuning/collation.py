"""Records become batches in which only the answer's tokens carry loss."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from finetuning.records import Record

IGNORED = -100  # the label that PyTorch's cross-entropy passes over


class Tokens(NamedTuple):
    """A conversation's token ids, and how many of them are the prompt's."""

    ids: tuple[int, ...]
    prompt: int


class AnswerCollator:
    """Pads conversations to the right and masks all but the answer and its end token.

    The prompt is what the model wrappers send (the processor's chat template, the answer's turn opened), so that
    training and evaluation see the same tokens. Texts are tokenised once: a set has as many as it has classes.
    """

    def __init__(self, processor: Any) -> None:
        self._processor = processor
        self._known: dict[tuple[str, str], Tokens] = {}

    def __call__(self, rows: Sequence[Record]) -> dict[str, Tensor]:
        """The batch of `rows`.

        Returns:
            input_ids, attention_mask and labels, (B, longest) int64; pixel_values, (B, 3, H, W) float32, normalised.
        """
        tokens = [self.tokens(row) for row in rows]
        longest = max(len(each.ids) for each in tokens)
        ids = torch.full((len(rows), longest), self._processor.tokenizer.pad_token_id)
        mask = torch.zeros_like(ids)
        labels = torch.full_like(ids, IGNORED)
        for i, each in enumerate(tokens):
            end = len(each.ids)
            ids[i, :end] = torch.tensor(each.ids)
            mask[i, :end] = 1
            labels[i, each.prompt : end] = ids[i, each.prompt : end]
        images = self._processor.image_processor([row.image for row in rows], return_tensors="pt")
        return {"input_ids": ids, "attention_mask": mask, "labels": labels, "pixel_values": images["pixel_values"]}

    def tokens(self, row: Record) -> Tokens:
        """The tokens of question and answer.

        Raises:
            ValueError: the tokenizer joins the end of the prompt with the answer, so that they can't be told apart.
        """
        key = (row.prompt, row.answer)
        if key not in self._known:
            turn = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": row.prompt}]}
            prompt = self._processor.apply_chat_template([turn], add_generation_prompt=True)
            whole = self._ids(f"{prompt} {row.answer}{self._processor.tokenizer.eos_token}", row)
            start = self._ids(prompt, row)
            if whole[: len(start)] != start:
                raise ValueError(f"the tokenizer reads {prompt[-12:]!r} differently when {row.answer!r} follows it")
            self._known[key] = Tokens(tuple(whole), len(start))
        return self._known[key]

    def _ids(self, text: str, row: Record) -> list[int]:
        ids: list[int] = self._processor(text=[text], images=[row.image])["input_ids"][0]
        return ids
