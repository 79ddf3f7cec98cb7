"""LLaVAs as the LLaVA repository has them: a Llama with a projector in it, and a vision encoder beside it.

The folders are written in the forms in which that repository's training writes them, and `logits` splices picture
features between separately tokenized stretches of text, as its model does: an oracle for what is loaded from them.
"""

import json
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from torch import nn
from toy_models import SPREAD, TEXT
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    CLIPVisionModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

LEAVES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
HIDDEN = 32
NAMES, SPECIAL = ("unk_token", "bos_token", "eos_token"), ["<unk>", "<s>", "</s>"]
V0_TOKENS = ["[PAD]", "<im_patch>", "<im_start>", "<im_end>"]


@dataclass
class Toy:
    """A checkpoint and what it was written from."""

    folder: Path
    model: LlamaForCausalLM
    tower: CLIPVisionModel
    tokenizer: PreTrainedTokenizerFast
    said: dict


def repository_llava(
    folder: Path, projector: str = "mlp2x_gelu", *, extra: tuple = (), own_tower: bool = False, seed: int = 0
) -> Toy:
    """A checkpoint in `folder`, its vision encoder in `folder/../tower`; `extra` are added tokens."""
    torch.manual_seed(seed)
    tower = CLIPVisionModel(
        CLIPVisionConfig(
            hidden_size=16, intermediate_size=32, num_hidden_layers=3, num_attention_heads=2, image_size=16,
            patch_size=8, initializer_range=SPREAD,
        )
    ).eval()  # fmt: skip
    place = folder.parent / "tower"
    tower.save_pretrained(place)
    CLIPImageProcessor(size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16}).save_pretrained(place)
    tokenizer = _tokenizer(extra)
    text = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=HIDDEN, intermediate_size=2 * HIDDEN, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512, initializer_range=SPREAD,
        bos_token_id=1, eos_token_id=2, tie_word_embeddings=False,
    )  # fmt: skip
    model = LlamaForCausalLM(text).eval()
    model.model.mm_projector = _projector(projector, 16, HIDDEN)
    for weights in (*model.model.mm_projector.parameters(), model.lm_head.weight):
        nn.init.normal_(weights, std=0.5)
    said = text.to_dict() | {
        "model_type": "llava" if projector == "linear" else "llava_llama", "architectures": ["LlavaLlamaForCausalLM"],
        "mm_hidden_size": 16, "mm_vision_tower": str(place), "mm_vision_select_layer": -2,
        "mm_use_im_start_end": "<im_start>" in extra, "use_mm_proj": True, "torch_dtype": "float32",
    }  # fmt: skip
    if projector != "linear":  # the paper-era code knew no other, nor the settings after it
        said |= {"mm_projector_type": projector, "mm_vision_select_feature": "patch", "mm_use_im_patch_token": False}
    toy = Toy(folder, model, tower, tokenizer, said)
    return write(toy, own_tower=own_tower)


