"""The language model and the LLaVA around it, and how they learn: sentences, then pictures, then instructions."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPVisionModel, LlavaForConditionalGeneration, LlavaProcessor
from transformers.modeling_outputs import BaseModelOutputWithPooling

from finetuning.declared import Fields
from finetuning.mini.encoder import EncoderFields
from finetuning.mini.pictures import Pictures, normalised
from finetuning.mini.steps import PaceFields, learn
from finetuning.mini.talks import Asked, TalkFields, Talks
from finetuning.records.wording import IMAGE, Said
from finetuning.toy.llava import ModelSizes, toy_llava, toy_processor
from finetuning.training.collation import IGNORED

FEATURE_LAYER = -2  # LLaVA's: the last layer but one, whose patches the last one reads
AT_ONCE = 512  # pictures through the tower


class LanguageFields(Fields):
    """Sizes of the language model and of its tokenizer."""

    width: int = Field(128, gt=0)
    layers: int = Field(3, gt=0)
    heads: int = Field(4, gt=0)
    vocabulary: int = Field(1024, gt=260)

    @model_validator(mode="after")
    def _fit(self) -> "LanguageFields":
        if self.width % (2 * self.heads):
            raise ValueError("width is an even multiple of heads")  # rotary positions turn halves of each head
        return self


class SentenceFields(PaceFields):
    """Sentences without pictures; `each` is how many of every class, way and set there are."""

    each: int = Field(4, gt=0)


class TalkingFields(PaceFields):
    """A stage with pictures.

    Attributes:
        talks: the ways of talking in it.
        power: a set is talked about as often as its rows to this power say: 1 is by rows, 0 all sets alike.
    """

    talks: tuple[TalkFields, ...] = Field(min_length=1)
    power: float = Field(1.0, ge=0, le=1)


def sizes_of(encoder: EncoderFields, language: LanguageFields) -> ModelSizes:
    """Both in the toy's words."""
    return ModelSizes(
        image=encoder.image,
        patch=encoder.patch,
        vision_width=encoder.width,
        vision_layers=encoder.layers,
        language_width=language.width,
        language_layers=language.layers,
        heads=language.heads,
        feature_layer=FEATURE_LAYER,
        vocabulary=language.vocabulary,
    )


def new_processor(sizes: ModelSizes, texts: Iterable[Said]) -> LlavaProcessor:
    """A processor whose words are those of `texts`."""
    return toy_processor(sizes, sorted({f"USER: {said.question} ASSISTANT: {said.answer}" for said in texts}))


def new_llava(sizes: ModelSizes, processor: LlavaProcessor, tower: CLIPVisionModel, seed: int) -> Any:
    """A LLaVA around a trained tower, all else untrained."""
    return toy_llava(sizes, processor, tower, seed)


def sentences_of(texts: Iterable[Said]) -> list[str]:
    """Each conversation once, without its picture."""
    return sorted({f"USER: {said.question.replace(IMAGE, ' ').strip()} ASSISTANT: {said.answer}" for said in texts})


def learn_sentences(
    model: Any, processor: Any, sentences: Sequence[str], fields: SentenceFields, seed: int, state: Path, digest: str,
    advance: Callable[[int], None],
) -> float:  # fmt: skip
    """The language model learns to write `sentences`, without pictures: its pretraining."""
    tokenizer = processor.tokenizer
    begin, end = tokenizer.bos_token_id, tokenizer.eos_token_id
    rows = [torch.tensor([begin, *tokenizer(text, add_special_tokens=False)["input_ids"], end]) for text in sentences]
    rows.sort(key=len)  # a batch holds neighbours, and little of it is padding
    learns_only(model, model.model.language_model, model.lm_head)

    def loss_of(_: int) -> Tensor:
        first = int(torch.randint(max(1, len(rows) - fields.batch_size + 1), ()))
        batch = rows[first : first + fields.batch_size]
        ids = nn.utils.rnn.pad_sequence(batch, batch_first=True, padding_value=tokenizer.pad_token_id)
        logits = model(input_ids=ids, attention_mask=(ids != tokenizer.pad_token_id).long()).logits
        wanted = ids.masked_fill(ids == tokenizer.pad_token_id, IGNORED)
        return functional.cross_entropy(logits[:, :-1].flatten(0, 1), wanted[:, 1:].flatten(), ignore_index=IGNORED)

    return learn(model, loss_of, fields, len(rows), seed, state, digest, advance)


def learn_pictures(
    model: Any, talks: Talks, features: Tensor, fields: TalkingFields, parts: Iterable[nn.Module], seed: int,
    state: Path, digest: str, advance: Callable[[int], None],
) -> float:  # fmt: skip
    """`parts` of the model learn to answer about pictures, whose `features` were computed once: the tower is frozen."""
    learns_only(model, *parts)
    projector = model.model.multi_modal_projector

    def loss_of(_: int) -> Tensor:
        asked = talks.drawn(fields.batch_size)
        seen = projector(features[asked.rows].float())
        return answer_loss(model, asked, seen)

    return learn(model, loss_of, fields, len(features), seed, state, digest, advance)


def answer_loss(model: Any, asked: Asked, seen: Tensor) -> Tensor:
    """Mean cross-entropy of the answers' tokens; `seen` is (B, tokens, width), out of the projector."""
    images = BaseModelOutputWithPooling(pooler_output=list(seen))
    states = model.model(
        input_ids=asked.ids, attention_mask=asked.mask, mm_encoder_outputs={"image": images}
    ).last_hidden_state[:, :-1]
    wanted = asked.labels[:, 1:]
    told = wanted != IGNORED  # logits are made only where an answer's token is to be told
    return functional.cross_entropy(model.lm_head(states[told]), wanted[told])


def learns_only(model: nn.Module, *parts: nn.Module) -> None:
    """The weights of `parts` learn, and no others."""
    model.requires_grad_(requires_grad=False)
    for part in parts:
        part.requires_grad_(requires_grad=True)


@torch.no_grad()
def features_of(model: LlavaForConditionalGeneration, pictures: Pictures) -> Tensor:
    """(n, tokens, width) float16: what the projector gets of each picture."""
    tower, layer = model.model.vision_tower.eval(), model.config.vision_feature_layer
    made = []
    for first in range(0, len(pictures), AT_ONCE):
        pixels = normalised(pictures.pixels[first : first + AT_ONCE])
        made.append(tower(pixels, output_hidden_states=True).hidden_states[layer][:, 1:].half())
    return torch.cat(made)
