"""InstructBLIP's inputs: the question for the Q-Former and for the language model, each padded where it should be."""

import logging
import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import torch

from emt_tasks.errors import EmtError
from model_wrappers.generating.prompts import IMAGE

logger = logging.getLogger(__name__)

BARE = (
    "{% for message in messages %}{% for part in message.content %}{% if part.type == 'image' %}<image>"
    "{% else %}{{ part.text }}{% endif %}{% endfor %}{% endfor %}"
)
"""The question and nothing around it: the first of InstructBLIP's templates for questions (arXiv 2305.06500, appendix)
and the form in transformers' documentation. "Question: ... Short answer:" is another, for the short answers of VQA."""
SENTENCE_END = re.compile(r"(?<=[.?!])\s+")
_told: set[int] = set()


class InstructBlipInputs:
    """Makes a model's inputs of prompts and pictures, in place of transformers' `InstructBlipProcessor`.

    That one pads the text and then puts the image's places before it, so that rows of unequal length have padding
    between image and text; a T5, which counts distances, then answers otherwise than to one row. Here padding comes
    first. Where nothing is padded both are the same (a test holds it).

    The Q-Former has 512 positions, and LAVIS cuts its text at 128 tokens. Here nothing is cut that fits. Of a longer
    text it sees the whole sentences from the beginning that fit, so that a list of labels at the end is there whole or
    not at all: of half a list it would look for the labels in that half. The language model sees all of it.

    Args:
        processor: transformers' own.
        config: the model's.
    """

    image_token = IMAGE
    chat_template = BARE

    def __init__(self, processor: Any, config: Any) -> None:
        self.tokenizer, self.image_processor = processor.tokenizer, processor.image_processor
        self.apply_chat_template = processor.apply_chat_template
        self._qformer_tokenizer = processor.qformer_tokenizer
        self._positions: int = config.qformer_config.max_position_embeddings
        self._image = [config.image_token_index] * config.num_query_tokens

    def __call__(self, text: Sequence[str], images: Sequence[Any] = (), **options: Any) -> dict[str, Any]:
        """Inputs for B prompts, one picture each: `input_ids` (B, n) left-padded, `qformer_input_ids` (B, m), ...

        Args:
            text: prompts, each with the image's sign.
            images: B pictures, or B lists of one.
            **options: `add_special_tokens` is the tokenizer's; others are the same for all processors.

        Raises:
            EmtError: a row has no picture, or several.
        """
        pictures = [one for each in images for one in (each if isinstance(each, (list, tuple)) else [each])]
        if len(pictures) != len(text):
            raise EmtError(f"InstructBLIP answers about one image; {len(text)} prompts have {len(pictures)}.")
        pixels = self.image_processor(images=pictures, return_tensors="pt")["pixel_values"]
        return {**self.tokens(text, options.get("add_special_tokens", True)), "pixel_values": pixels}

    def tokens(self, text: Sequence[str], add_special_tokens: bool = True) -> dict[str, Any]:
        """The inputs that are text: for the language model padded on the left, for the Q-Former on the right.

        They never have the same width, so that nobody takes the one for the other.

        Args:
            text: B prompts.
            add_special_tokens: whether the language model's tokenizer adds its own.
        """
        different = dict.fromkeys(text)  # mostly one: a task asks of every picture the same
        fitting = {one: self._fitting(_bare(one)) for one in different}
        whole = {
            one: self.tokenizer(_bare(one), add_special_tokens=add_special_tokens)["input_ids"] for one in different
        }
        asked = [fitting[one] for one in text]
        qformer = _padded(asked, self._qformer_tokenizer.pad_token_id, max(map(len, asked)), left=False)
        rows = [self._image + whole[one] for one in text]
        longest = max(map(len, rows))
        width = longest + (longest == qformer[0].shape[1])
        ids, mask = _padded(rows, self.tokenizer.pad_token_id, width, left=True)
        names = ("input_ids", "attention_mask", "qformer_input_ids", "qformer_attention_mask")
        return dict(zip(names, (ids, mask, *qformer), strict=True))

    def _fitting(self, text: str) -> list[int]:
        """The Q-Former's tokens of `text`, or of as many of its sentences as it has positions for."""
        ids = self._tokens(text)
        if len(ids) <= self._positions:
            return ids
        if self._positions not in _told:
            _told.add(self._positions)
            logger.warning(
                "a prompt is %d tokens for the Q-Former, which has %d positions: it sees the sentences before the list "
                "of labels, the language model sees all",
                len(ids),
                self._positions,
            )
        beginnings = accumulate(SENTENCE_END.split(text), "{} {}".format)
        fit = [tokens for tokens in map(self._tokens, beginnings) if len(tokens) <= self._positions]
        return fit[-1] if fit else [*ids[: self._positions - 1], ids[-1]]

    def _tokens(self, text: str) -> list[int]:
        return list(self._qformer_tokenizer(text, verbose=False)["input_ids"])


def _bare(text: str) -> str:
    return text.replace(IMAGE, "")


def _padded(rows: Sequence[list[int]], value: int, width: int, left: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, width) int64 tokens and their mask."""
    ids, mask = torch.full((len(rows), width), value), torch.zeros((len(rows), width), dtype=torch.int64)
    for place, row in enumerate(rows):
        where = slice(width - len(row), None) if left else slice(len(row))
        ids[place, where], mask[place, where] = torch.tensor(row), 1
    return ids, mask
