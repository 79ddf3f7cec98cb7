"""BLIP-2's inputs: the picture's places, then the question; rows of unequal length are padded before both."""

from collections.abc import Sequence
from typing import Any

import torch

from emt_tasks.errors import EmtError
from model_wrappers.generating.prompts import IMAGE

BARE = (
    "{% for message in messages %}{% for part in message.content %}{% if part.type == 'image' %}<image>"
    "{% else %}{{ part.text }}{% endif %}{% endfor %}{% endfor %}"
)
"""The question and nothing around it: the first of InstructBLIP's templates for questions (arXiv 2305.06500, appendix)
and the form in transformers' documentation. "Question: ... Short answer:" is another, for the short answers of VQA."""


class Blip2Inputs:
    """Makes a model's inputs of prompts and pictures, in place of transformers' `Blip2Processor`.

    That one pads the text and then puts the image's places before it, so that rows of unequal length have padding
    between image and text; a T5, which counts distances, then answers otherwise than to one row. Here padding comes
    first. Where nothing is padded both are the same (a test holds it).

    Args:
        processor: transformers' own.
        config: the model's, which names its image token.
    """

    family = "BLIP-2"
    image_token = IMAGE
    chat_template = BARE

    def __init__(self, processor: Any, config: Any) -> None:
        self.tokenizer, self.image_processor = processor.tokenizer, processor.image_processor
        self.apply_chat_template = processor.apply_chat_template
        self._image = [config.image_token_index] * config.num_query_tokens

    def __call__(self, text: Sequence[str], images: Sequence[Any] = (), **options: Any) -> dict[str, Any]:
        """Inputs for B prompts, one picture each: what `tokens` says, and `pixel_values` (B, 3, H, W).

        Args:
            text: prompts, each with the image's sign.
            images: B pictures, or B lists of one.
            **options: `add_special_tokens` is the tokenizer's; others are the same for all processors.

        Raises:
            EmtError: a row has no picture, or several.
        """
        pictures = [one for each in images for one in (each if isinstance(each, (list, tuple)) else [each])]
        if len(pictures) != len(text):
            raise EmtError(f"{self.family} answers about one image; {len(text)} prompts have {len(pictures)}.")
        pixels = self.image_processor(images=pictures, return_tensors="pt")["pixel_values"]
        return {**self.tokens(text, options.get("add_special_tokens", True)), "pixel_values": pixels}

    def tokens(self, text: Sequence[str], add_special_tokens: bool = True) -> dict[str, Any]:
        """The inputs that are text, (B, n), padded on the left.

        Args:
            text: B prompts.
            add_special_tokens: whether the tokenizer adds its own.
        """
        rows = self.rows(text, add_special_tokens)
        ids, mask = padded(rows, self.tokenizer.pad_token_id, max(map(len, rows)), left=True)
        return {"input_ids": ids, "attention_mask": mask}

    def rows(self, text: Sequence[str], add_special_tokens: bool) -> list[list[int]]:
        """The tokens of each prompt, the picture's before it; each different prompt is tokenized once."""
        whole = {
            one: self.tokenizer(bare(one), add_special_tokens=add_special_tokens)["input_ids"]
            for one in dict.fromkeys(text)  # mostly one: a task asks of every picture the same
        }
        return [self._image + whole[one] for one in text]


def bare(text: str) -> str:
    """`text` without the image's sign."""
    return text.replace(IMAGE, "")


def padded(rows: Sequence[list[int]], value: int, width: int, left: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, width) int64 tokens and their mask."""
    ids, mask = torch.full((len(rows), width), value), torch.zeros((len(rows), width), dtype=torch.int64)
    for place, row in enumerate(rows):
        where = slice(width - len(row), None) if left else slice(len(row))
        ids[place, where], mask[place, where] = torch.tensor(row), 1
    return ids, mask
