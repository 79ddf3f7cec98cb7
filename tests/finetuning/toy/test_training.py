"""The laws of tuning, on a true LLaVA at toy size."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch

from finetuning.records.record import Record, answers_of, question_of
from finetuning.toy.drawings import drawing
from finetuning.toy.llava import ModelSizes, conversation, toy_llava, toy_processor, untrained_tower
from finetuning.toy.training import TrainingSettings, freeze, train
from finetuning.training.collation import IGNORED, AnswerCollator
from finetuning.training.lora import LoraSettings, tower_of, with_lora

SIZES = ModelSizes(vision_width=32, vision_layers=1, language_width=32, language_layers=1, heads=2)
BRIEF = TrainingSettings(epochs=1, batch_size=4, learning_rate=1e-2)


@pytest.fixture(scope="module")
def rows() -> list[Record]:
    random, answers = Random(0), answers_of("cifar10")
    words = ("ship", "frog", "truck", "bird")
    return [Record(drawing(word, random), question_of("cifar10"), answers[8], 8) for word in words for _ in range(4)]


@pytest.fixture(scope="module")
def processor(rows: list[Record]) -> Any:
    return toy_processor(SIZES, [conversation(row) for row in rows])


def llava(processor: Any, seed: int = 0) -> Any:
    return toy_llava(SIZES, processor, untrained_tower(SIZES, seed), seed)


def weights(model: Any) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def test_only_the_answer_and_its_end_carry_loss(rows: list[Record], processor: Any) -> None:
    batch = AnswerCollator(processor)(rows[:2])
    wanted = batch["labels"][0][batch["labels"][0] != IGNORED]
    assert processor.tokenizer.decode(wanted).strip() == "The object is a(n) ship.</s>"
    assert torch.equal(batch["input_ids"][batch["labels"] != IGNORED], batch["labels"][batch["labels"] != IGNORED])


def test_the_prompt_is_the_one_that_the_wrappers_send(rows: list[Record], processor: Any) -> None:
    tokens = AnswerCollator(processor).tokens(rows[0])
    turn = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": rows[0].prompt}]}
    text = processor.apply_chat_template([turn], add_generation_prompt=True)
    sent = processor(text=[text], images=[rows[0].image])["input_ids"][0]
    assert list(tokens.ids[: tokens.prompt]) == sent


def test_a_loss_over_other_tokens_would_be_another(rows: list[Record], processor: Any) -> None:
    model, batch = llava(processor), AnswerCollator(processor)(rows[:2])
    masked = model(**batch).loss
    assert not torch.isclose(masked, model(**{**batch, "labels": batch["input_ids"]}).loss)


def test_lora_changes_projector_and_adapters_and_not_one_other_bit(
    rows: list[Record], processor: Any, tmp_path: Path
) -> None:
    model = llava(processor)
    before = weights(model)
    tuned = with_lora(model, LoraSettings(rank=2), seed=0)
    train(tuned, rows, AnswerCollator(processor), BRIEF, 0, tmp_path, frozen=[tower_of(tuned)])
    changed = set()
    for name, tensor in tuned.state_dict().items():
        if "lora_" in name or "modules_to_save" in name:
            continue
        plain = name.removeprefix("base_model.model.").replace(".base_layer", "").replace(".original_module", "")
        assert torch.equal(tensor, before[plain]), name
        changed.add(plain)
    assert changed == set(before)
    assert any(tensor.any() for name, tensor in tuned.state_dict().items() if "lora_B" in name), "it did learn"
    saved = {n: t for n, t in tuned.state_dict().items() if "modules_to_save.default" in n}
    plain = {n.partition("base_model.model.")[2].replace(".modules_to_save.default", ""): t for n, t in saved.items()}
    assert plain
    assert any(not torch.equal(tensor, before[name]) for name, tensor in plain.items())


def test_the_tower_is_in_eval_mode_while_the_rest_trains(rows: list[Record], processor: Any, tmp_path: Path) -> None:
    tuned = with_lora(llava(processor), LoraSettings(rank=2), seed=0)
    seen = []
    tower_of(tuned).register_forward_hook(lambda part, *_: seen.append((part.training, tuned.training)))
    train(tuned, rows, AnswerCollator(processor), BRIEF, 0, tmp_path, frozen=[tower_of(tuned)])
    assert set(seen) == {(False, True)}


def test_one_seed_repeats_bit_for_bit_and_another_does_not(rows: list[Record], processor: Any, tmp_path: Path) -> None:
    def trained(seed: int) -> dict[str, torch.Tensor]:
        model = llava(processor)
        freeze(tower_of(model))
        train(model, rows, AnswerCollator(processor), BRIEF, seed, tmp_path, frozen=[tower_of(model)])
        return weights(model)

    first, again, other = trained(0), trained(0), trained(1)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)
