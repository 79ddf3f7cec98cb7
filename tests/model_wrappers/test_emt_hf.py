"""emt_hf on families whose processors have ways of their own, against transformers' own one-row generate."""

from pathlib import Path

import pytest
import torch
import toy_instructblip
import toy_models
from toy_requests import ask, generate, pictures, score
from transformers import Blip2ForConditionalGeneration, Blip2Processor, LogitsProcessor

from emt_tasks.errors import EmtError
from model_wrappers.hf import EmtHf

QUESTION = "What is the object in the image?"
LISTED = QUESTION + " Please only answer a single object in airplane, bird, cat."
PROMPTS = (QUESTION, LISTED)
LABELS = (" airplane", " bird", " cat", " ship")
blip2s = pytest.mark.parametrize("family", ["opt", "t5"])


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("hf")
    blip2 = {family: toy_instructblip.blip2(root / family, family) for family in ("opt", "t5")}
    return {**blip2, "paligemma": toy_models.paligemma(root / "paligemma")}


@pytest.fixture(scope="module")
def lms(folders) -> dict[str, EmtHf]:
    return {name: EmtHf(pretrained=str(folder), batch_size=5, device="cpu") for name, folder in folders.items()}


def transformers_own(folder: Path, prompt: str, picture) -> str:
    model, processor = Blip2ForConditionalGeneration.from_pretrained(folder), Blip2Processor.from_pretrained(folder)
    inputs = processor(images=picture, text=prompt, return_tensors="pt")
    made = model.eval().generate(**inputs, max_new_tokens=8, do_sample=False, eos_token_id=2, pad_token_id=0)
    start = 0 if model.language_model.config.is_encoder_decoder else inputs["input_ids"].shape[1]
    return processor.tokenizer.decode(made[0][start:], skip_special_tokens=True)


@blip2s
def test_blip_2_answers_as_transformers_own_generate_does_row_by_row(lms, folders, family):
    rows = pictures(8)
    answers = ask(lms[family], [generate(PROMPTS[row % 2], row, until=[]) for row in range(8)], rows)
    assert answers == [transformers_own(folders[family], PROMPTS[row % 2], rows[row]["image"]) for row in range(8)]
    assert len(set(answers)) > 1


@blip2s
def test_one_row_of_blip_2_is_given_what_transformers_own_processor_makes(lms, folders, family):
    picture = pictures(1)[0]["image"]
    own = Blip2Processor.from_pretrained(folders[family])(images=picture, text=LISTED, return_tensors="pt")
    made = lms[family].processor([f"<image>{LISTED}"], [[picture]])
    assert own.keys() == made.keys()
    for name in own:
        torch.testing.assert_close(made[name], own[name])


@pytest.mark.parametrize("family", ["opt", "t5", "paligemma"])
def test_labels_scored_together_are_worth_what_each_is_alone(lms, family):
    rows = pictures(3)
    together = ask(lms[family], [score(LISTED, label, row) for row in range(3) for label in LABELS], rows)
    alone = [ask(lms[family], [score(LISTED, label, row)], rows)[0] for row in range(3) for label in LABELS]
    for one, other in zip(together, alone, strict=True):
        assert one.total == pytest.approx(other.total, abs=1e-4)
        assert one.greedy == other.greedy


def test_what_paligemma_answers_is_not_seen_by_its_prompt(lms):
    """In generation, the reference here, a prompt's tokens see each other and none that is written after them."""
    lm, rows = lms["paligemma"], pictures(2)
    scored = ask(lm, [score(LISTED, label, row) for row in range(2) for label in LABELS], rows)
    lm.task_dict = {"toy": {"test": rows}}
    for place, one in enumerate(scored):
        shown = lm.model_input(generate(LISTED, place // len(LABELS)))
        label = lm.tokenizer(LABELS[place % len(LABELS)], add_special_tokens=False)["input_ids"]
        steps = Forced(label, start=shown.inputs["input_ids"].shape[1])
        shown.model.generate(**shown.inputs, max_new_tokens=len(label), do_sample=False, logits_processor=[steps])
        assert one.total == pytest.approx(steps.total, abs=1e-4)


class Forced(LogitsProcessor):
    """Has generation write certain tokens, and adds up what it found them worth."""

    def __init__(self, tokens: list[int], start: int) -> None:
        self.tokens, self.start, self.total = tokens, start, 0.0

    def __call__(self, input_ids, scores):
        token = self.tokens[input_ids.shape[1] - self.start]
        self.total += float(scores[0].log_softmax(dim=-1)[token])
        return torch.full_like(scores, -1e9).index_fill(1, torch.tensor([token]), 0.0)


def test_a_blip_2_whose_config_names_no_image_token_is_refused(folders, tmp_path):
    toy_instructblip.blip2(tmp_path)
    said = (tmp_path / "config.json").read_text()
    (tmp_path / "config.json").write_text(said.replace('"image_token_index": 3', '"image_token_index": null'))
    with pytest.raises(EmtError, match=r"names no image token .* before 4\.46"):
        EmtHf(pretrained=str(tmp_path), device="cpu")
