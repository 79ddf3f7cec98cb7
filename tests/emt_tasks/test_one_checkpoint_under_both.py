"""One checkpoint under both harnesses, each with its own model code: the same answers to every row of all four sets."""

import json
import os
import subprocess
import sys
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
SHORT = {"max_new_tokens": 8}
ROWS, BATCH = 3, 2


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of both runs of a toy LLaVA, which babbles something else of each picture."""
    from lm_eval.models.hf_vlms import HFMultimodalLM

    folder = tmp_path_factory.mktemp("both")
    data = toy_sets.write_all(folder / "data", each=1)
    pretrained = str(toy_models.llava(folder / "toy"))
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
    assert all(theirs.rows[row].raw for row in range(ROWS))


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


@pytest.mark.slow
def test_the_harnesses_own_commands_leave_the_same_answers(tmp_path: Path) -> None:
    data = toy_sets.write_all(tmp_path / "data", each=1)
    pretrained = toy_models.coloured(tmp_path / "toy")
    here = Path(sys.executable).parent
    environment = {**os.environ, "EMT_DATA_DIR": str(data), "HF_HUB_OFFLINE": "1"}

    def run_in_shell(command: str) -> None:
        words = ["bash", "-c", f"PATH={here}:$PATH; {command} --batch_size 2 --limit {ROWS} --log_samples"]
        done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, done.stderr[-3000:]

    run_in_shell(
        f"lm_eval run --model hf-multimodal --model_args pretrained={pretrained},max_length=4096 --tasks emt "
        f'--include_path "$(emt tasks --path lm_eval)" --apply_chat_template --output_path {tmp_path}/theirs'
    )
    run_in_shell(
        f"lmms-eval --model emt_llava --model_args pretrained={pretrained} --tasks emt --output_path {tmp_path}/ours"
    )
    ours, theirs = run(tmp_path / "ours"), run(tmp_path / "theirs")
    for key in SETS:
        one, other = ours.of(f"emt_{key}"), theirs.of(f"emt_{key}")
        assert one is not None
        assert other is not None
        assert [one.rows[row] for row in range(one.n)] == [other.rows[row] for row in range(other.n)]
