"""A batch of prompts and pictures as tensors: what the processor makes of them, at less cost where that can be had."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from PIL.Image import Image
from torch import Tensor

from model_wrappers.generating.pictures import sizes

REMEMBERED = 1024  # prompts with sizes of their pictures; 8 kB each at 1,000 tokens
Batch = dict[str, Any]
WRITTEN: Mapping[str, Mapping[str, int]] = {"paligemma": {"token_type_ids": 1}}
"""By model type, what an input says of a token that the model writes, where that is not what it says of the prompt's
last one: PaliGemma's prompt is seen from both sides, its answer is not."""


class Preprocessor:
    """Turns prompts and pictures into a model's inputs, equal to what its processor makes of them.

    A processor tokenizes every prompt anew, placeholders of image tokens included, though the prompts of a task are
    all the same and the number of placeholders depends on nothing but a picture's size. So the tokens of each prompt
    and size are kept, and only the pictures are processed. Whether a processor's output falls apart like that is found
    out on the first batch, where both ways are taken and compared; if it does not, the processor does all of it.

    Args:
        processor: a transformers processor that pads on the left.
    """

    def __init__(self, processor: Any) -> None:
        self._processor = processor
        self._tokens: OrderedDict[Any, Batch] = OrderedDict()
        self._separable: bool | None = None

    def inputs(self, texts: Sequence[str], pictures: Sequence[Sequence[Image]]) -> Batch:
        """Inputs of shape (B, n, ...) for B prompts, left-padded, on the CPU.

        Args:
            texts: prompts with one placeholder for each image.
            pictures: RGB pictures of each prompt; the same number for each.
        """
        if len(texts) == 1 or not pictures[0] or self._separable is False:
            return self._plain(texts, pictures)
        if self._separable is None:
            plain = self._plain(texts, pictures)
            self._separable = _equal(plain, self._separate(texts, pictures))
            return plain
        return self._separate(texts, pictures)

    def _plain(self, texts: Sequence[str], pictures: Sequence[Sequence[Image]]) -> Batch:
        start = self._processor.tokenizer.bos_token
        options: Batch = {"add_special_tokens": False} if start and texts[0].startswith(start) else {}
        if pictures[0]:
            options["images"] = [list(each) for each in pictures]
        made = dict(self._processor(text=list(texts), return_tensors="pt", padding=True, **options))
        made.pop("labels", None)  # PaliGemma's, for training: with them each pass would compute a loss
        return made

    def _separate(self, texts: Sequence[str], pictures: Sequence[Sequence[Image]]) -> Batch:
        rows = [self._tokens_of(text, each) for text, each in zip(texts, pictures, strict=True)]
        longest = max(row["input_ids"].shape[1] for row in rows)
        padding = {"input_ids": self._processor.tokenizer.pad_token_id}
        tokens = {
            name: torch.cat([_left_padded(row[name], longest, padding.get(name, 0)) for row in rows])
            for name in rows[0]
        }
        flat = [picture for each in pictures for picture in each]
        return {**tokens, **self._processor.image_processor(images=flat, return_tensors="pt")}

    def _tokens_of(self, text: str, pictures: Sequence[Image]) -> Batch:
        """The inputs of one row that have one value for each token: (1, n) each."""
        key = (text, sizes(pictures))
        if key in self._tokens:
            self._tokens.move_to_end(key)
            return self._tokens[key]
        made = self._plain([text], [pictures])
        shape = made["input_ids"].shape
        self._tokens[key] = {name: value for name, value in made.items() if _has_shape(value, shape)}
        if len(self._tokens) > REMEMBERED:
            self._tokens.popitem(last=False)
        return self._tokens[key]


def longer(inputs: Mapping[str, Any], tokens: Sequence[int], model_type: str = "") -> Batch:
    """`inputs` with the same tokens of an answer after each prompt; whatever has one value for each token grows along.

    Args:
        inputs: of B prompts.
        tokens: n ids.
        model_type: transformers' name of the model's kind.
    """
    ids, written = inputs["input_ids"], WRITTEN.get(model_type, {})
    more = torch.tensor(tokens, device=ids.device, dtype=ids.dtype).expand(len(ids), -1)
    grown = dict(inputs)
    for name, value in inputs.items():
        if _has_shape(value, ids.shape):
            last = torch.full_like(value[:, -1:], written[name]) if name in written else value[:, -1:]
            grown[name] = torch.cat([value, last.expand(-1, len(tokens))], dim=1)
    return {**grown, "input_ids": torch.cat([ids, more], dim=1)}


def shorter(inputs: Mapping[str, Any], tokens: int) -> Batch:
    """`inputs` without the last `tokens` tokens of each prompt."""
    shape = inputs["input_ids"].shape
    kept = shape[1] - tokens
    return {name: value[:, :kept] if _has_shape(value, shape) else value for name, value in inputs.items()}


def on_device(inputs: Mapping[str, Any], device: torch.device, dtype: torch.dtype) -> Batch:
    """`inputs` on `device`, with those that are not whole numbers in `dtype`."""
    return {
        name: value.to(device, dtype if value.is_floating_point() else None, non_blocking=True)
        if isinstance(value, Tensor)
        else value
        for name, value in inputs.items()
    }


def _has_shape(value: Any, shape: torch.Size) -> bool:
    return isinstance(value, Tensor) and value.shape == shape


def _left_padded(row: Tensor, length: int, value: int) -> Tensor:
    missing = length - row.shape[1]
    return torch.nn.functional.pad(row, (missing, 0), value=value) if missing else row


def _equal(one: Batch, other: Batch) -> bool:
    """Whether both have the same tensors under the same names."""
    return one.keys() == other.keys() and all(
        isinstance(one[name], Tensor) and isinstance(other[name], Tensor) and torch.equal(one[name], other[name])
        for name in one
    )
