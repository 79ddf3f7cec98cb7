import pytest
from transformers import AutoConfig, CLIPVisionConfig, LlavaConfig

from model_wrappers.encoders import encoder_of

VIT_L = {"hidden_size": 1024, "num_hidden_layers": 24, "patch_size": 14, "num_attention_heads": 16}


@pytest.mark.parametrize(("side", "name"), [(336, "ViT-L-14-336 openai"), (224, "ViT-L-14 openai")])
def test_llava_s_encoders_are_known_by_their_shape(side, name):
    config = LlavaConfig(vision_config=CLIPVisionConfig(**VIT_L, image_size=side))
    assert encoder_of(config) == name


def test_instructblip_s_encoder_is_its_config_s_default():
    assert encoder_of(AutoConfig.for_model("instructblip")) == "EVA01-g-14 laion400m_s11b_b41k"


def test_another_is_called_by_its_type(llava_folder, qwen_folder):
    assert encoder_of(AutoConfig.from_pretrained(llava_folder)) == "clip_vision_model"
    assert encoder_of(AutoConfig.from_pretrained(qwen_folder)).startswith("qwen2_vl")
    assert encoder_of(AutoConfig.for_model("llama")) == "llama"
