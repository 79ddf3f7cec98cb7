"""Every file in examples/, run as its user would run it."""

import json
import os
import runpy
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from emt_tasks.cli.score import command as score
from emt_tasks.labels import label_set

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
WORDS = label_set("cifar10").labels
SAID = ("It is a {right}.", "a {wrong}", "{right}, {wrong}", "a picture", "", "The {right} is 8.",
        "Failed to obtain answer via API.")  # fmt: skip


@pytest.fixture
def frame() -> pd.DataFrame:
    """Each label with each kind of answer."""
    rows = [
        {"image id": f"{label}-{kind}.png", "label": label, "answer": kind.format(right=label, wrong=WORDS[place - 1])}
        for place, label in enumerate(WORDS)
        for kind in SAID
    ]
    return pd.DataFrame(rows)


def ran(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(word) for word in words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})


def scored(path: Path, out: Path) -> dict[str, object]:
    done = CliRunner().invoke(score, [str(path), "--set", "cifar10", "--output-path", str(out), "--json"])
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)["results"]
    return {name: found[name] for name in ("n", "accuracy", "accuracy_ci95", "shares", "foreign")}


def test_a_dataframe_a_csv_and_a_workbook_of_vlmevalkit_come_to_the_same_numbers(
    frame: pd.DataFrame, tmp_path: Path
) -> None:
    frame.to_csv(tmp_path / "answers.csv", index=False)
    theirs = frame.rename(columns={"image id": "index", "label": "answer", "answer": "prediction"})
    theirs.insert(1, "question", "What is the object in the image?")
    theirs.to_excel(tmp_path / "GPT4o_EMT.xlsx", index=False)
    told = scored(tmp_path / "answers.csv", tmp_path / "out")
    assert scored(tmp_path / "GPT4o_EMT.xlsx", tmp_path / "out") == told

    done = ran(sys.executable, EXAMPLES / "answers_in_a_dataframe.py", tmp_path / "answers.csv", "cifar10")
    assert done.returncode == 0, done.stderr
    first, *lines = done.stdout.splitlines()
    low, high = told["accuracy_ci95"]
    assert first == f"accuracy {100 * told['accuracy']:.1f} % [{100 * low:.1f}, {100 * high:.1f}], n = {told['n']}"
    printed = {line.split()[0]: float(line.split()[1]) for line in lines}
    assert printed == pytest.approx({name: 100 * share for name, share in told["shares"].items()}, abs=0.05)


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("image id,label,answer\n1,kitten,a cat\n", "cifar10", "error: row 0: 'kitten' is no label of cifar10"),
        ("image id,label,answer\n", "cifar10", "error: no outcomes to take shares of"),
        ("image id,label\n1,cat\n", "cifar10", "error: the table has no column 'answer'; there are image id, label."),
        ("", "cifar10", "error: {path} can't be read as CSV in UTF-8: No columns to parse from file."),
        ("label,answer\ncat,\u00e9\n", "cifar10", "error: {path} can't be read as CSV in UTF-8: 'utf-8' codec can't"),
        ("label,answer\ncat,a,b,c\ncat,a,b,c,d\n", "cifar10", "error: {path} can't be read as CSV in UTF-8: Error"),
        ("image id,label,answer\n1,cat,a cat\n", "cifar-10", "error: no label set 'cifar-10'. Did you mean 'cifar10'?"),
    ],
)
def test_the_dataframe_s_example_says_what_is_wrong(tmp_path: Path, text: str, key: str, said: str) -> None:
    (tmp_path / "t.csv").write_text(text, encoding="latin-1")
    done = ran(sys.executable, EXAMPLES / "answers_in_a_dataframe.py", tmp_path / "t.csv", key)
    assert done.returncode == 1
    assert done.stderr.startswith(said.format(path=tmp_path / "t.csv"))
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", ["int64", "uint8", "float64", "Int64", "object", "category"])
def test_labels_of_a_dataframe_may_be_class_indices_and_answers_missing(kind: str) -> None:
    with_outcomes = runpy.run_path(str(EXAMPLES / "answers_in_a_dataframe.py"))["with_outcomes"]
    places = pd.Series([3, 5, 0, 3, 8]).astype(kind)
    answers = pd.DataFrame({"label": places, "answer": ["a cat", "a cat", None, float("nan"), pd.NA]})
    read = with_outcomes(answers, label_set("cifar10"))
    assert list(read["outcome"]) == ["correct", "incorrect", "empty", "empty", "empty"]


STUB = """#!/usr/bin/env python3
import json, os, sys
with open({log!r}, "a") as file:
    file.write(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:]]) + "\\n")
{body}
"""
BODIES = {
    "scontrol": "print('node-a'); print('node-b')",
    "srun": (
        "import subprocess\n"
        "words = [word for word in sys.argv[1:] if not word.startswith('--output')]\n"
        "for rank in '01':\n    subprocess.run(words, env={**os.environ, 'SLURM_PROCID': rank})\n"
        "import time; time.sleep(20)"
    ),
    "vllm": "",
    "emt": (
        "model = sys.argv[-1].partition('model=')[2].partition(',')[0]\n"
        "asked = sum(f'model={model},' in line for line in open({log!r}))\n"
        "codes = json.loads(os.environ.get('CODES', '{}')).get(model, [])\n"
        "sys.exit(dict(enumerate(codes, start=1)).get(asked, 0))"
    ),
    "curl": "sys.exit(sum('vllm' in line.split(',')[0] for line in open({log!r})) < 2)",
}


