"""Toy models of true architectures and a toy tokenizer, for closed-set scoring."""

from functools import cache

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    MistralConfig,
    PreTrainedTokenizerFast,
)

PAD, IMAGE, END = 0, 1, 2
PATCHES = 4
# Wide enough that logits differ by several nats, as a trained model's do: else a wrong mask would hide in 1e-4.
SPREAD = 0.25


def llava(attention="sdpa", heads=4, kv_heads=4, window=None, vocabulary=400, seed=0):
    """A LLaVA of some ten thousand weights; Mistral's language model where a sliding window is asked for."""
    torch.manual_seed(seed)
    sizes = {
        "vocab_size": vocabulary,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "initializer_range": SPREAD,
        "pad_token_id": PAD,
    }
    text = LlamaConfig(**sizes) if window is None else MistralConfig(**sizes, sliding_window=window)
    vision = CLIPVisionConfig(
        hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2, image_size=8, patch_size=4
    )
    config = LlavaConfig(
        vision_config=vision, text_config=text, image_token_index=IMAGE, vision_feature_layer=-1, image_seq_length=4
    )
    model = LlavaForConditionalGeneration._from_config(config, attn_implementation=attention).eval()
    for weights in model.lm_head.parameters():
        torch.nn.init.normal_(weights, std=0.5)
    return model


def inputs(texts, seed=0):
    """What a processor makes of prompts given as the token ids after the image: left-padded, with noise for images."""
    rows = [[5] + [IMAGE] * PATCHES + list(text) for text in texts]
    longest = max(map(len, rows))
    pictures = torch.randn(len(rows), 3, 8, 8, generator=torch.Generator().manual_seed(seed))
    return {
        "input_ids": torch.tensor([[PAD] * (longest - len(row)) + row for row in rows]),
        "attention_mask": torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows]),
        "pixel_values": pictures,
    }


@cache
def tokenizer(words, vocabulary=380, space=" "):
    """A BPE of these words: byte-level as GPT's, or with sentencepiece's sign for a space."""
    bpe = Tokenizer(models.BPE(unk_token="<unk>"))  # noqa: S106
    if space == "▁":
        bpe.pre_tokenizer, bpe.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    else:
        bpe.pre_tokenizer, bpe.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    special = ["<pad>", "<image>", "</s>", "<unk>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet() if space == " " else []
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    bpe.train_from_iterator([f" {word}" if space == " " else word for word in words], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=bpe, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")  # noqa: S106
