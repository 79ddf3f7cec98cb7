"""What the reference implementations answered at toy size, checkpoint folders of the same weights, and random Otters.

`fixtures/make_otter_reference.py` says how they were made.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from model_wrappers.flamingo.config import FlamingoConfig
from model_wrappers.flamingo.model import FlamingoForConditionalGeneration

FIXTURES = Path(__file__).parent / "model_wrappers" / "fixtures"
OTTER_MPT, OTTER_LLAMA, OPEN_FLAMINGO = "otter_mpt", "otter_llama_video", "otter_open_flamingo"
ALL = (OTTER_MPT, OTTER_LLAMA, OPEN_FLAMINGO)


@dataclass(frozen=True)
class Case:
    """Inputs and answers of one reference model.

    Attributes:
        weights: Under the names that the reference gives them, copies included.
        greedy: New tokens by full passes, without a cache.
        generated: New tokens of the reference's own `generate`, with its cache.
    """

    config: dict[str, Any]
    weights: dict[str, Tensor]
    image_token_id: int
    input_ids: Tensor
    attention_mask: Tensor
    pixel_values: Tensor
    logits: Tensor
    greedy: Tensor
    generated: Tensor


def case(name: str) -> Case:
    record = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    weights = load_file(FIXTURES / f"{name}.safetensors")
    pixels = weights.pop("input.pixel_values").float()
    weights |= {alias: weights[original].clone() for alias, original in record["aliases"].items()}
    return Case(
        config=record["config"],
        weights=weights,
        image_token_id=record["image_token_id"],
        input_ids=torch.tensor(record["input_ids"]),
        attention_mask=torch.tensor(record["attention_mask"]),
        pixel_values=pixels,
        logits=torch.tensor(record["logits"]),
        greedy=torch.tensor(record["greedy"]),
        generated=torch.tensor(record["generated"]),
    )


def published() -> dict[str, tuple[dict[str, Any], dict[str, Tensor]]]:
    """Configuration and weights (on the meta device) of Otter's published sizes."""
    record = json.loads((FIXTURES / "otter_published.json").read_text(encoding="utf-8"))
    models = {}
    for model, said in record.items():
        weights = {}
        for name, found in said["weights"].items():
            for layer in found["layers"] or [""]:
                weights[name.replace("*", str(layer))] = torch.empty(found["shape"], device="meta")
        models[model] = (said["config"], weights)
    return models


def write_folder(folder: Path, config: dict[str, Any], weights: dict[str, Tensor], shards: int = 1) -> Path:
    """A checkpoint folder in safetensors; several shards have an index, as Otter's published ones do."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    if shards == 1:
        save_file(weights, folder / "model.safetensors")
        return folder
    names, where = sorted(weights), {}
    for number in range(shards):
        file = f"model-{number + 1:05}-of-{shards:05}.safetensors"
        part = {name: weights[name] for name in names[number::shards]}
        save_file(part, folder / file)
        where |= dict.fromkeys(part, file)
    index = {"metadata": {}, "weight_map": where}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    return folder


WORDS = (
    "What is the object in the image? Please only answer a single object in airplane, automobile, bird, cat, deer, "
    "dog, frog, horse, ship, truck. What is the number in the image? 0, 1, 2, 3, 4, 5, 6, 7, 8, 9. User: GPT: It is"
)
VOCABULARY = 320
END_OF_TEXT = "<|endoftext|>"


def toy_checkpoint(folder: Path, family: str, tokenizer: bool = True, vocabulary: int = VOCABULARY) -> Path:
    """A random Otter in `folder`, as `--model_args pretrained=` takes it; `family` is mpt or llama."""
    torch.manual_seed(0)
    text = {"vocab_size": vocabulary, "hidden_size": 32, "max_position_embeddings": 512, "intermediate_size": 64}
    text |= {"num_hidden_layers": 4, "num_attention_heads": 4, "model_type": "llama"}
    mpt = {
        "vocab_size": vocabulary,
        "d_model": 32,
        "n_heads": 4,
        "n_layers": 4,
        "max_seq_len": 512,
        "model_type": "mpt",
    }
    vision = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = FlamingoConfig(
        text_config=mpt if family == "mpt" else text,
        vision_config={**vision, "image_size": 32, "patch_size": 8},
        cross_attn_every_n_layers=2,
        resampler_depth=2,
        num_latents=4,
        head_width=4,
    )
    model = FlamingoForConditionalGeneration(config)
    for name, weight in model.named_parameters():
        if name.endswith("_gate"):
            torch.nn.init.ones_(weight)
        elif weight.ndim > 1:  # wide enough that answers differ from picture to picture
            torch.nn.init.normal_(weight, std=0.3)
    model.save_pretrained(folder)
    if tokenizer:
        bpe = Tokenizer(models.BPE())
        bpe.pre_tokenizer, bpe.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
        letters = pre_tokenizers.ByteLevel.alphabet()
        bpe.train_from_iterator([WORDS], trainers.BpeTrainer(vocab_size=300, initial_alphabet=letters))
        PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token=END_OF_TEXT).save_pretrained(folder)
    return folder