def write(toy: Toy, own_tower: bool = False) -> Toy:
    """Save the checkpoint as `LlavaLlamaForCausalLM.save_pretrained` does."""
    toy.folder.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.clone() for name, tensor in toy.model.state_dict().items()}
    if own_tower:
        inside = "model.vision_tower.vision_tower.vision_model."
        state |= {inside + name: tensor.clone() for name, tensor in toy.tower.state_dict().items()}
    state["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(4)  # as older versions saved it
    torch.save(state, toy.folder / "pytorch_model.bin")
    (toy.folder / "config.json").write_text(json.dumps(toy.said))
    toy.tokenizer.save_pretrained(toy.folder)
    return toy


def train_lora(toy: Toy, folder: Path, *, r: int = 4, alpha: int = 8, seed: int = 1, as_bin: bool = False) -> Path:
    """A folder as the repository's LoRA training leaves it; every weight that it trains is noise."""
    tuned = get_peft_model(
        deepcopy(toy.model), LoraConfig(r=r, lora_alpha=alpha, target_modules=LEAVES, task_type="CAUSAL_LM")
    )
    for weights in tuned.base_model.model.model.mm_projector.parameters():
        weights.requires_grad = True
    noise = torch.Generator().manual_seed(seed)
    for weights in (weights for weights in tuned.parameters() if weights.requires_grad):
        weights.data = torch.randn(weights.shape, generator=noise) * 0.1
    named = dict(tuned.named_parameters())
    lora = {name: tensor for name, tensor in named.items() if "lora_" in name}
    rest = {name: t.detach().clone() for name, t in named.items() if "lora_" not in name and t.requires_grad}
    tuned.save_pretrained(folder, state_dict=lora, safe_serialization=not as_bin)
    torch.save(rest, folder / "non_lora_trainables.bin")
    (folder / "config.json").write_text(json.dumps(toy.said))
    return folder


def with_lora(toy: Toy, folder: Path) -> Toy:
    """The toy with a folder of `train_lora` put on it by PEFT and merged, as the repository loads it."""
    model = deepcopy(toy.model)
    rest = torch.load(folder / "non_lora_trainables.bin", weights_only=True)
    left = model.load_state_dict({key.removeprefix("base_model.model."): t for key, t in rest.items()}, strict=False)
    assert not left.unexpected_keys
    merged = PeftModel.from_pretrained(model, folder).merge_and_unload().eval()
    return Toy(toy.folder, merged, toy.tower, toy.tokenizer, toy.said)


def save_projector(toy: Toy, file: Path, prefix: str = "") -> Path:
    """The projector alone, as `tune_mm_mlp_adapter` saves it."""
    named = toy.model.named_parameters()
    torch.save({prefix + name: t.detach().clone() for name, t in named if "mm_projector" in name}, file)
    return file


@torch.inference_mode()
def logits(toy: Toy, before: str, picture: torch.Tensor, after: str) -> torch.Tensor:
    """(n, V) logits of the text `before`, the picture (3, H, W) and the text `after`."""
    seen = toy.tower(picture[None], output_hidden_states=True).hidden_states[toy.said["mm_vision_select_layer"]]
    stretches = [toy.tokenizer(before)["input_ids"], toy.tokenizer(after)["input_ids"][1:]]  # without its own <s>
    texts = [toy.model.model.embed_tokens(torch.tensor([stretch])) for stretch in stretches]
    whole = torch.cat([texts[0], toy.model.model.mm_projector(seen[:, 1:]), texts[1]], dim=1)
    return toy.model(inputs_embeds=whole).logits[0]


def _projector(kind: str, vision: int, hidden: int) -> nn.Module:
    if kind == "linear":
        return nn.Linear(vision, hidden)
    depth = int(kind.removeprefix("mlp").removesuffix("x_gelu"))
    layers = [nn.Linear(vision, hidden)]
    for _ in range(1, depth):
        layers += [nn.GELU(), nn.Linear(hidden, hidden)]
    return nn.Sequential(*layers)


def _tokenizer(extra: tuple) -> PreTrainedTokenizerFast:
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer, bpe.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=380, special_tokens=SPECIAL, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    bpe.train_from_iterator(TEXT, trainer)
    bpe.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe, padding_side="right", **dict(zip(NAMES, SPECIAL, strict=True))
    )
    tokenizer.add_tokens(list(extra), special_tokens=True)
    return tokenizer


def write_delta(toy: Toy, folder: Path, llama: Path) -> Path:
    """The toy's differences to a Llama in `folder`, and that Llama, without the added tokens, in `llama`."""
    torch.manual_seed(9)
    config = deepcopy(toy.model.config)
    config.vocab_size -= len(V0_TOKENS)
    base = LlamaForCausalLM(config)
    base.model.norm.weight.data += 0.5
    toy.model.model.norm.weight.data = base.model.norm.weight.data + 0.01
    base.save_pretrained(llama)
    under = base.state_dict()
    model = deepcopy(toy.model)
    for name, tensor in model.state_dict().items():
        if name in under:
            tensor[: len(under[name])] -= under[name]
    write(Toy(folder, model, toy.tower, toy.tokenizer, toy.said))
    return llama
