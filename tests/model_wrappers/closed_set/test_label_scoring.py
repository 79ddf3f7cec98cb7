"""Closed sets as the harness asks them: several answers to one row in one pass, equal to one pass for each."""

import logging

import pytest
import torch
from toy_requests import ask, pictures, score

from emt_tasks.errors import EmtError
from model_wrappers.closed_set import label_scoring
from model_wrappers.closed_set.full_passes import full_pass_scores
from model_wrappers.hf import EmtHf
from model_wrappers.llava import EmtLlava

LABELS = ["cat", "cattle", "ship", "shipyard", "a(n) frog", "horse"]
SAME = 1e-4


def choices(rows: int, prompt: str = "What?", prior: bool = False) -> list:
    requests = [score(prompt, f" {label}", row) for row in range(rows) for label in LABELS]
    for request in requests:
        request.metadata["prior"] = prior
    return requests


def forwards(lm) -> list:
    """The number of tokens of each pass of the language model from now on."""
    seen = []
    lm.model.get_decoder().register_forward_pre_hook(
        lambda _module, _args, given: seen.append(given["inputs_embeds"].shape[:2]), with_kwargs=True
    )
    return seen


@pytest.mark.parametrize(("model", "folder"), [(EmtLlava, "llava_folder"), (EmtHf, "qwen_folder")])
@pytest.mark.parametrize("size", [1, 4])
def test_several_answers_have_the_values_that_each_has_alone(model, folder, size, request):
    lm, rows = model(pretrained=str(request.getfixturevalue(folder)), batch_size=size, device="cpu"), pictures(5)
    asked = choices(5)
    together = ask(lm, asked, rows)
    for one, found in zip(asked[::4], together[::4], strict=True):
        alone = ask(lm, [one], rows)[0]
        assert found.loss == pytest.approx(alone.loss, abs=SAME)
        assert found.total == pytest.approx(alone.total, abs=SAME)
        assert found.greedy == alone.greedy
        assert found.with_end < found.total
        assert found.over_prior is None


def test_a_batch_of_rows_is_one_pass(llava_folder):
    lm, rows = EmtLlava(pretrained=str(llava_folder), batch_size=3, device="cpu"), pictures(6)
    seen = forwards(lm)
    ask(lm, choices(6), rows)
    assert [batch for batch, _ in seen if batch] == [3, 3, 3, 3]  # each met twice: at the door, and in


def test_the_order_of_requests_is_theirs_and_repeated_ones_are_answered(llava_folder):
    lm, rows = EmtLlava(pretrained=str(llava_folder), batch_size=2, device="cpu"), pictures(3)
    asked = choices(3)
    found = ask(lm, asked, rows)
    mixed = [*asked[::-1], asked[-1], asked[-1], score("Other?", " cat", 1)]
    again = ask(lm, mixed, rows)
    for one, other in zip(again, [*found[::-1], found[-1], found[-1]], strict=False):
        assert one.total == pytest.approx(other.total, abs=SAME)


def test_each_batch_is_reported_with_every_request(llava_folder):
    lm, told = EmtLlava(pretrained=str(llava_folder), batch_size=2, device="cpu"), []
    lm.task_dict = {"toy": {"test": pictures(3)}}
    lm.on_batch = told.append
    asked = choices(3)
    found = lm.loglikelihood(asked)
    assert [len(batch) for batch in told] == [2 * len(LABELS), len(LABELS)]
    values = {id(request): value for batch in told for request, value in batch}
    assert [values[id(request)] for request in asked] == found


def test_the_prior_is_had_where_it_is_asked_for_once_and_anew_after_an_adapter(llava_folder, monkeypatch):
    lm, rows = EmtLlava(pretrained=str(llava_folder), batch_size=2, device="cpu"), pictures(4)
    found = ask(lm, choices(4, prior=True), rows)
    priors = {round(one.total - one.over_prior, 3) for one in found}
    assert len(priors) == len(LABELS)
    assert len(lm._scorer._priors) == 1
    lm.use_adapter(None)
    assert not lm._scorer._priors


def test_rows_of_other_prompts_and_answers_go_apart(llava_folder):
    lm, rows = EmtLlava(pretrained=str(llava_folder), batch_size=8, device="cpu"), pictures(2)
    asked = [*choices(2), *choices(2, "What is the number?"), score("What?", " 7", 1), score("Which?", " 7", 0)]
    found = ask(lm, asked, rows)
    for place in (0, 7, 13, 20, 24, 25):
        assert found[place].loss == pytest.approx(ask(lm, [asked[place]], rows)[0].loss, abs=SAME)


def test_an_answer_without_tokens_is_refused(llava_folder):
    lm = EmtLlava(pretrained=str(llava_folder), device="cpu")
    with pytest.raises(EmtError, match="adds no token"):
        ask(lm, [score("What?", " cat"), score("What?", "")], pictures(1))


def test_an_unknown_architecture_is_checked_and_where_it_errs_passes_are_full(qwen_folder, monkeypatch, caplog):
    lm, rows = EmtHf(pretrained=str(qwen_folder), batch_size=2, device="cpu"), pictures(2)
    wanted = ask(lm, choices(2), rows)
    assert lm._scorer._sure is True
    wrong, full = EmtHf(pretrained=str(qwen_folder), batch_size=2, device="cpu"), []
    monkeypatch.setattr(label_scoring, "largest_difference", lambda *_: 0.7)
    monkeypatch.setattr(label_scoring, "full_pass_scores", lambda *given: full.append(1) or full_pass_scores(*given))
    with caplog.at_level(logging.WARNING):
        found = ask(wrong, choices(2), rows)
        ask(wrong, choices(2), rows)
    assert len(full) == 2
    assert [record.message for record in caplog.records].count(caplog.records[-1].message) == 1
    assert "differ by 7.0e-01 nats from full passes" in caplog.text
    for one, other in zip(found, wanted, strict=True):
        assert one.total == pytest.approx(other.total, abs=SAME)


def test_half_precision_is_scored_and_checked_more_loosely(qwen_folder):
    lm = EmtHf(pretrained=str(qwen_folder), batch_size=2, device="cpu", dtype="bfloat16")
    found = ask(lm, choices(2), pictures(2))
    assert lm._scorer._sure is True
    assert all(torch.isfinite(torch.tensor(one.total)) for one in found)
