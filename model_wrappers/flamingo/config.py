"""The configuration of a Flamingo model, and how Otter's published `config.json` is read into it."""

from collections.abc import Mapping
from typing import Any

from transformers import CLIPVisionConfig, LlamaConfig, MptConfig, PreTrainedConfig
from transformers.models.auto import AutoConfig

from emt_tasks.errors import EmtError, UnknownName

DECODER_LAYERS = {"mpt": "transformer.blocks", "llama": "model.layers"}  # where a language model has them
HEADS = 8  # of resampler and cross-attention: open_flamingo 2.0.1 and otter_ai 0.0.0a8 fix it, no config says it

# What is read of a nested config; the published ones also hold every default of the transformers of their day.
MPT_KEYS = ("d_model", "n_heads", "n_layers", "max_seq_len", "vocab_size", "layer_norm_epsilon")
MPT_ATTENTION_KEYS = ("clip_qkv", "softmax_scale")
LLAMA_KEYS = (
    *("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "head_dim"),
    *("num_key_value_heads", "hidden_act", "max_position_embeddings", "rms_norm_eps", "attention_bias", "mlp_bias"),
    *("rope_theta", "rope_scaling", "rope_parameters", "tie_word_embeddings"),
    *("bos_token_id", "eos_token_id", "pad_token_id"),
)
VISION_KEYS = (
    *("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_channels"),
    *("image_size", "patch_size", "hidden_act", "layer_norm_eps"),
)


class FlamingoConfig(PreTrainedConfig):
    """Sizes and token ids of a Flamingo model; `checkpoint` reads the sizes that no published config says."""

    model_type = "otter"
    sub_configs = {"text_config": AutoConfig, "vision_config": CLIPVisionConfig}  # noqa: RUF012

    text_config: Any = None  # a mapping, or a config already
    vision_config: Any = None
    cross_attn_every_n_layers: int = 4
    image_token_id: int | None = None  # no published config says it: it is the tokenizer's
    num_latents: int = 64
    resampler_depth: int = 6
    resampler_expansion: int = 4
    max_num_frames: int | None = None
    heads: int = HEADS
    head_width: int = 64
    cross_attention_expansion: int = 4
    tie_word_embeddings: bool = False

    def __post_init__(self, **kwargs: Any) -> None:
        """Nested mappings become configs of their own.

        Raises:
            EmtError: the language model is one that a Flamingo model can't have here.
        """
        if not isinstance(self.text_config, PreTrainedConfig):
            self.text_config = text_config(self.text_config or {})
        if not isinstance(self.vision_config, PreTrainedConfig):
            self.vision_config = CLIPVisionConfig(**_named(self.vision_config or {}, VISION_KEYS))
        super().__post_init__(**kwargs)


def text_config(raw: Mapping[str, Any]) -> PreTrainedConfig:
    """The language model's configuration from a published `text_config`.

    Raises:
        EmtError: it describes a language model that transformers' MPT or LLaMA can't be.
    """
    family = raw.get("model_type") or ""
    if family == "llama":
        return LlamaConfig(**_named(raw, LLAMA_KEYS))
    if family == "mpt":
        _refuse_other_mpt(raw)
        attention = _named(raw.get("attn_config") or {}, MPT_ATTENTION_KEYS)
        return MptConfig(**_named(raw, MPT_KEYS), attn_config=attention, use_cache=True)
    raise UnknownName("language model that a Flamingo checkpoint can have here", family, ("llama", "mpt"))


def _refuse_other_mpt(raw: Mapping[str, Any]) -> None:
    """Transformers' MPT is the 7B's: ALiBi, no biases, plain multi-head attention (also at other sizes)."""
    attention = raw.get("attn_config") or {}
    plain: dict[str, Any] = {"attn_type": "multihead_attention", "prefix_lm": False, "qk_ln": False}
    needed = {**plain, "alibi": True, "alibi_bias_max": 8}
    found = {
        f"attn_config.{key}": attention[key] for key, value in needed.items() if attention.get(key, value) != value
    }
    needed_above: dict[str, Any] = {"no_bias": True, "expansion_ratio": 4, "logit_scale": None, "embedding_fraction": 1}
    found |= {key: raw[key] for key, value in needed_above.items() if raw.get(key, value) != value}
    if found:
        said = ", ".join(f"{key}={value!r}" for key, value in found.items())
        raise EmtError(
            f"this MPT is not one that transformers has: text_config says {said}. "
            "Otter's MPT-7B checkpoints and the LLaMA ones load; convert the weights or take one of those."
        )


def _named(raw: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: raw[name] for name in names if raw.get(name) is not None}
