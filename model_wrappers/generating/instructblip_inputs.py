"""InstructBLIP's inputs: the question for the Q-Former and for the language model, each padded where it should be."""

import logging
import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from model_wrappers.generating.blip2_inputs import Blip2Inputs, bare, padded

logger = logging.getLogger(__name__)

SENTENCE_END = re.compile(r"(?<=[.?!])\s+")
_told: set[int] = set()


class InstructBlipInputs(Blip2Inputs):
    """BLIP-2's inputs, and the question for the Q-Former beside them, in place of `InstructBlipProcessor`.

    The Q-Former has 512 positions, and LAVIS cuts its text at 128 tokens. Here nothing is cut that fits. Of a longer
    text it sees the whole sentences from the beginning that fit, so that a list of labels at the end is there whole or
    not at all: of half a list it would look for the labels in that half. The language model sees all of it.

    Args:
        processor: transformers' own.
        config: the model's.
    """

    family = "InstructBLIP"

    def __init__(self, processor: Any, config: Any) -> None:
        super().__init__(processor, config)
        self._qformer_tokenizer = processor.qformer_tokenizer
        self._positions: int = config.qformer_config.max_position_embeddings

    def tokens(self, text: Sequence[str], add_special_tokens: bool = True) -> dict[str, Any]:
        """The inputs that are text: for the language model padded on the left, for the Q-Former on the right.

        They never have the same width, so that nobody takes the one for the other.

        Args:
            text: B prompts.
            add_special_tokens: whether the language model's tokenizer adds its own.
        """
        fitting = {one: self._fitting(bare(one)) for one in dict.fromkeys(text)}
        asked = [fitting[one] for one in text]
        qformer = padded(asked, self._qformer_tokenizer.pad_token_id, max(map(len, asked)), left=False)
        rows = self.rows(text, add_special_tokens)
        longest = max(map(len, rows))
        width = longest + (longest == qformer[0].shape[1])
        ids, mask = padded(rows, self.tokenizer.pad_token_id, width, left=True)
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
