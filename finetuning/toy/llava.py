"""A LLaVA of 1.5 million weights, built from its config and a tokenizer of its own: nothing is downloaded.

The architecture is the real one (CLIP vision tower, two-layer projector, Llama) and so are the files that it saves;
only the sizes are small. They were chosen by experiment: two cores train it to more than 85 % of digits and drawings in
about a minute and a half.
"""

from collections.abc import Iterable
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    CLIPVisionModel,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

from finetuning.records.record import Record

PAD, BEGIN, END, IMAGE = SPECIAL_TOKENS = ("<pad>", "<s>", "</s>", "<image>")
VOCABULARY = 512  # at most: 256 bytes, so that any text can be read, and the words of the prompts

# LLaVA-1.5's form of a conversation ("USER: <image>\n... ASSISTANT: ..."), as in llava-hf/llava-1.5-7b-hf
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ message.role | upper }}: "
    "{% for part in message.content if part.type == 'image' %}<image>\n{% endfor %}"
    "{% for part in message.content if part.type == 'text' %}{{ part.text }} {% endfor %}{% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)


class ModelSizes(BaseModel):
    """Widths and depths; `patch` and `image` are pixels of a side."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    image: int = 32
    patch: int = 8
    vision_width: int = 160
    vision_layers: int = 3
    language_width: int = 128
    language_layers: int = 2
    heads: int = 4
    feature_layer: int = -1  # LLaVA takes the last but one; here the last is what the warm-up trains
    vocabulary: int = VOCABULARY


def vision_config(sizes: ModelSizes) -> CLIPVisionConfig:
    """The tower's config."""
    return CLIPVisionConfig(
        hidden_size=sizes.vision_width,
        intermediate_size=4 * sizes.vision_width,
        num_hidden_layers=sizes.vision_layers,
        num_attention_heads=sizes.heads,
        image_size=sizes.image,
        patch_size=sizes.patch,
        projection_dim=sizes.vision_width,
    )


def untrained_tower(sizes: ModelSizes, seed: int) -> CLIPVisionModel:
    """A vision tower with random weights."""
    torch.manual_seed(seed)
    return CLIPVisionModel(vision_config(sizes))


def toy_processor(sizes: ModelSizes, texts: Iterable[str]) -> LlavaProcessor:
    """Image processor, chat template and a tokenizer whose words are those of `texts`."""
    images = CLIPImageProcessor(
        size={"shortest_edge": sizes.image}, crop_size={"height": sizes.image, "width": sizes.image}
    )
    return LlavaProcessor(
        image_processor=images,
        tokenizer=_tokenizer(texts, sizes.vocabulary),
        patch_size=sizes.patch,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,  # CLIP's class token, which "default" drops again
        chat_template=CHAT_TEMPLATE,
    )


def _tokenizer(texts: Iterable[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE: each word of `texts` becomes a token, and any other text can still be written."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        pad_token=PAD,
        bos_token=BEGIN,
        eos_token=END,
        extra_special_tokens={"image_token": IMAGE},
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )


def toy_llava(sizes: ModelSizes, processor: LlavaProcessor, tower: CLIPVisionModel, seed: int) -> Any:
    """A LLaVA around a trained `tower`, whose projector and language model have random weights."""
    torch.manual_seed(seed)
    tokenizer = processor.tokenizer
    ids = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    text = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=sizes.language_width,
        intermediate_size=3 * sizes.language_width,
        num_hidden_layers=sizes.language_layers,
        num_attention_heads=sizes.heads,
        num_key_value_heads=sizes.heads,
        max_position_embeddings=2048,  # the 100 labels of miniImageNet, byte by byte
        pad_token_id=tokenizer.pad_token_id,
        **ids,
    )
    config = LlavaConfig(
        vision_config=tower.config,
        text_config=text,
        image_token_index=processor.image_token_id,
        image_seq_length=(sizes.image // sizes.patch) ** 2,
        vision_feature_layer=sizes.feature_layer,
        vision_feature_select_strategy="default",
    )
    model = LlavaForConditionalGeneration(config)
    model.model.vision_tower.load_state_dict(tower.state_dict())
    return model


def conversation(record: Record) -> str:
    """What a tokenizer learns its words from: question and answer as a model meets them."""
    return f"USER: {record.prompt} ASSISTANT: {record.answer}"
