"""`emt report` by its front door."""

import json
from pathlib import Path
from shlex import quote

import pytest
import yaml
from click.testing import CliRunner, Result
from synthetic_runs import BASE, Truth, paper, write_run

from emt_tasks.cli import emt

RUNS = {truth.name: truth for truth in paper()}


def report(*words: str | Path) -> Result:
    return CliRunner().invoke(emt, ["report", *map(str, words)])


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A base and one checkpoint."""
    for name in ("base", "lora-mnist/epoch-3"):
        write_run(tmp_path / "out", RUNS[name], 40)
    return tmp_path / "out"


def test_it_ends_by_saying_where_the_page_is(runs: Path) -> None:
    done = report(runs)
    assert done.exit_code == 0, done.output
    assert f"next: open {quote(str(runs / 'report/report.html'))}" in done.stderr
    assert "LoRA on MNIST" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_json_stands_alone_on_stdout(runs: Path) -> None:
    done = report(runs, "--json", "--out", runs.parent / "elsewhere")
    told = json.loads(done.stdout)
    assert {one["set"] for one in told["forgetting"]} == set(BASE)
    assert (runs.parent / "elsewhere/report.tex").is_file()


def test_what_can_not_be_told_is_said_and_the_exit_code_is_partial(tmp_path: Path) -> None:
    write_run(tmp_path, RUNS["lora-mnist/epoch-3"], 40)
    done = report(tmp_path)
    assert done.exit_code == 3
    assert "no run of a base" in " ".join(done.stdout.split())
    assert (tmp_path / "report/report.html").is_file()


def test_a_report_beside_runs_is_no_run(runs: Path) -> None:
    assert report(runs).exit_code == 0
    assert report(runs).exit_code == 0


def test_a_mapping_is_written_put_right_and_used(tmp_path: Path) -> None:
    write_run(tmp_path / "out", RUNS["base"], 40)
    write_run(tmp_path / "out", Truth("mine", BASE, pretrained="models/changed"), 40)
    path = tmp_path / "mapping.yaml"
    assert report(tmp_path / "out", "--write-mapping", path).exit_code == 0
    assert report(tmp_path / "out", "--write-mapping", path).exit_code == 1  # never over another
    said = yaml.safe_load(path.read_text())
    said["runs"]["mine"] |= {"role": "tuned", "base": "base", "sets": ["mnist"], "method": "full", "epoch": 3}
    path.write_text(yaml.safe_dump(said))
    done = report(tmp_path / "out", "--mapping", path)
    assert done.exit_code == 0
    assert any(line.split()[:3] == ["changed", "0.0", "(tuned)"] for line in done.stdout.splitlines())


@pytest.mark.parametrize("words", [("--reading", "label_mtch"), ("--variant", "lit")])
def test_what_is_not_there_is_named_with_the_nearest(runs: Path, words: tuple[str, str]) -> None:
    done = report(runs, *words)
    assert done.exit_code != 0
    assert "Known:" in str(done.exception)
