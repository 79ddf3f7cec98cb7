"""Otter as the harness asks it, on toy checkpoints of the true architecture."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from lmms_eval.api.instance import Instance
from peft import LoraConfig, get_peft_model
from PIL import Image
from toy_otter import toy_checkpoint
from toy_requests import ask, generate

from emt_tasks.errors import EmtError
from model_wrappers.closed_set.label_trie import build_trie
from model_wrappers.closed_set.scoring import largest_difference
from model_wrappers.flamingo.processor import ADDED, FlamingoProcessor
from model_wrappers.generating.prompts import Prompts
from model_wrappers.otter import EmtOtter

PROMPT = "What is the object in the image? Please only answer a single object in airplane, bird."
SETTINGS = {"max_new_tokens": 6, "until": ["\n\n"]}
families = pytest.mark.parametrize("family", ["mpt", "llama"])


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Models this small only wait for each other's threads where cores are busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("otter")
    return {family: toy_checkpoint(root / family, family) for family in ("mpt", "llama")}


def pictures(number: int) -> list[Image.Image]:
    """Pictures of several sizes and modes, each another noise."""
    modes, sizes = ("RGB", "L", "RGBA"), ((32, 32), (28, 28), (1, 1), (64, 20))
    made = []
    for row in range(number):
        mode, (width, height) = modes[row % 3], sizes[row % 4]
        made.append(Image.frombytes(mode, (width, height), random.Random(row).randbytes(width * height * len(mode))))
    return made


def visuals(row: dict[str, Image.Image]) -> list[Image.Image]:
    return [row["image"]]


def about(number: int) -> dict[str, object]:
    return {"task": "toy", "doc_id": number, "repeats": 1}


def answers(lm: EmtOtter, prompts: list[str], seen: list[Image.Image]) -> list[str]:
    lm.task_dict = {"toy": {"test": [{"image": picture} for picture in seen]}}
    asked = [(prompt, dict(SETTINGS), visuals, row, "toy", "test") for row, prompt in enumerate(prompts)]
    requests = [Instance("generate_until", asked[row], 0, about(row)) for row in range(len(asked))]
    return lm.generate_until(requests)


@families
def test_batches_of_any_size_give_the_answers_of_one_by_one(folders, family):
    prompts = [PROMPT, "What is the number in the image?", PROMPT, PROMPT + " dog, cat, ship, frog, deer."] * 3
    seen = pictures(len(prompts))
    given = {
        size: answers(EmtOtter(pretrained=str(folders[family]), batch_size=size), prompts, seen) for size in (1, 7)
    }
    assert given[1] == given[7]
    assert len(set(given[1])) > 3


def test_the_prompt_is_otters(folders):
    prompts = Prompts(FlamingoProcessor.from_pretrained(folders["mpt"]), EmtOtter.default_template)
    assert prompts.text("What is this?", 1) == "<image>User: What is this? GPT:<answer>"


def test_otters_tokens_are_one_token_each_and_an_answer_ends_at_its_end(folders):
    lm = EmtOtter(pretrained=str(folders["llama"]))
    assert [len(lm.tokenizer(token)["input_ids"]) for token in ADDED] == [1, 1, 1], lm.tokenizer
    assert lm.config.image_token_id == lm.tokenizer.convert_tokens_to_ids("<image>")
    assert lm.tokenizer.convert_tokens_to_ids("<|endofchunk|>") in lm.config.text_config.eos_token_id


def test_a_picture_becomes_clips_input_at_the_towers_size(folders):
    processor = FlamingoProcessor.from_pretrained(folders["mpt"])
    made = processor(images=[pictures(1)], text=["<image>User: a GPT:<answer>"], return_tensors="pt")
    assert made["pixel_values"].shape == (1, 3, 32, 32)


@families
def test_a_lora_adapter_is_put_on_and_taken_off(folders, family, tmp_path):
    lm = EmtOtter(pretrained=str(folders[family]), batch_size=4)
    bare = answers(lm, [PROMPT] * 4, pictures(4))
    target = {"mpt": "Wqkv", "llama": "q_proj"}[family]
    other = EmtOtter(pretrained=str(folders[family])).model
    tuned = get_peft_model(
        other, LoraConfig(target_modules=rf".*lang_encoder.*\.{target}", init_lora_weights=False, r=4)
    )
    tuned.save_pretrained(tmp_path)
    lm.use_adapter(str(tmp_path))
    changed = answers(lm, [PROMPT] * 4, pictures(4))
    lm.use_adapter(None)
    assert changed != bare
    assert answers(lm, [PROMPT] * 4, pictures(4)) == bare


@families
def test_label_scores_are_those_of_full_passes(folders, family):
    lm = EmtOtter(pretrained=str(folders[family]))
    texts = ["<image>User: a GPT:<answer>", "<image>User: what is this GPT:<answer>"]
    inputs = lm.processor(images=pictures(2), text=texts, return_tensors="pt", padding=True)
    trie = build_trie([[5, 6], [5, 7, 8], [9]])
    assert largest_difference(lm.model, dict(inputs), trie, end_tokens=[3]) < 1e-4


def test_an_unknown_argument_is_an_error_with_the_nearest_name(folders):
    with pytest.raises(EmtError, match="Did you mean 'pretrained'"):
        EmtOtter(pretraned=str(folders["mpt"]))


def test_a_checkpoint_without_tokenizer_says_whose_it_needs(tmp_path):
    folder = toy_checkpoint(tmp_path, "mpt", tokenizer=False)
    with pytest.raises(EmtError, match=r"no tokenizer.*mosaicml/mpt-7b-instruct.*checkpoint's folder"):
        EmtOtter(pretrained=str(folder))


def test_a_tokenizer_larger_than_the_embeddings_is_refused(tmp_path):
    folder = toy_checkpoint(tmp_path, "llama", vocabulary=280)
    with pytest.raises(EmtError, match="its language model 280"):
        EmtOtter(pretrained=str(folder))


def test_a_checkpoint_of_another_family_is_refused(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    with pytest.raises(EmtError, match=r"model type (for|of) emt_otter 'llama'"):
        EmtOtter(pretrained=str(tmp_path))


def test_a_prompt_longer_than_an_mpt_reads_is_refused_with_both_lengths(tmp_path):
    folder = toy_checkpoint(tmp_path, "mpt")
    said = json.loads((folder / "config.json").read_text())
    said["text_config"]["max_seq_len"] = 16
    (folder / "config.json").write_text(json.dumps(said))
    lm = EmtOtter(pretrained=str(folder), device="cpu")
    with pytest.raises(EmtError, match=r"have \d+ tokens, and this checkpoint's MPT reads 16"):
        ask(lm, [generate(PROMPT)], [{"image": pictures(1)[0]}])
