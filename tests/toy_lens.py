"""LENS's three models at toy size: an open_clip encoder, a BLIP captioner, a T5 or a Llama."""

from pathlib import Path

import torch
import toy_clip
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from toy_models import SPREAD, TEXT, _tokenizer
from transformers import (
    BlipConfig,
    BlipForConditionalGeneration,
    BlipImageProcessor,
    BlipProcessor,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

PHRASES = ("airplane", "a red bird", "grey sky", "wet fur", "two wings", "a black cat", "a ship on the sea")


def saved(folder: Path) -> dict[str, str]:
    """All of it in `folder`; the arguments that name it, over a T5."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = folder / "phrases.txt"
    vocabulary.write_text("\n".join(PHRASES))
    return {
        "pretrained": str(language_model(folder / "t5", "t5")),
        "clip_pretrained": str(toy_clip.saved(folder / "clip")),
        "blip": str(blip(folder / "blip")),
        "tags": str(vocabulary),
        "attributes": str(vocabulary),
    }


def language_model(folder: Path, family: str) -> Path:
    """A `t5` or a `llama` in `folder`."""
    torch.manual_seed(0)
    if family == "t5":
        model = T5ForConditionalGeneration(
            T5Config(
                vocab_size=len(_tokenizer()), d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, pad_token_id=0,
                eos_token_id=2, decoder_start_token_id=0, feed_forward_proj="gated-gelu", tie_word_embeddings=False,
            )
        )  # fmt: skip
    else:
        model = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=len(_tokenizer()), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
                num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=2048, pad_token_id=0,
                bos_token_id=1, eos_token_id=2,
            )
        )  # fmt: skip
    return _saved(folder, model, _tokenizer())


def blip(folder: Path) -> Path:
    """A BLIP captioner in `folder`, with a word-piece tokenizer as BERT's."""
    torch.manual_seed(0)
    words = _pieces()
    config = BlipConfig(
        text_config={
            "vocab_size": len(words), "hidden_size": 16, "encoder_hidden_size": 16, "intermediate_size": 32,
            "num_hidden_layers": 2, "num_attention_heads": 2, "bos_token_id": 4, "sep_token_id": 3, "eos_token_id": 3,
            "pad_token_id": 0, "max_position_embeddings": 64,
        },
        vision_config={
            "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
            "image_size": 16, "patch_size": 8,
        },
    )  # fmt: skip
    processor = BlipProcessor(BlipImageProcessor(size={"height": 16, "width": 16}), words)
    return _saved(folder, BlipForConditionalGeneration(config), processor)


def _pieces() -> PreTrainedTokenizerFast:
    pieces = Tokenizer(models.WordPiece(unk_token="[UNK]"))  # noqa: S106  # no password
    pieces.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[DEC]"]
    texts = [*TEXT, "a picture of", *PHRASES]
    pieces.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=200, special_tokens=special))
    pieces.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = {
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "bos_token": "[DEC]",
    }
    return PreTrainedTokenizerFast(tokenizer_object=pieces, **names)


def _saved(folder: Path, model: torch.nn.Module, processor: object) -> Path:
    for weights in model.parameters():
        if weights.ndim > 1:
            torch.nn.init.normal_(weights, std=SPREAD)
    model.generation_config.eos_token_id, model.generation_config.pad_token_id = 2, 0
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
