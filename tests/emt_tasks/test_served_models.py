"""Models behind an OpenAI-compatible endpoint, as vLLM serves them: the harness's own clients, our tasks."""

import json
from pathlib import Path
from typing import Any

import pytest
import toy_sets
from chat_server import ChatServer
from click.testing import CliRunner
from PIL import Image

from emt_tasks import harness
from emt_tasks.cli.run import command
from emt_tasks.images import pixel_hash
from emt_tasks.labels import label_set
from emt_tasks.runs.evaluation import Evaluation
from emt_tasks.runs.summary import TaskResult

KEY = "sk-of-nobody"
CLIENTS = {
    "openai": lambda at_once: {"num_concurrent": at_once},
    "async_openai": lambda at_once: {"num_cpus": at_once},
}
clients = pytest.mark.parametrize("client", CLIENTS)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_sets.write_all(tmp_path_factory.mktemp("data"), each=2)


def ship(_model: str, _prompt: str, _picture: Image.Image) -> str:
    return "The object is a(n) ship."


def arguments(client: str, server: ChatServer, at_once: int = 4, **more: Any) -> dict[str, Any]:
    return {
        "model": "my-lora", "base_url": server.url, "api_key": KEY, "retry_backoff_s": 0,
        **CLIENTS[client](at_once), **more,
    }  # fmt: skip


def asked(data: Path, out: Path, client: str, given: dict[str, Any], task: str = "emt_cifar10") -> TaskResult:
    with harness.reading_from(data):
        lm = harness.load_model(client, given, batch_size=1)
        result = harness.evaluate_loaded(lm, client, given, Evaluation((task,), out, shown=False))
    assert result is not None
    return result.tasks[task]


@clients
def test_every_picture_arrives_pixel_for_pixel_with_the_paper_s_prompt(data: Path, tmp_path: Path, client: str) -> None:
    seen: dict[str, Image.Image] = {}

    def remember(_model: str, _prompt: str, picture: Image.Image) -> str:
        seen[pixel_hash(picture)] = picture
        return "The object is a(n) ship."

    with ChatServer(remember) as server:
        result = asked(data, tmp_path, client, arguments(client, server))
    assert {row["image"] for row in result.rows} == set(seen) == {one.pixels for one in server.asked}
    assert {one.mode for one in server.asked} == {"RGB"}
    labels = ", ".join(label_set("cifar10").labels)
    prompt = f"What is the object in the image? Please only answer a single object in {labels}."
    assert {one.prompt for one in server.asked} == {prompt}
    assert result.shares["correct"] == 0.1


@clients
def test_grey_pictures_arrive_too(data: Path, tmp_path: Path, client: str) -> None:
    with ChatServer(lambda *_: "The number is 7.") as server:
        result = asked(data, tmp_path, client, arguments(client, server), "emt_mnist")
    assert {row["image"] for row in result.rows} == {one.pixels for one in server.asked}


@clients
def test_a_lora_module_is_asked_by_its_name_and_decoded_greedily(data: Path, tmp_path: Path, client: str) -> None:
    with ChatServer(ship) as server:
        asked(data, tmp_path, client, arguments(client, server))
    assert {one.model for one in server.asked} == {"my-lora"}
    assert {one.key for one in server.asked} == {f"Bearer {KEY}"}
    assert {(one.settings["temperature"], one.settings["max_tokens"]) for one in server.asked} == {(0, 64)}


@clients
def test_four_questions_are_under_way_at_once(data: Path, tmp_path: Path, client: str) -> None:
    with ChatServer(ship, together=4) as server:  # nothing is answered until four are there
        result = asked(data, tmp_path, client, arguments(client, server))
    assert (server.most_at_once, result.shares["unscored"]) == (4, 0)


@clients
def test_a_busy_or_broken_server_is_asked_again(data: Path, tmp_path: Path, client: str) -> None:
    with ChatServer(ship, troubles=(429, 500, 503)) as server:
        result = asked(data, tmp_path, client, arguments(client, server))
    assert set(server.tries.values()) == {4}
    assert (result.shares["unscored"], result.shares["correct"]) == (0, 0.1)


@clients
def test_what_got_no_answer_is_unscored_and_asked_again(data: Path, tmp_path: Path, client: str) -> None:
    with ChatServer(ship, troubles=(500,) * 3) as server:
        given = arguments(client, server, max_retries=1)
        lost = asked(data, tmp_path, client, given)
        again = asked(data, tmp_path, client, given)
    assert (lost.shares["unscored"], again.shares["unscored"]) == (1, 0)


@pytest.mark.parametrize(("client", "outcome"), [("openai", "empty"), ("async_openai", "unscored")])
def test_a_reply_without_content_is_no_answer(data: Path, tmp_path: Path, client: str, outcome: str) -> None:
    with ChatServer(lambda *_: None) as server:
        result = asked(data, tmp_path, client, arguments(client, server))
    assert result.shares[outcome] == 1


def test_the_command_ends_partial_where_answers_are_missing_and_writes_no_key(data: Path, tmp_path: Path) -> None:
    with ChatServer(ship, troubles=(500,) * 3) as server:
        given = ",".join(f"{k}={v}" for k, v in arguments("openai", server, max_retries=1).items())
        words = ["--model", "openai", "--model-args", given, "--tasks", "emt_mnist", "--data-dir", str(data)]
        words += ["--output-path", str(tmp_path), "--limit", "5"]
        first = CliRunner().invoke(command, words)
        second = CliRunner().invoke(command, words)
    assert (first.exit_code, second.exit_code) == (3, 0), (first.output, second.output)
    assert "partial: 5 rows have no answer" in first.output
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written if KEY.encode() in path.read_bytes()]
    told = json.loads(max(tmp_path.rglob("*_manifest.json")).read_text())
    assert told["model_args"]["model"] == "my-lora"
