"""The command as its user starts it: exit codes, streams, and what an error says."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from shlex import quote

import pytest
import toy_sets

from emt_tasks.cli import doctor
from emt_tasks.cli.run import next_command
from emt_tasks.errors import EmtError


def emt(*words: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "emt_tasks", *words],
        capture_output=True, text=True, check=False, cwd=cwd, env={**os.environ, "NO_COLOR": "1", **environment},
    )  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_sets.write_all(tmp_path_factory.mktemp("data"), each=1)


@pytest.mark.parametrize("command", ["", "run", "compare", "power", "tasks", "doctor", "quickstart", "checkpoint"])
def test_help_has_an_example_and_goes_to_stdout(command: str) -> None:
    done = emt(*filter(None, [command]), "--help")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    first = next(number for number, line in enumerate(lines) if line.strip().startswith("Example"))
    assert lines[first + 1].strip().startswith("emt "), "click keeps the example's lines as they are"


def test_an_unknown_command_is_told_the_nearest() -> None:
    done = emt("rum")
    assert done.returncode == 2
    assert "Did you mean 'run'?" in done.stderr


def test_an_unknown_option_is_told_the_nearest() -> None:
    done = emt("run", "--task", "emt")
    assert done.returncode == 2
    assert "--tasks" in done.stderr


def test_tasks_are_listed_and_their_folder_is_named() -> None:
    listed = json.loads(emt("tasks", "--json").stdout)
    assert {"emt_cifar10", "emt_lite"} <= {entry["name"] for entry in listed}
    assert "emt_miniimagenet_lite" in emt("tasks").stdout
    assert (Path(emt("tasks", "--path").stdout.strip()) / "emt_cifar10.yaml").is_file()
    theirs = emt("tasks", "--path", "lm_eval")
    assert (Path(theirs.stdout.strip()) / "emt_cifar10.yaml").is_file()
    assert theirs.stderr == ""
    assert "Known: lm_eval, lmms_eval" in emt("tasks", "--path", "helm").stderr


def test_a_harness_that_is_missing_is_said(tmp_path: Path) -> None:
    hides = "import sys; sys.modules['lm_eval'] = None\nimport importlib.util as u; real = u.find_spec\n"
    hides += "u.find_spec = lambda name, *rest: None if name == 'lm_eval' else real(name, *rest)\n"
    (tmp_path / "sitecustomize.py").write_text(hides)
    told = emt("tasks", "--path", "lm_eval", PYTHONPATH=str(tmp_path))
    assert "lm_eval is not installed here: pip install 'emt-bench[lm-eval]'" in told.stderr
    assert told.returncode == 0


def test_the_doctor_does_without_the_other_harness_and_says_what_is_wrong_with_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert re.fullmatch(r"lm_eval [\d.]+ sees all \d+ .*", doctor._lm_eval())
    with monkeypatch.context() as patch:
        patch.setattr(doctor, "task_folder", lambda _: tmp_path)
        with pytest.raises(EmtError, match=r"can't load our tasks: it does not see .*emt_cifar10.*pip install"):
            doctor._lm_eval()
    monkeypatch.setattr(doctor, "find_spec", lambda _: None)
    assert "pip install 'emt-bench[lm-eval]'" in doctor._lm_eval()


def test_a_prompt_is_printed_alone_on_stdout(data: Path) -> None:
    done = emt("tasks", "--show", "emt_cifar10", "--row", "2", "--data-dir", str(data))
    assert done.stdout == (
        "What is the object in the image? Please only answer a single object in "
        "airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck.\n"
    ), done.stderr
    assert "label 'bird'" in done.stderr


def test_what_is_scored_after_a_prompt_is_among_its_json(data: Path) -> None:
    done = emt("tasks", "--show", "emt_cifar10_choice_sentence", "--json", "--data-dir", str(data))
    told = json.loads(done.stdout)
    assert len(told["choices"]) == 10
    assert told["choices"][5] == "The object is a(n) dog."


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--tasks", "emt_cifar_10"], 2, "no task 'emt_cifar_10'. Did you mean 'emt_cifar10'?"),
        (["--model", "emt_lava"], 2, "no model 'emt_lava'. Did you mean 'emt_llava'?"),
        (["--model-args", "pretraned=x"], 2, "Did you mean 'pretrained'?"),
        (["--model-args", "pretrained=/no/such/folder"], 1, "pretrained=/no/such/folder: there is no such folder"),
        (["--checkpoints", "/no/such/epoch-*"], 1, "matches no folder"),
        (["--tasks", ""], 2, "--tasks names no task"),
        (["--output-path", "/proc/nowhere"], 1, "another folder for the output"),
    ],
)
def test_what_can_be_known_before_is_said_before(words: list[str], code: int, said: str, data: Path) -> None:
    done = emt("run", "--data-dir", str(data), *words)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_set_that_is_missing_is_named(tmp_path: Path) -> None:
    toy_sets.write_set(tmp_path, "mnist", [1])
    done = emt("run", "--data-dir", str(tmp_path), "--tasks", "emt_cifar10", "--check")
    assert done.returncode == 1
    assert "has no folder 'cifar10' for uoft-cs/cifar10" in done.stderr


@pytest.mark.parametrize("text", ["pretrained", "=x", "a=1,b"])
def test_a_word_that_is_no_pair_is_a_usage_error(text: str) -> None:
    done = emt("run", "--model-args", text)
    assert done.returncode == 2
    assert "is no pair" in done.stderr


def test_a_scheduler_that_ends_it_is_told_what_is_kept(tmp_path: Path) -> None:
    starts_and_waits = (
        "import time, emt_tasks.cli as cli\n"
        "@cli.emt.command()\n"
        "def wait():\n    print('there', flush=True); time.sleep(60)\n"
        "cli.COMMANDS['wait'] = ''\n"
        "cli.LazyGroup.get_command = lambda group, ctx, name: wait\n"
        "import sys; sys.argv = ['emt', 'wait']; cli.main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", starts_and_waits], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "there\n"
    process.terminate()
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said.lstrip()) == (
        143,
        "terminated; what was finished is kept. Run the same command to go on.\n",
    )


def test_a_run_ends_by_naming_what_to_do_with_one_and_with_several(tmp_path: Path) -> None:
    folders = [tmp_path / "my runs" / name for name in ("epoch-1", "epoch-2")]
    assert next_command(folders[:1], tmp_path).startswith(f"emt compare '{folders[0]}' ANOTHER, emt report")
    several = next_command(folders, tmp_path)
    assert several.startswith(f"emt report {quote(str(tmp_path))}")
    assert several.endswith(f"emt compare '{folders[0]}' '{folders[1]}'")
