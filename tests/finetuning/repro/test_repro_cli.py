"""`emt repro` through its front door."""

import json
from pathlib import Path

import pytest
import toy_clip
from click.testing import CliRunner, Result

from emt_tasks.cli import emt
from emt_tasks.errors import EmtError

SHORT = [
    "--epochs",
    "1",
    "--second-epochs",
    "1",
    "--set-field",
    "batch_size=16",
    "--stem",
    "imagenet",
    "--device",
    "cpu",
]


def asked(*words: str) -> Result:
    return CliRunner().invoke(emt, ["repro", *words])


@pytest.mark.parametrize("words", [["--help"], ["resnet", "--help"], ["clip", "--help"]])
def test_help_comes_with_examples(words: list[str]) -> None:
    said = asked(*words)
    assert said.exit_code == 0
    assert "Example" in said.output
    assert "emt repro" in said.output


def test_json_on_stdout_is_json_and_the_files_are_there(digits: Path, tmp_path: Path) -> None:
    said = asked("resnet", "--data", f"folder:{digits}", "--out", str(tmp_path), "--json", *SHORT)
    assert said.exit_code == 0, said.output
    told = json.loads(said.stdout)
    assert [row["epoch"] for row in told["trainings"][0]["history"]] == [1, 2]
    assert all(Path(file).is_file() for file in told["files"])
    assert "next: " in said.stderr
    again = asked("resnet", "--data", f"folder:{digits}", "--out", str(tmp_path), *SHORT)
    assert "kept from an earlier start" in again.stderr
    assert "absent" in again.stdout


def test_a_clip_is_tuned_asked_and_drawn(digits: Path, sets: Path, tmp_path: Path) -> None:
    clip = toy_clip.saved(tmp_path / "toy")
    words = [
        "clip", "--model", "local", "--pretrained", str(clip), "--data", f"folder:{digits}", "--epochs", "1",
        "--tasks", "emt_mnist", "--eval-limit", "2", "--data-dir", str(sets), "--out", str(tmp_path / "out"),
        "--device", "cpu",
    ]  # fmt: skip
    said = asked(*words)
    assert said.exit_code == 0, said.output
    assert "epoch-1.0: mnist" in said.stderr
    assert "MNIST" in said.stdout
    for name in ("figure-3.png", "figure-3-collapse.png", "clip.html", "clip.md"):
        assert (tmp_path / "out" / name).is_file()
    assert "next: emt report" in said.stderr
    again = asked(*words, "--json")
    assert [(one["set"], one["n"]) for one in json.loads(again.stdout)["asked"]] == [("mnist", 2), ("mnist", 2)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["resnet", "--data", "cifar-10"], "Did you mean 'cifar10'"),
        (["resnet", "--data", "folder:/nowhere"], "there is no folder '/nowhere'"),
        (["resnet", "--data", "mnist", "--set-field", "learning_rat=1"], "Did you mean 'learning_rate'"),
        (["resnet", "--data", "mnist", "--device", "gpu"], "no device 'gpu'"),
        (
            ["clip", "--data", "mnist", "--method", "wiseft"],
            "Did you mean 'wise-ft'? Known: full, linear-probe, wise-ft",
        ),
        (["clip", "--data", "mnist", "--method", "resnet"], "Known: full, linear-probe, wise-ft"),
        (["clip", "--data", "mnist", "--pretrained", "opena"], "Did you mean 'openai'"),
        (["clip", "--data", "mnist", "--model", "ViT-L-144"], "Did you mean 'ViT-L-14'"),
        (["clip", "--data", "mnist", "--tasks", "emt_mnis"], "Did you mean 'emt_mnist'"),
        (["clip", "--data", "mnist", "--pretrained", "weights.bin"], "there is no such file or folder"),
    ],
)
def test_what_does_not_exist_is_refused_with_the_nearest_name(
    words: list[str], said: str, sets: Path, tmp_path: Path
) -> None:
    done = asked(*words, "--data-dir", str(sets), "--out", str(tmp_path / "out"), "--check")
    assert done.exit_code != 0
    told = str(done.exception) if isinstance(done.exception, EmtError) else done.output
    assert said in told
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").glob("*/training.json"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["clip", "--alpha", "0.5"], "--alpha is of --method wise-ft: full keeps no point"),
        (["clip", "--epochs", "1", "--set-field", "epochs=2"], "--set-field epochs= and --epochs are the same field"),
        (
            ["clip", "--method", "wise-ft", "--alpha", "0.5", "--set-field", "alphas=[0.2]"],
            "--set-field alphas= and --alpha are the same field",
        ),
        (
            ["resnet", "--second-epochs", "1", "--set-field", "second_epochs=0"],
            "--set-field second_epochs= and --second-epochs are the same field",
        ),
        (["resnet", "--set-field", "epochs=1", "--set-field", "epochs=2"], "--set-field epochs= is given twice"),
    ],
)
def test_what_would_be_ignored_or_contradicts_itself_is_a_usage_error(words: list[str], said: str) -> None:
    done = asked(*words, "--data", "mnist", "--check")
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())


def test_check_changes_nothing(digits: Path, tmp_path: Path) -> None:
    said = asked("resnet", "--data", f"folder:{digits}", "--out", str(tmp_path / "out"), "--check", *SHORT)
    assert said.exit_code == 0, said.output
    assert "measured on this machine" in said.stderr
    assert not (tmp_path / "out").exists()


def test_two_sets_of_one_name_are_not_mixed_up(digits: Path, tmp_path: Path) -> None:
    words = ["--data", f"folder:{digits}", "--data", f"folder:{digits}?rows=50"]
    said = asked("resnet", *words, "--out", str(tmp_path / "out"), "--check", *SHORT)
    assert said.exit_code == 2
    assert "would both go to" in said.output
