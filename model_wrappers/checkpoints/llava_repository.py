"""Checkpoints in the LLaVA repository's own layout, as transformers' LLaVA: config, model and processor."""

from pathlib import Path
from typing import Any

import torch
from huggingface_hub import snapshot_download
from torch import Tensor
from transformers import LlamaConfig, LlavaConfig, LlavaForConditionalGeneration, LlavaProcessor, MistralConfig

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.hub_files import find_file, local_folder
from model_wrappers.checkpoints.llava_layout import TEXT_MODELS, is_repository_config, read_json
from model_wrappers.checkpoints.llava_templates import template_of
from model_wrappers.checkpoints.llava_tokenizer import load_tokenizer
from model_wrappers.checkpoints.llava_weights import read_weights, require_no_delta, translated
from model_wrappers.checkpoints.tower_shapes import Shown, needed_files, shown
from model_wrappers.checkpoints.vision_towers import image_processor, tower_config
from model_wrappers.checkpoints.weight_index import SINGLES

FILES = ("*.json", "tokenizer.model", "*.safetensors", "pytorch_model*.bin", "chat_template.jinja")
SMALL_FILES = ("*.json", "tokenizer.model", "chat_template.jinja")
TEXT_CONFIGS = {"llama": LlamaConfig, "mistral": MistralConfig}
NOT_TEXT = ("model_type", "architectures", "auto_map", "transformers_version", "_name_or_path", "torch_dtype", "dtype")
OURS = ("mm_", "use_mm", "tune_", "freeze_", "unfreeze_", "pretrain_", "image_", "sep_image", "tokenizer_")
"""Beginnings of the names of settings in its config.json that are not the language model's."""
ACTIVATIONS = {"linear": "linear", "mlp2x_gelu": "gelu"}
"""What stands between the two layers of transformers' projector, by the repository's type of projector."""


def is_repository_checkpoint(name: str, revision: str | None = None) -> bool:
    """Whether the base `name` is in the LLaVA repository's layout.

    Raises:
        EmtError: there is no such folder or repository.
    """
    file = find_file(name, ["config.json"], "pretrained", revision)
    return file is not None and is_repository_config(read_json(file))


def repository_llava_config(name: str, revision: str | None = None) -> LlavaConfig:
    """Transformers' config for the checkpoint `name` in the LLaVA repository's layout.

    Raises:
        EmtError: it is of a kind that transformers' LLaVA can't be, or its vision encoder is not there.
    """
    folder = checkpoint_folder(name, revision, SMALL_FILES)
    said = read_json(folder / "config.json")
    kind = said.get("mm_projector_type", "linear")
    if kind not in ACTIVATIONS:
        raise EmtError(f"pretrained={name} has a projector of type {kind}. Known: {', '.join(ACTIVATIONS)}.")
    if said.get("mm_patch_merge_type", "flat") != "flat" or said.get("image_aspect_ratio") == "anyres":
        raise EmtError(
            f"pretrained={name} is a LLaVA 1.6, which cuts pictures in tiles. Use its conversion on the "
            "hub (llava-hf/...)."
        )
    tower = str(said["mm_vision_tower"])
    tokenizer = load_tokenizer(folder, bool(said.get("mm_use_im_start_end")))
    text = TEXT_CONFIGS[TEXT_MODELS[said["model_type"]]](**_text_settings(said, len(tokenizer)))
    config = LlavaConfig(
        vision_config=tower_config(tower, folder, _shown(name, revision, folder)),
        text_config=text,
        image_token_index=tokenizer.image_token_id,
        projector_hidden_act=ACTIVATIONS[kind],
        vision_feature_layer=said.get("mm_vision_select_layer", -2),
        vision_feature_select_strategy=_strategy(said),
        tie_word_embeddings=bool(said.get("tie_word_embeddings", False)),
    )
    config.mm_use_im_start_end = bool(said.get("mm_use_im_start_end"))
    config.mm_vision_tower = tower
    config.architectures = ["LlavaForConditionalGeneration"]
    return config


