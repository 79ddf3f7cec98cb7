"""The laws of the four methods, on a true LLaVA at toy size."""

from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import LlavaForConditionalGeneration

from emt_tasks.errors import EmtError
from finetuning.recipes.recipe import read_recipe
from finetuning.training.additions import Additions
from finetuning.training.base_model import LoadedBase
from finetuning.training.collation import AnswerCollator
from finetuning.training.lora import tower_of
from finetuning.training.methods import learnt_tokens, prepare
from finetuning.tuning.tune import tune
from model_wrappers.llava import EmtLlava

METHODS = ["linear", "lora", "prompt", "full"]
PROJECTOR = "model.multi_modal_projector."


def logits(lm, rows) -> torch.Tensor:
    from model_wrappers.generating.prompts import Prompts

    collate = AnswerCollator(lm.processor, Prompts(lm.processor, lm.default_template), learnt_tokens(lm.model))
    batch = collate(rows)
    batch.pop("labels")
    with torch.no_grad():
        return lm.model.eval()(**batch)["logits"]


def plain(model) -> dict[str, torch.Tensor]:
    """Every weight of the base by its own name, wherever adapters moved it."""
    named = {
        name.replace(".base_layer.", ".").replace(".table.", "."): tensor for name, tensor in model.state_dict().items()
    }
    return {name: tensor.clone() for name, tensor in named.items() if "lora_" not in name and "vectors" not in name}


@pytest.mark.parametrize("method", METHODS)
def test_a_method_changes_what_it_names_and_not_one_other_bit(method: str, loaded: LoadedBase, make_job) -> None:
    before, after = plain(loaded.model), {}

    def look(_checkpoint, prepared) -> bool:
        after.update(plain(prepared.model))
        return False

    tune(make_job(method), loaded, Additions(on_checkpoint=look), shown=False)
    assert after.keys() == before.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert any(name.startswith(PROJECTOR) for name in changed)
    if method == "full":
        assert not any("vision_tower" in name for name in changed)
        assert {name for name in before if "vision_tower" not in name} == changed
    else:
        assert all(name.startswith(PROJECTOR) for name in changed)


@pytest.mark.parametrize("method", METHODS)
def test_a_checkpoint_answers_as_the_trainers_model_did_and_the_base_is_left_as_it_was(
    method: str, loaded: LoadedBase, make_job, base_folder: Path
) -> None:
    job, before, seen = make_job(method, {"fractions": [0.5]}), plain(loaded.model), []
    rows = [job.rows[place] for place in range(6)]

    def look(checkpoint, prepared) -> bool:
        with prepared.loaded.answering(checkpoint.model_args) as lm:
            seen.append((logits(lm, rows), lm.weights_fingerprint(), checkpoint))
        return False

    tune(job, loaded, Additions(on_checkpoint=look), shown=False)
    assert [checkpoint.epoch for _, _, checkpoint in seen] == [0.5, 1.0]
    for said, fingerprint, checkpoint in seen:
        again = EmtLlava(**{"pretrained": str(base_folder), "device": "cpu", **checkpoint.model_args})
        torch.testing.assert_close(logits(again, rows), said)
        assert again.weights_fingerprint() == fingerprint
    assert not torch.equal(seen[0][0], seen[1][0])
    after = loaded.model.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_peft_itself_reads_the_adapter_and_merged_equals_unmerged(make_job, base_folder: Path) -> None:
    job = make_job("lora")
    [checkpoint] = tune(job, shown=False).checkpoints
    base = LlavaForConditionalGeneration.from_pretrained(base_folder)
    tuned = PeftModel.from_pretrained(base, checkpoint.folder).eval()
    lm = EmtLlava(pretrained=str(base_folder), device="cpu", **checkpoint.model_args)
    rows = [job.rows[place] for place in range(4)]
    batch = AnswerCollator(lm.processor)(rows)
    batch.pop("labels")
    with torch.no_grad():
        unmerged = tuned(**batch).logits
        merged = tuned.merge_and_unload()(**batch).logits
    torch.testing.assert_close(unmerged, logits(lm, rows))
    torch.testing.assert_close(merged, unmerged, rtol=1e-4, atol=1e-4)


