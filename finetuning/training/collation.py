"""Records become batches in which only the answer's tokens carry loss."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from finetuning.records.record import Record
from model_wrappers.checkpoints.soft_prompt import prompted
from model_wrappers.generating.prompts import VICUNA_V1, Prompts

IGNORED = -100  # the label that PyTorch's cross-entropy passes over


class Tokens(NamedTuple):
    """A conversation's token ids, how many of them are the prompt's, and what else has a value for each token."""

    ids: tuple[int, ...]
    prompt: int
    beside: tuple[tuple[str, tuple[int, ...]], ...] = ()


class AnswerCollator:
    """Pads conversations to the right and masks all but the answer and its end token.

    The prompt is what the model wrappers send (the processor's chat template, the answer's turn opened), so that
    training and evaluation see the same tokens. Texts are tokenised once: a set has as many as it has classes. Where a
    processor's output does not fall apart into tokens and pictures, it makes the whole batch.

    Args:
        processor: a transformers processor.
        prompts: how the wrapper words what it sends; None for LLaVA's.
        learnt: ids of the tokens that stand before every prompt.
    """

    def __init__(self, processor: Any, prompts: Prompts | None = None, learnt: range = range(0)) -> None:
        self._processor = processor
        self._prompts = prompts or Prompts(processor, VICUNA_V1)
        self._learnt = learnt
        self._known: dict[tuple[str, str, tuple[int, int]], Tokens] = {}
        self._separable: bool | None = None

    def __call__(self, rows: Sequence[Record]) -> dict[str, Tensor]:
        """The batch of `rows`.

        Returns:
            input_ids, attention_mask and labels, (B, longest) int64; pixel_values, (B, 3, H, W) float32, normalised;
            and what else the processor makes.
        """
        if self._separable is None:
            self._separable = self._falls_apart(rows[0])
        batch = self._joined(rows) if self._separable else self._whole(rows)
        if not self._learnt:
            return batch
        labels = batch.pop("labels")
        ahead = labels.new_full((len(rows), len(self._learnt)), IGNORED)
        return {**prompted(batch, self._learnt), "labels": torch.cat([ahead, labels], dim=1)}

    def tokens(self, row: Record) -> Tokens:
        """The tokens of question and answer.

        Raises:
            ValueError: the tokenizer joins the end of the prompt with the answer, so that they can't be told apart.
        """
        key = (row.prompt, row.answer, row.image.size)
        if key not in self._known:
            prompt, whole = self._texts(row)
            made, start = self._made([whole], [row]), self._made([prompt], [row])["input_ids"][0].tolist()
            ids = made["input_ids"][0].tolist()
            if ids[: len(start)] != start:
                raise ValueError(f"the tokenizer reads {prompt[-12:]!r} differently when {row.answer!r} follows it")
            shape = made["input_ids"].shape
            beside = {
                name: tuple(value[0].tolist())
                for name, value in made.items()
                if isinstance(value, Tensor) and value.shape == shape and name not in ("input_ids", "attention_mask")
            }
            self._known[key] = Tokens(tuple(ids), len(start), tuple(beside.items()))
        return self._known[key]

    def _joined(self, rows: Sequence[Record]) -> dict[str, Tensor]:
        """The batch from known tokens and newly processed pictures."""
        tokens = [self.tokens(row) for row in rows]
        longest = max(len(each.ids) for each in tokens)
        ids = torch.full((len(rows), longest), self._processor.tokenizer.pad_token_id)
        mask = torch.zeros_like(ids)
        labels = torch.full_like(ids, IGNORED)
        beside = {name: torch.zeros_like(ids) for name, _ in tokens[0].beside}
        for i, each in enumerate(tokens):
            end = len(each.ids)
            ids[i, :end] = torch.tensor(each.ids)
            mask[i, :end] = 1
            labels[i, each.prompt : end] = ids[i, each.prompt : end]
            for name, values in each.beside:
                beside[name][i, :end] = torch.tensor(values)
        images = self._processor.image_processor([row.image for row in rows], return_tensors="pt")
        return {"input_ids": ids, "attention_mask": mask, **beside, "labels": labels, **images}

    def _whole(self, rows: Sequence[Record]) -> dict[str, Tensor]:
        """The batch as the processor makes it, whichever side it pads."""
        prompts, texts = zip(*map(self._texts, rows), strict=True)
        batch = self._made(texts, rows)
        asked = self._made(prompts, rows)
        # A Q-Former is asked with the prompt alone: with the answer in it, it would look for that.
        batch |= {name: value for name, value in asked.items() if name.startswith("qformer")}
        mask = batch["attention_mask"]
        answers = mask.sum(dim=1, keepdim=True) - asked["attention_mask"].sum(dim=1, keepdim=True)
        left = mask.flip(1).cumsum(dim=1).flip(1)  # tokens from here to the end of the row
        batch["labels"] = batch["input_ids"].masked_fill((mask == 0) | (left > answers), IGNORED)
        return batch

    def _falls_apart(self, row: Record) -> bool:
        """Whether the processor's output is tokens and what its image processor makes, and nothing else."""
        made = self._made([self._texts(row)[1]], [row])
        shape = made["input_ids"].shape
        images = dict(self._processor.image_processor([row.image], return_tensors="pt"))
        rest = {name for name, value in made.items() if not (isinstance(value, Tensor) and value.shape == shape)}
        return rest == set(images) and all(torch.equal(made[name], images[name]) for name in images)

    def _texts(self, row: Record) -> tuple[str, str]:
        """The prompt, and the prompt with answer and end token."""
        prompt = self._prompts.text(row.prompt, 1)
        seam = "" if prompt[-1:].isspace() else " "
        return prompt, f"{prompt}{seam}{row.answer}{self._processor.tokenizer.eos_token}"

    def _made(self, texts: Sequence[str], rows: Sequence[Record]) -> dict[str, Any]:
        start = self._processor.tokenizer.bos_token
        options = {"add_special_tokens": False} if start and texts[0].startswith(start) else {}
        images = [[row.image] for row in rows]
        return dict(self._processor(text=list(texts), images=images, return_tensors="pt", padding=True, **options))
