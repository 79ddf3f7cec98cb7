"""The estimate of a making: the stand-in that it leaves behind answers as briefly as a made one."""

import time
from pathlib import Path

import pytest
from PIL import Image
from transformers import AutoProcessor, LlavaForConditionalGeneration

from finetuning.mini.estimate import seconds_of, timed
from finetuning.mini.lessons import BASE, ENCODER
from finetuning.mini.miniature import read_miniature
from finetuning.mini.steps import PaceFields
from finetuning.records.rows import instruction_rows
from finetuning.records.wording import read_template

BRIEF = {"epochs": 0.5, "batch_size": 16}
SMALL = {
    "sets": ["mnist?rows=20", "cifar10?rows=20"],
    "threads": 1,
    "encoder": {"width": 16, "layers": 2, "heads": 2, "text_width": 8, "text_layers": 1, "text_heads": 1, "shared": 8},
    "contrast": BRIEF,
    "language": {"width": 64, "layers": 2, "heads": 2, "vocabulary": 512},
    "sentences": {**BRIEF, "each": 1},
    "alignment": BRIEF,
    "instructions": BRIEF,
    "lists": {**BRIEF, "batch_size": 32, "learning_rate": 3.0e-3},
}
LONGEST = 40  # new tokens; an answer in a sentence has about ten
PROMPT = "USER: <image>\nWhat is the object in the image? Please only answer a single object in cat, dog. ASSISTANT:"


def test_a_step_of_very_many_rows_is_not_tried_whole_but_counted_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []
    now = [0.0]

    def train(short: PaceFields, _: Path) -> None:
        seen.append((short.batch_size, short.steps(256)))
        now[0] += 0.002 * short.steps(256)

    large = PaceFields(epochs=8, batch_size=100_000, learning_rate=1)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])  # of a machine that never stands still
    seconds = timed(train, large, 256, 1_000_000)
    monkeypatch.undo()
    assert seen == [(512, 1), (512, 1), (512, 6)]
    assert seconds == pytest.approx(0.002 * 8 * 1_000_000 / 512)


def test_an_estimate_leaves_a_model_that_ends_its_answers(sets: Path, tmp_path: Path) -> None:
    miniature = read_miniature("mini", SMALL)
    rows = instruction_rows(miniature.sets, read_template("reproduction"), miniature.seed, sets)
    seconds = seconds_of(miniature, rows, tmp_path)
    assert set(seconds) == {ENCODER, "language", "aligned", "instructed", BASE}
    assert all(taken > 0 for taken in seconds.values())
    processor = AutoProcessor.from_pretrained(tmp_path)
    model = LlavaForConditionalGeneration.from_pretrained(tmp_path).eval()
    shown = [Image.new("RGB", (32, 32), (shade, 90, 30)) for shade in range(8)]
    inputs = processor(text=[PROMPT] * len(shown), images=shown, return_tensors="pt")
    said = model.generate(**inputs, max_new_tokens=LONGEST, do_sample=False)[:, inputs["input_ids"].shape[1] :]
    assert (said == processor.tokenizer.eos_token_id).any(1).all()
