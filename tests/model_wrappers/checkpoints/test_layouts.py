import pytest

from model_wrappers.checkpoints.layouts import Layout
from model_wrappers.checkpoints.loading import bare_model


@pytest.fixture(scope="module")
def layout(llava_folder):
    return Layout(bare_model(str(llava_folder)))


DECODER, PROJECTOR = "model.language_model.layers.1.mlp.up_proj", "model.multi_modal_projector.linear_1"
TOWER = "model.vision_tower.encoder.layers.0.self_attn.q_proj"


@pytest.mark.parametrize(
    ("saved", "here"),
    [
        (DECODER, DECODER),
        ("language_model.model.layers.1.mlp.up_proj", DECODER),  # transformers before 4.52
        ("model.layers.1.mlp.up_proj", DECODER),  # the LLaVA repository
        (PROJECTOR, PROJECTOR),
        ("multi_modal_projector.linear_1", PROJECTOR),
        ("model.mm_projector.0", PROJECTOR),
        ("vision_tower.vision_model.encoder.layers.0.self_attn.q_proj", TOWER),
        ("model.vision_tower.vision_model.encoder.layers.0.self_attn.q_proj", TOWER),
        ("language_model.lm_head", "lm_head"),
        ("no.such.module", "no.such.module"),
    ],
)
def test_a_module_is_known_under_the_name_of_each_layout(layout, saved, here):
    assert layout.module(saved) == here


def test_every_name_of_the_loaded_model_is_its_own(llava_folder):
    model = bare_model(str(llava_folder))
    layout = Layout(model)
    assert [layout.weight(name) for name in model.state_dict()] == list(model.state_dict())
