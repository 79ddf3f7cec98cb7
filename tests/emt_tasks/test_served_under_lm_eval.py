"""Models behind an OpenAI-compatible endpoint under lm_eval: its chat client, our tasks; and rate limits for both."""

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import toy_sets
from chat_server import ChatServer
from lm_eval.models.openai_completions import LocalChatCompletion
from PIL import Image
from scripted_lm_eval import evaluated

from emt_tasks import harness
from emt_tasks.errors import EmtError
from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.reading_back import read_run
from emt_tasks.tasks import prompt_of

KEY = "sk-of-nobody"
ROWS = 8


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_sets.write_all(tmp_path_factory.mktemp("data"), each=1)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def ship(_model: str, _prompt: str, _picture: Image.Image) -> str:
    return "The object is a(n) ship."


def client(server: ChatServer, **given: Any) -> LocalChatCompletion:
    return LocalChatCompletion(
        **{"model": "epoch-1", "base_url": f"{server.url}/chat/completions", "num_concurrent": 4, **given}
    )


@pytest.mark.parametrize("task", ["emt_mnist", "emt_cifar10", "emt_cifar100", "emt_miniimagenet"])
def test_pictures_arrive_pixel_for_pixel_with_the_prompt_of_the_other_harness(data: Path, task: str) -> None:
    with ChatServer(ship) as server:
        found = evaluated(client(server), data, task, limit=ROWS)
    rows = found["samples"][task]
    assert {row["emt"]["image"] for row in rows} == {one.pixels for one in server.asked}
    assert len(rows) == len(server.asked) == ROWS
    assert {one.prompt for one in server.asked} == {prompt_of(task)}, "without lm_eval's mark for the picture"
    assert {one.mode for one in server.asked} == {"RGB"}


def test_a_lora_module_is_asked_by_its_name_greedily_and_with_words_that_servers_know(data: Path) -> None:
    with ChatServer(ship) as server:
        evaluated(client(server), data, "emt_cifar10", limit=ROWS)
    assert {(one.model, one.key) for one in server.asked} == {("epoch-1", f"Bearer {KEY}")}
    assert server.asked[0].settings == {"max_tokens": 64, "temperature": 0, "stop": [], "seed": 1234}


def test_four_questions_are_under_way_at_once(data: Path) -> None:
    with ChatServer(ship, together=4) as server:
        found = evaluated(client(server), data, "emt_cifar10", limit=ROWS)
    assert server.most_at_once == 4
    assert found["results"]["emt_cifar10"]["unscored,label_match"] == 0


@pytest.mark.parametrize("at_once", [1, 4])
def test_a_busy_or_broken_server_is_asked_again(data: Path, at_once: int) -> None:
    with ChatServer(ship, troubles=(503,)) as server:
        found = evaluated(client(server, num_concurrent=at_once), data, "emt_cifar10", limit=4)
    assert set(server.tries.values()) == {2}
    assert found["results"]["emt_cifar10"]["unscored,label_match"] == 0


def test_a_server_that_stays_broken_ends_the_run_rather_than_count_as_wrong(data: Path) -> None:
    with ChatServer(ship, troubles=(500,) * 9) as server, pytest.raises(aiohttp.ClientResponseError):
        evaluated(client(server, max_retries=1), data, "emt_cifar10", limit=ROWS)


def test_a_reply_without_content_is_an_empty_answer(data: Path) -> None:
    with ChatServer(lambda *_: None) as server:
        found = evaluated(client(server), data, "emt_cifar10", limit=ROWS)
    assert found["results"]["emt_cifar10"]["empty,label_match"] == 1


def test_what_no_file_can_hold_costs_no_log(data: Path, tmp_path: Path) -> None:
    with ChatServer(lambda *_: "a ship \ud83d\x1b[2J") as server:
        evaluated(client(server), data, "emt_cifar10", limit=ROWS, out=tmp_path)
    (log,) = tmp_path.rglob("samples_*.jsonl")
    rows = [json.loads(line) for line in log.read_text(encoding="utf8").splitlines()]
    assert {row["emt"]["raw"] for row in rows} == {"a ship ?\x1b[2J"}
    run, problems = read_run(tmp_path)
    assert (run.harness, problems) == ("lm-eval", ())


def test_a_choice_is_refused_by_the_client(data: Path) -> None:
    with ChatServer(ship) as server, pytest.raises(EmtError, match=r"a chat endpoint only generate\. Use the task"):
        evaluated(client(server), data, "emt_cifar10_choice", limit=1)


def test_a_rate_limit_costs_time_and_no_answer_under_lm_eval(data: Path) -> None:
    with ChatServer(ship, at_most=4) as server:
        found = evaluated(client(server, max_retries=9), data, "emt_cifar10", limit=ROWS)
    assert server.refused > 0
    assert found["results"]["emt_cifar10"]["unscored,label_match"] == 0


@pytest.mark.parametrize(("name", "at_once"), [("openai", "num_concurrent"), ("async_openai", "num_cpus")])
def test_a_rate_limit_costs_time_and_no_answer_under_lmms_eval(
    data: Path, tmp_path: Path, name: str, at_once: str
) -> None:
    with ChatServer(ship, at_most=4) as server, harness.reading_from(data):
        # One try of the harness's own: what is asked again is asked when `Retry-After` says.
        given = {"model": "epoch-1", "base_url": server.url, at_once: 4, "max_retries": 1, "retry_backoff_s": 0}
        lm = harness.load_model(name, given, batch_size=1)
        result = harness.evaluate_loaded(lm, name, given, Evaluation(("emt_cifar10",), tmp_path, limit=8, shown=False))
    assert result is not None
    assert server.refused > 0
    assert result.tasks["emt_cifar10"].shares["unscored"] == 0