def load_repository_model(
    name: str,
    config: LlavaConfig,
    revision: str | None = None,
    tensors: dict[str, Tensor] | None = None,
    **options: Any,
) -> Any:
    """Transformers' LLaVA with the weights of the checkpoint `name`.

    Args:
        name: folder or hub id.
        config: as `repository_llava_config` gives it.
        revision: on the hub.
        tensors: instead of the checkpoint's own, under the same names.
        **options: of transformers' `from_pretrained`.

    Raises:
        EmtError: weights are missing, left over, damaged, of another shape, or differences to another model's.
    """
    folder = checkpoint_folder(name, revision, FILES)
    if tensors is None:
        tensors = read_weights(folder)
        require_no_delta(tensors, name)
    with torch.device("meta"):
        bare = LlavaForConditionalGeneration(config)
    weights = translated(tensors, bare, name, config.mm_vision_tower, folder)
    if options.get("dtype") == "auto":
        options["dtype"] = weights["lm_head.weight"].dtype
    model = LlavaForConditionalGeneration.from_pretrained(None, config=config, state_dict=weights, **options)
    generation = model.generation_config
    text = config.get_text_config()
    generation.bos_token_id, generation.eos_token_id = text.bos_token_id, text.eos_token_id
    generation.pad_token_id = text.pad_token_id
    return model


def load_repository_processor(name: str, revision: str | None = None) -> LlavaProcessor:
    """What turns prompts and pictures into inputs for the checkpoint `name`; a chat template of its own is preferred.

    Raises:
        EmtError: its tokenizer or its vision encoder's settings are not there.
    """
    folder = checkpoint_folder(name, revision, SMALL_FILES)
    said = read_json(folder / "config.json")
    tokenizer = load_tokenizer(folder, bool(said.get("mm_use_im_start_end")))
    tower = str(said["mm_vision_tower"])
    vision = tower_config(tower, folder, _shown(name, revision, folder))
    own = folder / "chat_template.jinja"
    template = own.read_text(encoding="utf8") if own.is_file() else getattr(tokenizer, "chat_template", None)
    return LlavaProcessor(
        image_processor=image_processor(tower, folder, vision, said.get("image_aspect_ratio") == "pad"),
        tokenizer=tokenizer,
        patch_size=vision.patch_size,
        num_additional_image_tokens=1,  # CLIP's class token
        vision_feature_select_strategy=_strategy(said),
        chat_template=template or template_of(said, tokenizer),
        image_token=tokenizer.image_token,
    )


def checkpoint_folder(name: str, revision: str | None, files: tuple[str, ...] = FILES) -> Path:
    """The folder of a checkpoint; of one on the hub, those of its `files` fetched.

    Raises:
        EmtError: there is no such folder.
    """
    return local_folder(name, "pretrained") or Path(
        snapshot_download(name, revision=revision, allow_patterns=list(files))
    )


def _shown(name: str, revision: str | None, folder: Path) -> Shown:
    """What the checkpoint's weights show of its vision encoder; of one on the hub those files are fetched."""
    files = needed_files(folder)
    if local_folder(name, "pretrained") is None and not all((folder / file).is_file() for file in files or SINGLES[:1]):
        folder = checkpoint_folder(name, revision, tuple(files or SINGLES))
    return shown(folder)


def _text_settings(said: dict[str, Any], tokens: int) -> dict[str, Any]:
    """The language model's settings; its vocabulary has a row for each token, those added for pictures too."""
    kept = {key: value for key, value in said.items() if key not in NOT_TEXT and not key.startswith(OURS)}
    return kept | {"vocab_size": max(said.get("vocab_size", 32000), tokens)}


def _strategy(said: dict[str, Any]) -> str:
    return {"patch": "default", "cls_patch": "full"}[said.get("mm_vision_select_feature", "patch")]
