"""An InstructBLIP of the true architecture at toy size: vision tower, Q-Former with its tokenizer, Llama or T5."""

from copy import deepcopy
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from toy_models import SPREAD, TEXT, _tokenizer
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2Processor,
    Blip2QFormerConfig,
    Blip2VisionConfig,
    BlipImageProcessor,
    InstructBlipConfig,
    InstructBlipForConditionalGeneration,
    InstructBlipProcessor,
    InstructBlipQFormerConfig,
    InstructBlipVisionConfig,
    LlamaConfig,
    OPTConfig,
    PreTrainedTokenizerFast,
    T5Config,
)

POSITIONS, QUERIES = 48, 4


def saved(folder: Path, family: str = "llama", seed: int = 0) -> Path:
    """The toy in `folder`, over a `llama` or a `t5`."""
    torch.manual_seed(seed)
    words = qformer_tokenizer()
    vision = InstructBlipVisionConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=16, patch_size=8,
        initializer_range=SPREAD,
    )  # fmt: skip
    qformer = InstructBlipQFormerConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=POSITIONS, encoder_hidden_size=16, initializer_range=SPREAD,
    )  # fmt: skip
    config = InstructBlipConfig(
        vision_config=vision, qformer_config=qformer, text_config=_text(family), num_query_tokens=QUERIES,
        image_token_index=3,
    )  # fmt: skip
    processor = InstructBlipProcessor(_pictures(), _tokenizer(), words, num_query_tokens=QUERIES)
    return _written(folder, InstructBlipForConditionalGeneration(config), processor)


def blip2(folder: Path, family: str = "opt", seed: int = 0) -> Path:
    """A BLIP-2 in `folder`, over an `opt` or a `t5`: its Q-Former reads no question."""
    torch.manual_seed(seed)
    vision = Blip2VisionConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=16, patch_size=8,
    )  # fmt: skip
    qformer = Blip2QFormerConfig(
        vocab_size=8, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        encoder_hidden_size=16,
    )  # fmt: skip
    config = Blip2Config(
        vision_config=vision, qformer_config=qformer, text_config=_text(family), num_query_tokens=QUERIES,
        image_token_index=3,
    )  # fmt: skip
    processor = Blip2Processor(_pictures(), deepcopy(_tokenizer()), num_query_tokens=QUERIES)
    return _written(folder, Blip2ForConditionalGeneration(config), processor)


def _pictures() -> BlipImageProcessor:
    return BlipImageProcessor(size={"height": 16, "width": 16})


def _written(folder: Path, model: torch.nn.Module, processor: object) -> Path:
    for name, weights in model.eval().named_parameters():
        loud = ("query_tokens", "language_projection", "lm_head", "patch_embedding", "embeddings", "shared")
        if weights.ndim > 1:
            torch.nn.init.normal_(weights, std=0.5 if any(part in name for part in loud) else SPREAD)
    model.generation_config.eos_token_id, model.generation_config.pad_token_id = 2, 0
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def qformer_tokenizer() -> PreTrainedTokenizerFast:
    """A word-piece tokenizer as BERT's: [CLS], lower-case pieces, [SEP]; pads on the right."""
    pieces = Tokenizer(models.WordPiece(unk_token="[UNK]"))  # noqa: S106  # no password
    pieces.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    pieces.train_from_iterator(TEXT, trainers.WordPieceTrainer(vocab_size=160, special_tokens=special))
    pieces.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return PreTrainedTokenizerFast(tokenizer_object=pieces, model_max_length=POSITIONS, **names)


def _text(family: str) -> LlamaConfig | OPTConfig | T5Config:
    if family == "opt":
        return OPTConfig(
            vocab_size=len(_tokenizer()), hidden_size=32, word_embed_proj_dim=32, ffn_dim=64, num_hidden_layers=2,
            num_attention_heads=4, max_position_embeddings=512, pad_token_id=0, bos_token_id=1, eos_token_id=2,
        )  # fmt: skip
    if family == "llama":
        return LlamaConfig(
            vocab_size=len(_tokenizer()), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512, initializer_range=SPREAD,
            pad_token_id=0, bos_token_id=1, eos_token_id=2,
        )  # fmt: skip
    return T5Config(
        vocab_size=len(_tokenizer()), d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, pad_token_id=0,
        eos_token_id=2, decoder_start_token_id=0, feed_forward_proj="gated-gelu", tie_word_embeddings=False,
    )  # fmt: skip
