"""The same laws beyond LLaVA: InstructBLIP, whose Q-Former must not see the answer, and Qwen2-VL."""

from pathlib import Path

import pytest
import torch
import toy_instructblip
import toy_models

from emt_tasks.errors import EmtError
from finetuning.training.additions import Additions
from finetuning.training.base_model import family_of, load_base
from finetuning.training.checkpoint import is_whole
from finetuning.training.collation import IGNORED, AnswerCollator
from finetuning.tuning.preflight import checks
from finetuning.tuning.tune import tune


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    home = tmp_path_factory.mktemp("families")
    return {
        "instructblip": toy_instructblip.saved(home / "blip"),
        "t5": toy_instructblip.saved(home / "t5", "t5"),
        "qwen": toy_models.qwen(home / "qwen"),
    }


@pytest.mark.parametrize("family", ["instructblip", "qwen"])
@pytest.mark.parametrize("method", ["linear", "lora"])
def test_other_families_learn_and_answer_from_their_checkpoints(family: str, method: str, folders, make_job) -> None:
    plain = make_job(method)
    job = plain.__class__(
        plain.recipe, str(folders[family]), plain.data, plain.out, data_dir=plain.data_dir, device="cpu"
    )
    assert not [check.problem for check in checks(job) if check.problem]
    base, said = load_base(job.base, "cpu"), []
    rows = [job.rows[place] for place in range(3)]
    batch = AnswerCollator(base.processor, base.prompts)(rows)
    batch.pop("labels")

    def look(checkpoint, prepared) -> bool:
        with prepared.loaded.answering(checkpoint.model_args) as lm:
            said.append((lm.model(**batch).logits, lm.weights_fingerprint()))
        return False

    before = {name: tensor.clone() for name, tensor in base.model.state_dict().items()}
    [checkpoint] = tune(job, base, Additions(on_checkpoint=look), shown=False).checkpoints
    assert is_whole(checkpoint)
    assert all(torch.equal(tensor, before[name]) for name, tensor in base.model.state_dict().items())
    again = family_of(job.base)(pretrained=job.base, device="cpu", **checkpoint.model_args)
    [(logits, fingerprint)] = said
    assert again.weights_fingerprint() == fingerprint
    with torch.no_grad():
        torch.testing.assert_close(again.model(**batch).logits, logits)
        assert float((base.model(**batch).logits - logits).abs().max()) > 1e-4


def test_the_q_former_is_asked_with_the_prompt_alone(folders, make_job) -> None:
    base = load_base(str(folders["instructblip"]), "cpu")
    rows = [make_job().rows[place] for place in range(2)]
    batch = AnswerCollator(base.processor, base.prompts)(rows)
    asked = base.processor.tokens([base.prompts.text(row.prompt, 1) for row in rows])
    assert torch.equal(batch["qformer_input_ids"], asked["qformer_input_ids"])
    wanted = batch["labels"][0][batch["labels"][0] != IGNORED]
    assert "object is" in base.processor.tokenizer.decode(wanted)


def test_a_model_that_does_not_write_after_its_prompt_is_refused(folders, make_job) -> None:
    plain = make_job("lora")
    job = plain.__class__(plain.recipe, str(folders["t5"]), plain.data, plain.out, data_dir=plain.data_dir)
    [*_, last] = checks(job)
    assert isinstance(last.problem, EmtError)
    assert "encoder-decoder" in str(last.problem)
