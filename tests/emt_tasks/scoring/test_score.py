"""`emt score` and `emt judge` as a user calls them."""

import csv
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import judge_server
import pytest
from click.testing import CliRunner, Result

from emt_tasks.cli.judge import command as judge
from emt_tasks.cli.score import command as score
from emt_tasks.errors import EmtError, RefusedToSpend, UnknownName
from emt_tasks.runs.reading_back import read_run

WORDS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
ANSWERS = ("It is a {right}.", "a {wrong}", "{right}, {wrong}", "a picture", "")
Score = Callable[..., Result]


@pytest.fixture
def server() -> Iterator[judge_server.JudgeServer]:
    with judge_server.serving() as serving:
        yield serving


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of 100 rows: each label with each kind of answer, twice."""
    table = tmp_path / "llava.csv"
    with table.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "label", "answer"])
        for row in range(100):
            right, wrong = WORDS[row % 10], WORDS[(row + 1) % 10]
            out.writerow([row, right, ANSWERS[row // 10 % 5].format(right=right, wrong=wrong)])
    done = CliRunner().invoke(score, [str(table), "--set", "cifar10", "--output-path", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    return next((tmp_path / "out").glob("llava-*"))


@pytest.fixture
def scored(run: Path, server: judge_server.JudgeServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Score:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "EMT_JUDGE_YES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EMT_STORE", str(tmp_path / "store.sqlite"))
    reach = ["--base-url", server.url, "--judge-model", "judge", "--timeout", "1"]

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(score, [str(run), *(words or ("--reading", "gpt_judge", "--yes")), *reach])

    return invoke


def shares(run: Path) -> dict[str, dict[str, int]]:
    found, _ = read_run(run)
    return {rows.reading: {name.value: count for name, count in rows.counts.items()} for rows in found.tasks}


def test_readings_stand_side_by_side(run: Path, scored: Score, server: judge_server.JudgeServer) -> None:
    done = scored("--reading", "label_match,gpt_judge", "--yes", "--json")
    assert done.exit_code == 0, done.output
    told = shares(run)
    assert told["label_match"] == {
        "correct": 20, "incorrect": 20, "intrinsic": 20, "extrinsic": 20, "empty": 20, "unscored": 0,
    }  # fmt: skip
    assert told["gpt_judge"] == {
        "correct": 40, "incorrect": 40, "intrinsic": 0, "extrinsic": 0, "empty": 20, "unscored": 0,
    }  # fmt: skip
    assert server.seen == 40, "two rows are one pair, and silence is not asked about"
    results = json.loads(done.stdout)["results"]
    assert {one["reading"]: one["accuracy"] for one in results} == {"label_match": 0.2, "gpt_judge": 0.4}


def test_a_second_judge_and_a_second_protocol_stand_beside_the_first(run: Path, scored: Score) -> None:
    scored()
    scored("--reading", "gpt_judge", "--protocol", "which_label", "--yes")
    scored("--reading", "gpt_judge", "--as", "second_opinion", "--yes")
    told = shares(run)
    assert set(told) == {"label_match", "gpt_judge", "gpt_judge_which_label", "second_opinion"}
    assert told["gpt_judge_which_label"] == told["label_match"]


def test_the_price_is_said_before_and_a_dry_run_asks_nothing(scored: Score, server: judge_server.JudgeServer) -> None:
    done = scored("--reading", "gpt_judge", "--dry-run", "--json")
    told = json.loads(done.stdout)
    assert (told["answers"], told["distinct_pairs"], told["stored"], told["new_calls"]) == (100, 40, 0, 40)
    assert told["usd"] is None
    assert "price unknown" in done.stderr
    assert (done.exit_code, server.seen) == (0, 0)


def test_without_yes_and_terminal_it_refuses(scored: Score, server: judge_server.JudgeServer) -> None:
    done = scored("--reading", "gpt_judge")
    assert isinstance(done.exception, RefusedToSpend)
    assert server.seen == 0


def test_a_limit_with_an_unknown_price_is_refused(scored: Score, server: judge_server.JudgeServer) -> None:
    done = scored("--reading", "gpt_judge", "--yes", "--max-cost-usd", "1")
    assert isinstance(done.exception, RefusedToSpend)
    assert server.seen == 0


def test_a_spent_limit_is_partial_and_goes_on_with_more(
    run: Path, scored: Score, server: judge_server.JudgeServer, tmp_path: Path
) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text("prices: [{model: judge, input: 1000, output: 1000, read: 2026-01-01, source: test}]")
    limited = ["--reading", "gpt_judge", "--yes", "--prices", str(prices)]
    first = scored(*limited, "--max-cost-usd", "1")
    assert first.exit_code == 3
    assert "limit of $1 is reached" in first.stderr
    assert shares(run)["gpt_judge"]["unscored"] > 0
    asked = server.seen
    second = scored(*limited)
    assert second.exit_code == 0
    assert (server.seen, shares(run)["gpt_judge"]["unscored"]) == (40, 0)
    assert 0 < asked < 40
    none = scored(*limited, "--max-cost-usd", "0")
    assert none.exit_code == 0, "nothing is left to pay for"


def test_a_run_is_replayed_elsewhere_with_no_key_and_no_network(
    run: Path, scored: Score, server: judge_server.JudgeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored()
    first = next(run.glob("*.gpt_judge.jsonl")).read_bytes()
    verdicts = tmp_path / "verdicts.jsonl"
    assert CliRunner().invoke(judge, ["export", str(verdicts)]).exit_code == 0
    monkeypatch.setenv("EMT_STORE", str(tmp_path / "elsewhere.sqlite"))
    asked = server.seen
    missing = CliRunner().invoke(score, [str(run), "--reading", "gpt_judge", "--judge-model", "judge", "--replay"])
    assert isinstance(missing.exception, EmtError)
    assert CliRunner().invoke(judge, ["import", str(verdicts)]).exit_code == 0
    done = CliRunner().invoke(score, [str(run), "--reading", "gpt_judge", "--judge-model", "judge", "--replay"])
    assert done.exit_code == 0, done.output
    assert next(run.glob("*.gpt_judge.jsonl")).read_bytes() == first
    assert server.seen == asked


def test_a_judge_that_cannot_be_had_leaves_no_reading_behind(
    run: Path, scored: Score, server: judge_server.JudgeServer
) -> None:
    server.status = (404, {"error": {"message": "no such model"}})
    done = scored()
    assert isinstance(done.exception, EmtError)
    assert "no such model" in str(done.exception)
    assert not list(run.glob("*.gpt_judge.jsonl"))


def test_batches_are_an_option(run: Path, scored: Score, server: judge_server.JudgeServer) -> None:
    assert scored("--reading", "gpt_judge", "--batch", "--yes", "--poll", "0.1").exit_code == 0
    assert (server.seen, len(server.batches), shares(run)["gpt_judge"]["unscored"]) == (0, 1, 0)


def test_unknown_readings_are_told_the_nearest(scored: Score) -> None:
    assert isinstance(scored("--reading", "gpt-judge").exception, UnknownName)


def test_ten_thousand_answers_take_seconds_and_a_call_for_each_distinct_pair(
    server: judge_server.JudgeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMT_STORE", str(tmp_path / "store.sqlite"))
    table = tmp_path / "big.csv"
    with table.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "label", "answer"])
        out.writerows([row, row % 100, f"The object is a(n) {WORDS[row % 7]}."] for row in range(10_000))
    reach = ["--base-url", server.url, "--judge-model", "judge", "--output-path", str(tmp_path / "out")]
    first = time.process_time()
    done = CliRunner().invoke(score, [str(table), "--set", "cifar100", "--reading", "gpt_judge", "--yes", *reach])
    assert done.exit_code == 0, done.output
    assert server.seen == 700
    second = time.process_time()
    CliRunner().invoke(score, [str(table), "--set", "cifar100", "--reading", "gpt_judge", "--yes", *reach])
    assert server.seen == 700
    assert time.process_time() - second < 20
    assert second - first < 40


def test_the_judges_commands_tell_what_is_stored_asked_and_paid(scored: Score) -> None:
    scored()
    told = json.loads(CliRunner().invoke(judge, ["status", "--json"]).stdout)
    assert [(one["model"], one["verdicts"]) for one in told["verdicts"]] == [("judge", 40)]
    assert "judge" in CliRunner().invoke(judge, ["status"]).stdout
    assert "source:" in CliRunner().invoke(judge, ["prices"]).stdout
    assert "temperature: 0.2" in CliRunner().invoke(judge, ["protocol", "yes_no"]).stdout
    asked = CliRunner().invoke(judge, ["protocol", "yes_no", "--label", "cat", "--answer", "a dog"]).stdout
    assert asked.endswith("Label: cat; Prediction: a dog\n")


def test_the_key_is_nowhere(scored: Score, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    done = scored()
    assert "sk-very-secret" not in done.output
    for folder, _, names in os.walk(tmp_path):
        for name in names:
            assert b"sk-very-secret" not in (Path(folder) / name).read_bytes(), name
