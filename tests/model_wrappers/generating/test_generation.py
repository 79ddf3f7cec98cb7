"""The law: answers are those of transformers' own `generate`, one row at a time, over the processor's own inputs."""

from pathlib import Path

import pytest
import torch
import toy_models
from PIL import Image
from toy_requests import ask, generate, pictures
from transformers import AutoModelForImageTextToText, AutoProcessor

from model_wrappers.generating.prompts import VICUNA_V1, Prompts
from model_wrappers.hf import EmtHf
from model_wrappers.llava import EmtLlava

TINY = Path(__file__).parents[4] / "shared" / "models" / "tiny-llava"
CIFAR = Path(__file__).parents[4] / "shared" / "data" / "cifar10"
PROMPTS = ["What is the object?", "What number?", "What is the object in the image? Only one word."]


@torch.no_grad()
def one_by_one(folder, asked, rows, **options):
    """Each answer as transformers gives it, without any of ours."""
    processor = AutoProcessor.from_pretrained(folder)
    model = AutoModelForImageTextToText.from_pretrained(folder).eval()
    answers = []
    for prompt, row in zip(asked, rows, strict=True):
        text = Prompts(processor, VICUNA_V1).text(prompt, 1)
        inputs = processor(text=text, images=row["image"].convert("RGB"), return_tensors="pt")
        made = model.generate(**inputs, do_sample=False, **options)
        answers.append(processor.decode(made[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))
    return answers


def coloured_rows(count):
    """Reds and blues of falling brightness; in a pattern that no batch size divides."""
    colours = [(255 - 2 * i, 0, 0) if i * i % 7 < 3 else (0, 0, 255 - 2 * i) for i in range(count)]
    return [{"image": Image.new("RGB", (16, 16), colour)} for colour in colours]


@pytest.mark.parametrize(
    ("model", "folder"), [(EmtLlava, "llava_folder"), (EmtHf, "qwen_folder"), (EmtHf, "llava_folder")]
)
def test_in_batches_of_1_7_and_32_the_answers_are_transformers_own(model, folder, request):
    folder, rows = request.getfixturevalue(folder), pictures(40)
    asked = [PROMPTS[row * row % 3] for row in range(40)]
    wanted = one_by_one(folder, asked, rows, max_new_tokens=8)
    assert len(set(wanted)) > 30, "a model that says the same of everything shows nothing"
    for size in (1, 7, 32):
        lm = model(pretrained=str(folder), batch_size=size, device="cpu")
        assert ask(lm, [generate(prompt, row, until=[]) for row, prompt in enumerate(asked)], rows) == wanted


def test_a_beginning_that_all_answers_share_is_not_generated_again_and_changes_nothing(coloured_folder):
    rows, prompt = coloured_rows(40), toy_models.QUESTIONS[0]
    wanted = one_by_one(coloured_folder, [prompt] * 40, rows, max_new_tokens=12)
    assert set(wanted) == {" The object is a(n) ship.", " The object is a(n) cat."}
    for size in (1, 7, 32):
        lm = EmtLlava(pretrained=str(coloured_folder), batch_size=size, device="cpu")
        passes = []
        lm.model.register_forward_hook(lambda *_, passes=passes: passes.append(1))
        assert ask(lm, [generate(prompt, row, max_new_tokens=12) for row in range(40)], rows) == wanted
        passes.clear()
        assert ask(lm, [generate(prompt, row, max_new_tokens=12) for row in range(40)], rows) == wanted
        plain = len(lm.tokenizer(wanted[0])["input_ids"])
        assert len(passes) < 0.7 * plain * -(-40 // size)


def test_a_row_that_begins_otherwise_is_answered_as_if_nothing_had_been_drafted(coloured_folder):
    rows = coloured_rows(12)
    lm = EmtLlava(pretrained=str(coloured_folder), batch_size=4, device="cpu")
    prompt = toy_models.QUESTIONS[1]
    wanted = ask(lm, [generate(prompt, row, max_new_tokens=12) for row in range(12)], rows)
    (key,) = lm._generator.drafts._shared
    for wrong in (lm.tokenizer(" The object is not")["input_ids"][1:], [9, 9, 9]):
        lm._generator.drafts._shared[key] = tuple(wrong)
        assert ask(lm, [generate(prompt, row, max_new_tokens=12) for row in range(12)], rows) == wanted


def test_another_adapter_s_beginnings_are_forgotten(coloured_folder):
    lm = EmtLlava(pretrained=str(coloured_folder), batch_size=4, device="cpu")
    ask(lm, [generate(toy_models.QUESTIONS[0], row) for row in range(4)], coloured_rows(4))
    assert lm._generator.drafts._shared
    lm.use_adapter(None, None)
    assert not lm._generator.drafts._shared


@pytest.mark.parametrize("limit", [1, 2, 5, 9, 30])
def test_answers_are_as_long_as_asked_for_and_no_longer(limit, coloured_folder):
    rows, prompt = coloured_rows(9), toy_models.QUESTIONS[0]
    wanted = one_by_one(coloured_folder, [prompt] * 9, rows, max_new_tokens=limit)
    lm = EmtLlava(pretrained=str(coloured_folder), batch_size=2, device="cpu")
    ask(lm, [generate(prompt, row, max_new_tokens=30) for row in range(9)], rows)  # learns the longer ones first
    for _ in range(2):
        assert ask(lm, [generate(prompt, row, max_new_tokens=limit) for row in range(9)], rows) == wanted


def test_an_answer_ends_before_the_first_stop_string_and_generation_with_the_last_row(coloured_folder):
    rows, prompt = coloured_rows(9), toy_models.QUESTIONS[0]
    whole = one_by_one(coloured_folder, [prompt] * 9, rows, max_new_tokens=12)
    for until in ([" is"], ["object", "is"], ["ship", "cat"], ["(n) c"], [" The"]):
        lm = EmtLlava(pretrained=str(coloured_folder), batch_size=4, device="cpu")
        passes = []
        lm.model.register_forward_hook(lambda *_, passes=passes: passes.append(1))
        for _ in range(2):  # the second time with a beginning to try
            asked = [generate(prompt, row, max_new_tokens=12, until=until) for row in range(9)]
            wanted = [
                text[: min(text.find(stop) for stop in until if stop in text)]
                if any(stop in text for stop in until)
                else text
                for text in whole
            ]
            assert ask(lm, asked, rows) == wanted
    assert len(passes) <= 2 * 3 * 2  # " The" is one token, and a batch ends with it


def test_beams_and_chance_are_passed_on(coloured_folder, llava_folder):
    rows = pictures(3)
    lm = EmtLlava(pretrained=str(llava_folder), batch_size=3, device="cpu")
    wanted = one_by_one(llava_folder, PROMPTS[:1] * 3, rows, max_new_tokens=6, num_beams=3)
    assert ask(lm, [generate(PROMPTS[0], row, max_new_tokens=6, num_beams=3) for row in range(3)], rows) == wanted
    hot = [generate(PROMPTS[0], row, temperature=50.0, top_p=1.0) for row in range(3)]
    assert ask(lm, hot, rows) != ask(lm, hot, rows)


@pytest.mark.skipif(
    not TINY.is_dir() or not CIFAR.is_dir(), reason="../shared with tiny-llava and CIFAR-10 is not here"
)
def test_on_real_images_a_trained_model_answers_as_in_transformers():
    from datasets import load_dataset

    rows = load_dataset(str(CIFAR), split="test").select(range(70)).rename_column("img", "image")
    prompt = (
        "What is the object in the image? Please only answer a single object in airplane, automobile, bird, cat, deer, "
        "dog, frog, horse, ship, truck."
    )
    wanted = one_by_one(TINY, [prompt] * 70, rows, max_new_tokens=16)
    assert len(set(wanted)) == 10
    for size in (1, 7, 32):
        lm = EmtLlava(pretrained=str(TINY), batch_size=size, device="cpu")
        assert ask(lm, [generate(prompt, row, max_new_tokens=16) for row in range(70)], rows) == wanted


def test_a_model_that_says_the_image_token_is_asked_on(llava_folder):
    """As a beginning that answers share, it would stand in the next prompt and ask for a picture that is not there."""
    lm = EmtLlava(pretrained=str(llava_folder), device="cpu", batch_size=2)
    sign = lm.config.image_token_id

    def say_it(_module, _arguments, output):
        output.logits[..., sign] = 1e4

    lm.model.register_forward_hook(say_it)
    said = ask(lm, [generate(PROMPTS[0], row, max_new_tokens=5) for row in range(6)], pictures(6))
    assert said == [said[0]] * 6