def test_a_learnt_prompt_is_pefts(make_job, base_folder: Path) -> None:
    """PEFT puts the vectors before the embeddings itself, which works where there is no picture."""
    [checkpoint] = tune(make_job("prompt"), shown=False).checkpoints
    tuned = PeftModel.from_pretrained(LlavaForConditionalGeneration.from_pretrained(base_folder), checkpoint.folder)
    lm = EmtLlava(pretrained=str(base_folder), device="cpu", **checkpoint.model_args)
    ids = torch.tensor([[5, 6, 7, 8]])
    own = torch.tensor([list(learnt_tokens(lm.model))])
    assert own.shape == (1, 3)
    with torch.no_grad():
        theirs = tuned.eval()(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
        ours = lm.model(input_ids=torch.cat([own, ids], dim=1)).logits
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
    trained = dict(lm.model.named_parameters())
    for name, weight in tuned.get_base_model().named_parameters():
        if "multi_modal_projector" in name and "original_module" not in name:
            assert torch.equal(weight, trained[name.replace(".modules_to_save.default", "")]), name


def test_a_learnt_prompt_answers_alike_in_any_batch(make_job, base_folder: Path) -> None:
    [checkpoint] = tune(make_job("prompt"), shown=False).checkpoints
    lm = EmtLlava(pretrained=str(base_folder), device="cpu", **checkpoint.model_args)
    processor = lm.processor
    from model_wrappers.checkpoints.soft_prompt import prompted

    picture = make_job().rows[0].image
    texts = ["USER: <image>\nWhat is it? ASSISTANT:", "USER: <image>\nWhat is the object in the image? ASSISTANT:"]
    together = prompted(
        dict(processor(text=texts, images=[picture] * 2, padding=True, return_tensors="pt")), learnt_tokens(lm.model)
    )
    with torch.no_grad():
        both = lm.model(**together, position_ids=(together["attention_mask"].cumsum(1) - 1).clamp_min(0)).logits[:, -1]
        for place, text in enumerate(texts):
            alone = prompted(
                dict(processor(text=[text], images=[picture], return_tensors="pt")), learnt_tokens(lm.model)
            )
            assert alone["input_ids"][0, :3].tolist() == list(learnt_tokens(lm.model))
            torch.testing.assert_close(lm.model(**alone).logits[0, -1], both[place], rtol=1e-4, atol=1e-5)


def test_the_tower_sleeps_while_the_rest_trains(loaded: LoadedBase, make_job) -> None:
    seen = []
    hook = tower_of(loaded.model).register_forward_hook(lambda part, *_: seen.append(part.training))
    tune(make_job("lora"), loaded, shown=False)
    hook.remove()
    assert seen
    assert not any(seen)


def test_two_seeds_differ_and_one_repeats(loaded: LoadedBase, make_job, tmp_path: Path) -> None:
    def trained(place: str, seed: int) -> dict[str, str]:
        [checkpoint] = tune(make_job("lora", out=tmp_path / place, seed=seed), loaded, shown=False).checkpoints
        return checkpoint.told["weights"]

    first, again, other = trained("a", 0), trained("b", 0), trained("c", 1)
    assert first == again
    assert first["adapter_model.safetensors"] != other["adapter_model.safetensors"]


def test_a_base_without_a_projector_is_refused(loaded: LoadedBase) -> None:
    from finetuning.training.lora import projector_name

    with pytest.raises(EmtError, match="has no projector that is known"):
        projector_name(loaded.model.model.language_model)


def test_what_learns_is_float32_and_nothing_else_asks_for_gradients(loaded: LoadedBase) -> None:
    prepared = prepare(loaded, read_recipe("toy-lora", {"lora.rank": 2}), seed=0)
    asking = {name for name, weight in prepared.model.named_parameters() if weight.requires_grad}
    assert asking == set(prepared.names) == set(prepared.start)
    assert {weight.dtype for weight in prepared.learnt.values()} == {torch.float32}
    prepared.undo()
    assert not any(weight.requires_grad for weight in loaded.model.parameters())
