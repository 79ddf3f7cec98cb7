"""Models of true architectures at toy size, saved with tokenizer and processor as checkpoints are; no network."""

from copy import deepcopy
from functools import cache
from pathlib import Path

import torch
from PIL import Image
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PaliGemmaConfig,
    PaliGemmaForConditionalGeneration,
    PaliGemmaProcessor,
    PreTrainedTokenizerFast,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen2VLImageProcessor,
    Qwen2VLProcessor,
    SiglipImageProcessor,
)
from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor

TEXT = [
    "What is the object in the image? Please only answer a single object in airplane, automobile, bird, cat, deer.",
    "What is the number in the image? Please only answer a single number in 0, 1, 2, 3, 4, 5, 6, 7, 8, 9.",
    "USER: ASSISTANT: The object is a(n) ship. The number is 7. frog horse ship truck",
]
QUESTIONS = ("What is the object in the image?", "What is the object? Please only answer a single object in cat, ship.")
SPECIAL = ["<pad>", "<s>", "</s>", "<image>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
VICUNA = (
    "{% for m in messages %}{{ m.role | upper }}: {% for c in m.content %}{% if c.type == 'image' %}<image>\n"
    "{% else %}{{ c.text }}{% endif %}{% endfor %} {% endfor %}{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)
CHATML = (
    "{% for m in messages %}{{ m.role }}\n{% for c in m.content %}{% if c.type == 'image' %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ c.text }}{% endif %}{% endfor %}{{ '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}assistant\n{% endif %}"
)
# Wide enough that a model's answers differ from picture to picture, and its choices are no near ties.
SPREAD = 0.2


def llava(folder: Path, *, hidden: int = 32, layers: int = 2, seed: int = 0, template: bool = True) -> Path:
    """A LLaVA of some ten thousand weights in `folder`: CLIP tower, projector, Llama."""
    torch.manual_seed(seed)
    text = LlamaConfig(
        vocab_size=len(_tokenizer()), hidden_size=hidden, intermediate_size=2 * hidden, num_hidden_layers=layers,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512, initializer_range=SPREAD,
        pad_token_id=0, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    vision = CLIPVisionConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=16, patch_size=8,
        initializer_range=SPREAD,
    )  # fmt: skip
    config = LlavaConfig(vision_config=vision, text_config=text, image_token_index=3, vision_feature_layer=-1)
    model = _spread(LlavaForConditionalGeneration(config))
    model.generation_config.eos_token_id, model.generation_config.pad_token_id = 2, 0
    pictures = CLIPImageProcessor(size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16})
    processor = LlavaProcessor(
        image_processor=pictures, tokenizer=_tokenizer(), patch_size=8, num_additional_image_tokens=1,
        vision_feature_select_strategy="default", chat_template=VICUNA if template else None,
    )  # fmt: skip
    return _saved(folder, model, processor)


def qwen(folder: Path, *, hidden: int = 32, seed: int = 0) -> Path:
    """A Qwen2-VL of some ten thousand weights in `folder`: pictures of any size, positions in three dimensions."""
    torch.manual_seed(seed)
    config = Qwen2VLConfig(
        text_config={
            "vocab_size": len(_tokenizer()), "hidden_size": hidden, "intermediate_size": 2 * hidden,
            "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 512,
            "initializer_range": SPREAD, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
            "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0},
        },
        vision_config={
            "depth": 2, "embed_dim": 16, "hidden_size": hidden, "num_heads": 2, "mlp_ratio": 2, "patch_size": 4,
            "spatial_merge_size": 2, "temporal_patch_size": 2, "initializer_range": SPREAD,
        },
        image_token_id=6, video_token_id=7, vision_start_token_id=4, vision_end_token_id=5,
    )  # fmt: skip
    model = _spread(Qwen2VLForConditionalGeneration(config))
    model.generation_config.eos_token_id, model.generation_config.pad_token_id = 2, 0
    sizes = {"patch_size": 4, "merge_size": 2, "size": {"shortest_edge": 64, "longest_edge": 1024}}
    processor = Qwen2VLProcessor(
        image_processor=Qwen2VLImageProcessor(**sizes), tokenizer=_tokenizer(), chat_template=CHATML,
        video_processor=Qwen2VLVideoProcessor(**sizes),
    )  # fmt: skip
    return _saved(folder, model, processor)


def paligemma(folder: Path) -> Path:
    """A PaliGemma in `folder`: no chat template, and a prompt whose tokens all see each other."""
    torch.manual_seed(0)
    config = PaliGemmaConfig(
        vision_config={
            "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
            "image_size": 16, "patch_size": 8, "model_type": "siglip_vision_model", "vision_use_head": False,
        },
        text_config={
            "model_type": "gemma", "vocab_size": len(_tokenizer()), "hidden_size": 32, "intermediate_size": 64,
            "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 1, "head_dim": 8,
            "initializer_range": SPREAD, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
        },
        projection_dim=32, image_token_index=3,
    )  # fmt: skip
    model = _spread(PaliGemmaForConditionalGeneration(config))
    model.generation_config.eos_token_id, model.generation_config.pad_token_id = 2, 0
    pictures = SiglipImageProcessor(size={"height": 16, "width": 16})
    pictures.image_seq_length = 4
    return _saved(folder, model, PaliGemmaProcessor(pictures, deepcopy(_tokenizer())))


@cache
def _tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level BPE that puts `<s>` before a text, as Llama's does."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer, bpe.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(TEXT, trainer)
    bpe.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    names = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>"}
    return PreTrainedTokenizerFast(tokenizer_object=bpe, **names, extra_special_tokens=SPECIAL[3:])


def _spread(model: torch.nn.Module) -> torch.nn.Module:
    """A model that says something else of each picture: what it sees is loud, and so are its choices."""
    for name, weights in model.named_parameters():
        if "projector" in name or "merger" in name or "lm_head" in name:
            torch.nn.init.normal_(weights, std=0.5)
    return model.eval()


def _saved(folder: Path, model, processor) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def coloured(folder: Path, **sizes: int) -> Path:
    """A toy LLaVA in `folder` that says " The object is a(n) ship." of red pictures and "cat" of blue ones."""
    llava(folder, **sizes)
    model = LlavaForConditionalGeneration.from_pretrained(folder)
    processor = LlavaProcessor.from_pretrained(folder)
    answers = [" The object is a(n) ship.</s>", " The object is a(n) cat.</s>"]
    pictures = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    prompts = [question_in_vicuna(text) for text in QUESTIONS]
    texts = [prompt + answer for prompt in prompts for answer in answers]
    batch = processor(images=pictures * len(prompts), text=texts, return_tensors="pt", padding=True)
    labels = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(80):
        model(**batch, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return _saved(folder, model.eval(), processor)


def question_in_vicuna(text: str) -> str:
    """`text` about one image, as the toy's chat template has it."""
    return f"USER: <image>\n{text} ASSISTANT:"
