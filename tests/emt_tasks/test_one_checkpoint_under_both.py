"""One checkpoint under both harnesses, each with its own model code: the same answers to every row of all four sets."""

import json
from pathlib import Path

import pytest
import toy_models
import toy_sets
from click.testing import CliRunner
from scripted_lm_eval import evaluated

from emt_tasks import harness
from emt_tasks.cli.compare import command as compare
from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.reading_back import read_run
from emt_tasks.runs.records import Run

SETS = ("mnist", "cifar10", "cifar100", "miniimagenet")
SHORT = {"max_new_tokens": 12}
ROWS, BATCH = 4, 2


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of both runs of a toy LLaVA that says ship or cat."""
    from lm_eval.models.hf_vlms import HFMultimodalLM

    folder = tmp_path_factory.mktemp("both")
    data = toy_sets.write_all(folder / "data", each=1)
    pretrained = str(toy_models.coloured(folder / "toy"))
    theirs = HFMultimodalLM(pretrained=pretrained, batch_size=BATCH, device="cpu", max_length=4096)
    given = {"batch_size": BATCH, "limit": ROWS}
    evaluated(theirs, data, "emt", out=folder / "lm-eval", gen_kwargs=dict(SHORT), **given)
    with harness.reading_from(data):
        ours = harness.load_model("emt_llava", {"pretrained": pretrained}, batch_size=BATCH, device="cpu")
        asked = Evaluation(("emt",), folder / "lmms-eval", generation=SHORT, shown=False, batch_size=BATCH, limit=ROWS)
        harness.evaluate_loaded(ours, "emt_llava", {"pretrained": pretrained}, asked)
    return folder


def run(folder: Path) -> Run:
    found, problems = read_run(folder)
    assert problems == ()
    return found


@pytest.mark.parametrize("key", SETS)
def test_every_row_has_the_same_answer_and_outcome(out: Path, key: str) -> None:
    ours, theirs = (run(out / name).of(f"emt_{key}") for name in ("lmms-eval", "lm-eval"))
    assert ours is not None
    assert theirs is not None
    assert ours.n == theirs.n == ROWS
    assert [theirs.rows[row] for row in range(ROWS)] == [ours.rows[row] for row in range(ROWS)]
    assert any(theirs.rows[row].raw for row in range(ROWS))


def test_the_runs_tell_of_themselves_what_makes_them_comparable(out: Path) -> None:
    ours, theirs = run(out / "lmms-eval"), run(out / "lm-eval")
    for one, other in zip(ours.tasks, theirs.tasks, strict=True):
        assert (one.task, one.version, one.data_fingerprint) == (other.task, other.version, other.data_fingerprint)
        assert (one.prompt_hash, one.data_dir) == (other.prompt_hash, other.data_dir)


def test_they_are_compared_row_by_row(out: Path) -> None:
    done = CliRunner().invoke(compare, [str(out / "lmms-eval"), str(out / "lm-eval"), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert str(told).count("'paired_by': 'image'") == len(SETS)
