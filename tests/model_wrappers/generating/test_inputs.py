import pytest
import torch
from toy_requests import pictures
from transformers import AutoProcessor

from model_wrappers.arguments import Arguments
from model_wrappers.checkpoints.loading import load_processor
from model_wrappers.generating.inputs import Preprocessor, longer, on_device
from model_wrappers.generating.prompts import VICUNA_V1, Prompts

ASKED = ["What is the object?", "What number?", "What is the object?"] * 2


@pytest.fixture(params=["llava_folder", "qwen_folder"])
def folder(request):
    return request.getfixturevalue(request.param)


def plain(processor, texts, images):
    processor.tokenizer.padding_side = "left"
    return processor(text=texts, images=[[image] for image in images], return_tensors="pt", padding=True)


def test_inputs_are_the_processor_s_own_to_the_bit_batch_after_batch(folder):
    processor = AutoProcessor.from_pretrained(folder)
    preprocessor = Preprocessor(load_processor(Arguments(str(folder))))
    texts = [Prompts(processor, VICUNA_V1).text(asked, 1) for asked in ASKED]
    for seed in range(3):
        images = [row["image"] for row in pictures(6, seed)]
        made, wanted = preprocessor.inputs(texts, [[image] for image in images]), plain(processor, texts, images)
        assert made.keys() == wanted.keys()
        for name in made:
            assert made[name].dtype == wanted[name].dtype
            assert torch.equal(made[name], wanted[name]), name


def test_each_prompt_is_tokenized_once(folder, monkeypatch):
    processor = load_processor(Arguments(str(folder)))
    preprocessor, asked = Preprocessor(processor), []
    images = [[row["image"]] for row in pictures(6)]
    texts = [Prompts(processor, VICUNA_V1).text("What?", 1)] * 6
    preprocessor.inputs(texts, images)  # both ways, to compare
    before = type(processor).__call__
    monkeypatch.setattr(type(processor), "__call__", lambda self, **kw: asked.append(1) or before(self, **kw))
    preprocessor.inputs(texts, images)
    assert not asked


def test_a_processor_whose_output_does_not_fall_apart_does_all_of_it_itself(llava_folder):
    processor = load_processor(Arguments(str(llava_folder)))
    inner = processor.image_processor

    class Moody:
        """Gives other pixels whenever it is asked by somebody else than the processor."""

        def __init__(self):
            self.calls = 0

        def __getattr__(self, name):
            return getattr(inner, name)

        def __call__(self, images, **options):
            self.calls += 1
            made = inner(images, **options)
            made["pixel_values"] = made["pixel_values"] + self.calls
            return made

    processor.image_processor = Moody()
    preprocessor = Preprocessor(processor)
    texts, images = ["USER: <image>\nx"] * 2, [[row["image"]] for row in pictures(2)]
    for _ in range(2):
        calls = processor.image_processor.calls
        made = preprocessor.inputs(texts, images)
        wanted = inner([image for each in images for image in each], return_tensors="pt")["pixel_values"]
        assert torch.equal(made["pixel_values"], wanted + (calls + 1))


def test_a_prompt_that_brings_its_first_token_gets_no_second(llava_folder):
    processor = load_processor(Arguments(str(llava_folder)))
    made = Preprocessor(processor).inputs(["<s>hello"], [[]])["input_ids"][0].tolist()
    assert made.count(1) == 1
    assert made == Preprocessor(processor).inputs(["hello"], [[]])["input_ids"][0].tolist()


def test_text_after_a_prompt_lengthens_what_goes_by_token():
    inputs = {
        "input_ids": torch.tensor([[0, 5]]),
        "attention_mask": torch.tensor([[0, 1]]),
        "pixel_values": torch.ones(1),
    }
    made = longer(inputs, [8, 9])
    assert made["input_ids"].tolist() == [[0, 5, 8, 9]]
    assert made["attention_mask"].tolist() == [[0, 1, 1, 1]]
    assert made["pixel_values"] is inputs["pixel_values"]


def test_only_what_is_no_whole_number_takes_the_model_s_dtype():
    made = on_device({"ids": torch.tensor([1]), "pixels": torch.ones(1), "n": 3}, torch.device("cpu"), torch.float16)
    assert (made["ids"].dtype, made["pixels"].dtype, made["n"]) == (torch.int64, torch.float16, 3)
