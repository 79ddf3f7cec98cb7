"""The whole model: images and text in, logits or an answer out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import CLIPVisionModel, GenerationMixin, LlamaForCausalLM, MptForCausalLM, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutputWithPast

from emt_tasks.errors import EmtError
from model_wrappers.flamingo.config import DECODER_LAYERS, FlamingoConfig
from model_wrappers.flamingo.cross_attention import GatedCrossAttention, MediaKeys, gaze, images_so_far
from model_wrappers.flamingo.decoder_layers import LookingLayer, View, mpt_position_bias
from model_wrappers.flamingo.resampler import PerceiverResampler

LANGUAGE_MODELS = {"mpt": MptForCausalLM, "llama": LlamaForCausalLM}


@dataclass
class FlamingoOutput(CausalLMOutputWithPast):
    """A causal language model's output, and `media`: what later steps need instead of the pixels."""

    media: tuple[MediaKeys, ...] | None = None


class FlamingoForConditionalGeneration(PreTrainedModel, GenerationMixin):
    """OpenFlamingo and Otter: CLIP, a perceiver resampler, and a language model that looks.

    Parameters are named as Otter's published checkpoints name them (`layout` maps the others).
    Answers of `generate` are the same with and without its cache: a generated token sees the image. (Otter's own
    cached `generate` counts images in the newest token alone, so that there it doesn't; OpenFlamingo's does see it.)
    """

    config_class = FlamingoConfig
    main_input_name = "input_ids"
    _no_split_modules = ["LookingLayer", "ResamplerLayer", "CLIPEncoderLayer"]  # noqa: RUF012
    _supports_sdpa = True
    takes_tree = True  # `forward` reads an additive 4-D mask beside `position_ids`
    _skip_keys_device_placement = ["past_key_values"]  # noqa: RUF012

    def __init__(self, config: FlamingoConfig) -> None:
        super().__init__(config)
        text, vision = config.text_config, config.vision_config
        self.vision_encoder = CLIPVisionModel(vision)
        self.perceiver = PerceiverResampler(
            width=vision.hidden_size,
            depth=config.resampler_depth,
            latents=config.num_latents,
            frames=config.max_num_frames or 0,
            heads=config.heads,
            head_width=config.head_width,
            expansion=config.resampler_expansion,
        )
        self.lang_encoder = LANGUAGE_MODELS[text.model_type](text)
        self.view = View()
        self._insert_cross_attention(config)
        self.post_init()

    def _insert_cross_attention(self, config: FlamingoConfig) -> None:
        """Before the last of every `cross_attn_every_n_layers` decoder layers, of this one model."""
        every = config.cross_attn_every_n_layers
        layers = self.lang_encoder.get_submodule(DECODER_LAYERS[config.text_config.model_type])
        for index, layer in enumerate(list(layers)):
            cross = None
            if (index + 1) % every == 0:
                cross = GatedCrossAttention(
                    width=config.text_config.hidden_size,
                    media_width=config.vision_config.hidden_size,
                    heads=config.heads,
                    head_width=config.head_width,
                    expansion=config.cross_attention_expansion,
                )
            layers[index] = LookingLayer(layer, cross, slot=index // every, view=self.view)

    def get_input_embeddings(self) -> nn.Module:
        """The language model's."""
        return self.lang_encoder.get_input_embeddings()  # type: ignore[no-any-return]

    def get_output_embeddings(self) -> nn.Module:
        """The language model's head."""
        return self.lang_encoder.get_output_embeddings()  # type: ignore[no-any-return]

    def get_decoder(self) -> nn.Module:
        """This model: its decoder layers can't run without the images, which only its own forward pass gives them."""
        return self

    def media(self, pixel_values: Tensor) -> tuple[MediaKeys, ...]:
        """What each cross-attention needs of the images, computed once for all steps of a generation.

        Args:
            pixel_values: (B, T, F, C, H, W); F is 1 for images.

        Raises:
            ValueError: another number of dimensions, or more frames than the checkpoint has embeddings for.
        """
        if pixel_values.ndim != 6:
            raise ValueError(f"pixel_values must be (B, T, F, C, H, W), not {tuple(pixel_values.shape)}")
        frames, known = pixel_values.shape[2], self.config.max_num_frames or 1
        if frames > known:
            raise ValueError(f"{frames} frames for each image, but this checkpoint was made for {known}")
        pixels = pixel_values.flatten(0, 2).to(self.vision_encoder.dtype)
        features = self.vision_encoder(pixels).last_hidden_state[:, 1:]  # without the class token: (B * T * F, v, d)
        latents = self.perceiver(features.unflatten(0, pixel_values.shape[:3]))  # (B, T, n, d)
        looking = (module for module in self.lang_encoder.modules() if isinstance(module, GatedCrossAttention))
        return tuple(cross.attn.media_keys(_beside(latents, cross.attn_gate)) for cross in looking)

    def forward(
        self,
        input_ids: Tensor,
        pixel_values: Tensor | None = None,
        attention_mask: Tensor | None = None,
        media: tuple[MediaKeys, ...] | None = None,
        images_seen: Tensor | None = None,
        position_ids: Tensor | None = None,
        **kwargs: Any,
    ) -> FlamingoOutput:
        """Logits (B, L, vocabulary) for text among images.

        Args:
            input_ids: (B, L); each `config.image_token_id` stands for the next image of its row.
            pixel_values: (B, T, F, C, H, W); a row with fewer image tokens than T leaves the last ones unseen. Or
                (B * T, C, H, W), as transformers' image processors give them.
            attention_mask: (B, L); or additive, (B or 1, 1, L, L), with `position_ids`: labels as a tree of tokens.
            media: of an earlier pass over the same images, instead of `pixel_values`.
            images_seen: (B, L), where `input_ids` are the end of a longer text; else counted from them.
            position_ids: (B, L); MPT, whose attention counts keys, reads them beside an additive mask only.
            kwargs: the language model's own (`past_key_values`, `logits_to_keep`, ...).

        Raises:
            EmtError: a row has more image tokens than images, or is longer than an MPT can read.
        """
        if images_seen is None:
            images_seen = images_so_far(input_ids, self.config.image_token_id)
        if media is None:
            if pixel_values is None:
                raise ValueError("a Flamingo model needs pixel_values, or the media of an earlier pass")
            pixel_values = _by_row(pixel_values, len(input_ids))
            if int(most := images_seen.max()) > pixel_values.shape[1]:
                raise EmtError(f"a prompt has {int(most)} image tokens for {pixel_values.shape[1]} images")
            media = self.media(pixel_values)
        bias = None
        if position_ids is not None and self.config.text_config.model_type == "llama":
            kwargs["position_ids"] = position_ids
        elif position_ids is not None and attention_mask is not None and attention_mask.ndim == 4:
            bias = mpt_position_bias(position_ids, self.config.text_config.n_heads)
        if bias is None:  # a tree of labels brings its own, for positions of any number
            self._require_room(input_ids, kwargs.get("past_key_values"))
        with self._looking(media, images_seen, bias):
            out = self.lang_encoder(input_ids=input_ids, attention_mask=attention_mask, **kwargs)
        return FlamingoOutput(logits=out.logits, past_key_values=out.past_key_values, media=media)

    def _require_room(self, input_ids: Tensor, past_key_values: Any) -> None:
        """Raise where a text is longer than the MPT was made for; a LLaMA's positions have no end."""
        length = input_ids.shape[1] + (past_key_values.get_seq_length() if past_key_values is not None else 0)
        most = getattr(self.config.text_config, "max_seq_len", length)
        if length > most:
            raise EmtError(
                f"prompt and answer have {length} tokens, and this checkpoint's MPT reads {most} "
                "(text_config.max_seq_len). Ask with fewer labels, or for a shorter answer (max_new_tokens)."
            )

    @contextmanager
    def _looking(self, media: tuple[MediaKeys, ...], images_seen: Tensor, bias: Tensor | None) -> Iterator[None]:
        images = media[0].keys.shape[2] // self.config.num_latents
        images_seen = images_seen.clamp_max(images)  # an image token that was generated brings no image
        self.view.media, self.view.where = media, gaze(images_seen, images, self.config.num_latents)
        self.view.position_bias = bias
        try:
            yield
        finally:
            self.view.media = self.view.where = self.view.position_bias = None

    def prepare_inputs_for_generation(self, input_ids: Tensor, **kwargs: Any) -> dict[str, Any]:
        """One step's inputs; images are counted over the whole text so far, row by row, whatever part of it is new."""
        inputs: dict[str, Any] = super().prepare_inputs_for_generation(input_ids, **kwargs)
        new = inputs["input_ids"].shape[1]
        inputs["images_seen"] = images_so_far(input_ids, self.config.image_token_id)[:, -new:]
        return inputs

    def _expand_inputs_for_generation(self, *args: Any, **kwargs: Any) -> Any:
        """Before rows are repeated for beams, each has its images with it."""
        if (pixels := kwargs.get("pixel_values")) is not None:
            kwargs["pixel_values"] = _by_row(pixels, len(kwargs["input_ids"]))
        return super()._expand_inputs_for_generation(*args, **kwargs)

    def _update_model_kwargs_for_generation(self, outputs: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        updated: dict[str, Any] = super()._update_model_kwargs_for_generation(outputs, *args, **kwargs)
        updated["media"], updated["pixel_values"] = outputs.media, None
        return updated

    def _init_weights(self, module: nn.Module) -> None:
        """As torch makes them; a checkpoint has them all."""
        if isinstance(module, PerceiverResampler):
            torch.nn.init.normal_(module.latents)
        elif not isinstance(module, GatedCrossAttention):
            super()._init_weights(module)


def _beside(latents: Tensor, weight: Tensor) -> Tensor:
    """`latents` on the device of `weight`; where that lies on disk, they stay, and it comes to them."""
    return latents if weight.is_meta else latents.to(weight.device)


def _by_row(pixel_values: Tensor, rows: int) -> Tensor:
    """(B, T, F, C, H, W) of pictures one after another, (B * T, C, H, W); others as they are."""
    if pixel_values.ndim != 4:
        return pixel_values
    return pixel_values.view(rows, -1, 1, *pixel_values.shape[1:])