@pytest.fixture
def cluster(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Programs of a cluster that only write down how they were called, and an environment in which they are found."""
    log, folder = tmp_path / "calls.jsonl", tmp_path / "bin"
    folder.mkdir()
    for name, body in BODIES.items():
        (folder / name).write_text(STUB.format(log=str(log), body=body.replace("{log!r}", repr(str(log)))))
        (folder / name).chmod(0o755)
    words = {
        "PATH": f"{folder}:{os.environ['PATH']}", "SLURM_JOB_NODELIST": "node-[a-b]", "SLURM_JOB_NUM_NODES": "2",
        "BASE": "llava-hf/llava-1.5-13b-hf", "OUT": str(tmp_path / "out"), "PAUSE": "0.1", "TENSOR": "2",
    }  # fmt: skip
    return log, words


def calls(log: Path, program: str) -> list[list[str]]:
    found = [json.loads(line) for line in log.read_text().splitlines()]
    return [words for name, *words in found if name == program]


def after(words: list[str], option: str) -> str:
    return words[words.index(option) + 1]


def test_the_cluster_s_script_serves_on_both_machines_and_asks_for_each_adapter(cluster) -> None:
    log, environment = cluster
    loras = "epoch-1=loras/epoch-1 epoch-2=loras/epoch-2"
    done = ran("bash", EXAMPLES / "serve_on_slurm.sbatch", LORAS=loras, **environment)
    assert done.returncode == 0, done.stderr
    first, second = calls(log, "vllm")
    for words in (first, second):
        assert words[:2] == ["serve", "llava-hf/llava-1.5-13b-hf"]
        assert (after(words, "--tensor-parallel-size"), after(words, "--data-parallel-size")) == ("2", "4")
        assert (after(words, "--data-parallel-size-local"), after(words, "--data-parallel-address")) == ("2", "node-a")
        at = words.index("--lora-modules")
        assert words[at + 1 : at + 3] == loras.split()
        assert after(words, "--max-loras") == "2"
    assert "--headless" not in first
    assert second[-3:] == ["--headless", "--data-parallel-start-rank", "2"]
    asked = [after(words, "--model-args") for words in calls(log, "emt") if words[0] == "run"]
    url = "base_url=http://node-a:8000/v1,num_concurrent=64"
    assert asked == [f"model={name},{url}" for name in ("llava-hf/llava-1.5-13b-hf", "epoch-1", "epoch-2")]
    assert [Path(word).name for word in calls(log, "emt")[-1]] == ["compare", "llava-1.5-13b-hf", "epoch-1", "epoch-2"]
    assert Counter(words[0] for words in calls(log, "emt")) == {"run": 3, "compare": 1}


@pytest.mark.parametrize(
    ("codes", "ends", "runs"),
    [
        ({"epoch-1": [3]}, 0, ["base", "epoch-1", "epoch-1", "epoch-2", "compare"]),
        ({"base": [3, 3], "epoch-1": [3, 3]}, 3, ["base", "base", "epoch-1", "epoch-1", "epoch-2", "compare"]),
        ({"epoch-1": [1]}, 1, ["base", "epoch-1"]),
        ({"base": [3, 2]}, 2, ["base", "base"]),
    ],
)
def test_the_cluster_s_script_asks_once_more_and_goes_on_where_answers_are_missing(
    cluster, codes: dict[str, list[int]], ends: int, runs: list[str]
) -> None:
    log, environment = cluster
    given = {**environment, "BASE": "base", "LORAS": "epoch-1=a epoch-2=b", "CODES": json.dumps(codes)}
    done = ran("bash", EXAMPLES / "serve_on_slurm.sbatch", **given)
    assert done.returncode == ends, done.stderr
    asked = [after(words, "--output-path") if words[0] == "run" else words[0] for words in calls(log, "emt")]
    assert [Path(word).name for word in asked] == runs
    assert ("submit this job again" in done.stderr) == (ends == 3)


def test_the_cluster_s_script_serves_a_base_alone(cluster) -> None:
    log, environment = cluster
    done = ran("bash", EXAMPLES / "serve_on_slurm.sbatch", **environment)
    assert done.returncode == 0, done.stderr
    assert "--enable-lora" not in calls(log, "vllm")[0]
    assert [words[0] for words in calls(log, "emt")] == ["run"]


def test_the_cluster_s_script_says_what_is_wrong(cluster) -> None:
    log, environment = cluster
    uneven = ran("bash", EXAMPLES / "serve_on_slurm.sbatch", **{**environment, "TENSOR": "3"})
    assert (uneven.returncode, log.exists()) == (2, False)
    assert "4 GPUs of a machine can't be shared out by 3" in uneven.stderr
    nameless = ran("bash", EXAMPLES / "serve_on_slurm.sbatch", **{**environment, "BASE": ""})
    assert nameless.returncode != 0
    assert "which model?" in nameless.stderr
