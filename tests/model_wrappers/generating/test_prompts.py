from types import SimpleNamespace

import pytest
from transformers import AutoProcessor

from emt_tasks.errors import EmtError
from model_wrappers.generating.prompts import PLAIN, VICUNA_V1, Prompts

IN_STRINGS = (
    "{% for m in messages %}{{ '[' + m.role + '] ' + m.content }}{% endfor %}"
    "{% if add_generation_prompt %} [a]{% endif %}"
)


@pytest.fixture
def processor(llava_folder):
    return AutoProcessor.from_pretrained(llava_folder)


def test_the_checkpoint_s_own_template_is_used(qwen_folder):
    text = Prompts(AutoProcessor.from_pretrained(qwen_folder), VICUNA_V1).text("What?", 1)
    assert text == "user\n<|vision_start|><|image_pad|><|vision_end|>What?\nassistant\n"


def test_without_one_llava_gets_vicuna_s_and_others_the_bare_text(processor):
    processor.chat_template = processor.tokenizer.chat_template = None
    assert Prompts(processor, VICUNA_V1).text("What?", 1) == "USER: <image>\nWhat? ASSISTANT:"
    assert Prompts(processor, PLAIN).text("What?", 1) == "<image>\nWhat?"


def test_the_default_is_the_template_of_the_checkpoints_that_have_one(processor):
    assert Prompts(processor, "").text("What?", 1) == "USER: <image>\nWhat? ASSISTANT:"


def test_a_text_model_s_template_that_takes_strings_gets_one(processor):
    processor.chat_template, processor.tokenizer.chat_template = None, IN_STRINGS
    assert Prompts(processor, VICUNA_V1).text("What?", 1) == "[user] <image>\nWhat? [a]"


def test_images_stand_where_a_prompt_marks_them(processor):
    text = Prompts(processor, VICUNA_V1).text("First <image>\nthen <image>\nand?", 2)
    assert text == "USER: First <image>\nthen <image>\nand? ASSISTANT:"


def test_marks_must_be_as_many_as_images(processor):
    with pytest.raises(EmtError, match=r"marks 1 images \(<image>\) and its row has 2"):
        Prompts(processor, VICUNA_V1).text("Here <image>", 2)


def test_a_prompt_without_a_picture_has_no_placeholder(processor):
    assert Prompts(processor, VICUNA_V1).text("What?", 0) == "USER: What? ASSISTANT:"


def test_a_template_that_loses_the_image_is_refused(processor):
    processor.chat_template = "{% for m in messages %}{{ m.role }}: hello{% endfor %}"
    with pytest.raises(EmtError, match="loses the prompt or its 1 images"):
        Prompts(processor, VICUNA_V1).text("What?", 1)


def test_a_processor_without_an_image_token_is_given_the_usual_one():
    made = SimpleNamespace(
        chat_template=None,
        tokenizer=SimpleNamespace(chat_template=None),
        apply_chat_template=lambda messages, chat_template, **_: chat_template + messages[0]["content"][-1]["text"],
    )
    assert Prompts(made, "<image>").text("x", 1) == "<image>x"
