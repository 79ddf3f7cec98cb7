"""Batches and their loss: what carries it, and that making fewer logits changes nothing."""

import pytest
import torch

from finetuning.recipes.recipe import read_recipe
from finetuning.training.answer_loss import answer_loss, takes_places
from finetuning.training.base_model import LoadedBase
from finetuning.training.collation import IGNORED, AnswerCollator
from finetuning.training.methods import prepare


@pytest.fixture
def batch(loaded: LoadedBase, make_job):
    rows = make_job(fields={"template": "paraphrases"}).rows
    return AnswerCollator(loaded.processor, loaded.prompts)([rows[place] for place in range(5)])


def test_only_answers_and_their_ends_carry_loss(batch, loaded: LoadedBase, make_job) -> None:
    rows = make_job(fields={"template": "paraphrases"}).rows
    for place in range(5):
        wanted = batch["labels"][place][batch["labels"][place] != IGNORED]
        assert loaded.processor.tokenizer.decode(wanted).strip() == f"{rows[place].answer}</s>"


def test_masked_tokens_carry_no_loss(batch, loaded: LoadedBase) -> None:
    """Whatever stands where the label is masked, as an aim: the loss is the same, and its gradient is 0 there."""
    loss = answer_loss(loaded.model, batch, None, narrow=False)
    logits = loaded.model(**{name: value for name, value in batch.items() if name != "labels"}).logits
    chosen = logits.detach().requires_grad_()
    aims = torch.nn.functional.pad(batch["labels"][:, 1:], (0, 1), value=IGNORED)
    mean = torch.nn.functional.cross_entropy(chosen.flatten(0, 1), aims.flatten(), ignore_index=IGNORED)
    mean.backward()
    torch.testing.assert_close(loss.detach(), mean.detach())
    assert not chosen.grad[aims == IGNORED].any()
    assert chosen.grad[aims != IGNORED].any()


def test_fewer_logits_give_the_models_own_loss(batch, loaded: LoadedBase) -> None:
    assert takes_places(loaded.model)
    own = loaded.model(**batch).loss
    for narrow in (True, False):
        torch.testing.assert_close(answer_loss(loaded.model, batch, None, narrow), own)
    tokens = (batch["labels"] != IGNORED).sum()
    torch.testing.assert_close(answer_loss(loaded.model, batch, 2 * tokens, narrow=True), own / 2)


def test_the_whole_way_and_the_short_one_make_the_same_batch(loaded: LoadedBase, make_job) -> None:
    rows = [make_job(fields={"template": "paraphrases"}).rows[place] for place in range(5)]
    short, whole = (AnswerCollator(loaded.processor, loaded.prompts) for _ in range(2))
    whole._separable = False
    one, other = short(rows), whole(rows)
    assert short._separable
    assert one.keys() == other.keys()
    assert torch.equal(one["pixel_values"], other["pixel_values"])
    for place in range(5):  # the processor pads on the left
        a, b = one["attention_mask"][place].bool(), other["attention_mask"][place].bool()
        assert torch.equal(one["input_ids"][place][a], other["input_ids"][place][b])
        assert torch.equal(one["labels"][place][a], other["labels"][place][b])


def test_learnt_tokens_come_first_and_carry_no_loss(loaded: LoadedBase, make_job) -> None:
    rows = [make_job().rows[place] for place in range(3)]
    plain = AnswerCollator(loaded.processor, loaded.prompts)(rows)
    prepared = prepare(loaded, read_recipe("toy-prompt", {"prompt.tokens": 2}), seed=0)
    learnt = range(1000, 1002)
    batch = AnswerCollator(loaded.processor, loaded.prompts, learnt)(rows)
    prepared.undo()
    assert batch["input_ids"][:, :2].tolist() == [[1000, 1001]] * 3
    assert torch.equal(batch["input_ids"][:, 2:], plain["input_ids"])
    assert torch.equal(batch["labels"][:, 2:], plain["labels"])
    assert (batch["labels"][:, :2] == IGNORED).all()
    assert batch["attention_mask"].sum() == plain["attention_mask"].sum() + 6
