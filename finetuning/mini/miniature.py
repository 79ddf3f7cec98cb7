"""What a miniature is made of and how it learns: fields, and the YAML files in `miniatures/`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from finetuning.declared import Fields, file_of, over, read_mapping, validated
from finetuning.mini.contrastive import ContrastiveFields
from finetuning.mini.encoder import EncoderFields
from finetuning.mini.language import LanguageFields, SentenceFields, TalkingFields
from finetuning.records.set_spec import read_spec

FOLDER = Path(__file__).parent / "miniatures"


class Miniature(Fields):
    """A LLaVA made from scratch on some sets.

    Attributes:
        sets: to learn from, as `--data` names them.
        seed: of every draw.
        threads: that every stage is computed on, whatever the machine has: sums come out otherwise on another number.
        encoder: sizes of the encoder's two towers.
        contrast: how the encoder learns.
        language: sizes of the language model.
        sentences: how the language model learns to write.
        alignment: how the projector learns, alone.
        instructions: how projector and language model learn.
        lists: how they then learn the tasks' own questions, which list all labels.
    """

    sets: tuple[str, ...] = Field(min_length=1)
    seed: int = Field(0, ge=0, lt=2**32)
    threads: int = Field(2, ge=1, le=64)
    encoder: EncoderFields = EncoderFields()
    contrast: ContrastiveFields
    language: LanguageFields = LanguageFields()
    sentences: SentenceFields
    alignment: TalkingFields
    instructions: TalkingFields
    lists: TalkingFields

    @field_validator("sets")
    @classmethod
    def _can_be_read(cls, sets: tuple[str, ...]) -> tuple[str, ...]:
        for each in sets:
            read_spec(each)
        return sets


def read_miniature(named: str, fields: Mapping[str, Any]) -> Miniature:
    """The miniature of that name, or in that YAML file, with some fields in place of its own.

    Raises:
        UnknownName: there is no such miniature or field; the nearest is named.
        EmtError: a value can't be one of its field.
    """
    said = over(read_mapping(file_of("miniature", named, FOLDER), "miniature"), fields)
    return validated(Miniature, said, f"miniature {named}")
