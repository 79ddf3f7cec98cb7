"""Conversations about pictures as batches of tokens: which questions a batch asks, and where its answers are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image
from pydantic import Field
from torch import Tensor

from finetuning.declared import Fields
from finetuning.mini.pictures import Subject
from finetuning.records.record import Record
from finetuning.records.wording import Said, Template, Wording, read_template
from finetuning.training.collation import IGNORED, AnswerCollator, Tokens


class TalkFields(Fields):
    """A way to talk about pictures.

    Attributes:
        template: as a recipe's.
        list_labels: whether questions end with the list of labels; None leaves it to the template.
        share: of the batches, beside the other ways.
    """

    template: str
    list_labels: bool | None = None
    share: float = Field(1.0, gt=0)

    def read(self) -> Template:
        """The template.

        Raises:
            EmtError: there is none.
        """
        return read_template(self.template, self.list_labels)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A batch without its pictures.

    Attributes:
        rows: of the pictures in memory, (B,) int64.
        ids: (B, longest) int64, padded to the right.
        mask: (B, longest) int64, 1 where there is a token.
        labels: `ids` where the answer stands, -100 elsewhere.
    """

    rows: Tensor
    ids: Tensor
    mask: Tensor
    labels: Tensor


class Talks:
    """Draws batches of conversations; a batch that lists labels is about one set, so that its rows are as long.

    Args:
        ways: of talking.
        subjects: sets.
        processor: the miniature's.
        side: of a picture, in pixels.
        seed: of the words that a template draws.
        power: of the number of a set's rows, which says how often it is talked about.
    """

    def __init__(
        self,
        ways: Sequence[TalkFields],
        subjects: Sequence[Subject],
        processor: Any,
        side: int,
        seed: int,
        power: float = 1.0,
    ) -> None:
        self._subjects = subjects
        self._shares = torch.tensor([way.share for way in ways])
        self._sizes = torch.tensor([float(len(subject.rows)) ** power for subject in subjects])
        self._templates = [way.read() for way in ways]
        self._wordings = [[_wording(each, subject, seed) for subject in subjects] for each in self._templates]
        self._collator, self._pad = AnswerCollator(processor), processor.tokenizer.pad_token_id
        self._picture = Image.new("RGB", (side, side))

    def texts(self, each: int) -> list[Said]:
        """Conversations for a tokenizer or a language model: `each` about every class of every set in every way.

        Of questions that list labels, which are long and all alike, a tenth.
        """
        return [
            wording.said(target, f"text {number}")
            for template, wordings in zip(self._templates, self._wordings, strict=True)
            for wording, subject in zip(wordings, self._subjects, strict=True)
            for target in range(0, len(subject.words), 10 if template.list_labels else 1)
            for number in range(each)
        ]

    def drawn(self, size: int) -> Asked:
        """A batch of `size` rows, drawn by torch."""
        way = int(torch.multinomial(self._shares, 1))
        if self._templates[way].list_labels:
            sets = torch.multinomial(self._sizes, 1).expand(size)
        else:
            sets = torch.multinomial(self._sizes, size, replacement=True)
        rows, tokens = [], []
        for which in sets.tolist():
            subject = self._subjects[which]
            index = int(torch.randint(len(subject.rows), ()))
            said = self._wordings[way][which].said(int(subject.targets[index]), f"{int(torch.randint(1000, ()))}")
            rows.append(int(subject.rows[index]))
            tokens.append(self._collator.tokens(Record(self._picture, said.question, said.answer, 0)))
        return _batch(rows, tokens, self._pad)


def _wording(template: Template, subject: Subject, seed: int) -> Wording:
    return Wording(template, subject.words, subject.noun, seed)


def _batch(rows: Sequence[int], tokens: Sequence[Tokens], pad: int) -> Asked:
    longest = max(len(each.ids) for each in tokens)
    ids = torch.full((len(rows), longest), pad)
    mask, labels = torch.zeros_like(ids), torch.full_like(ids, IGNORED)
    for place, each in enumerate(tokens):
        end = len(each.ids)
        ids[place, :end] = torch.tensor(each.ids)
        mask[place, :end] = 1
        labels[place, each.prompt : end] = ids[place, each.prompt : end]
    return Asked(torch.tensor(rows), ids, mask, labels)
