"""A judge on loopback, and settings that reach it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import judge_server
import pytest

from emt_tasks.gpt_judge.protocols import protocol
from emt_tasks.gpt_judge.settings import JudgeSettings


@pytest.fixture
def server() -> Iterator[judge_server.JudgeServer]:
    with judge_server.serving() as serving:
        yield serving


@pytest.fixture
def settings(server: judge_server.JudgeServer, tmp_path: Path) -> Callable[..., JudgeSettings]:
    """Settings for the server, with whatever a test changes."""

    def made(named: str = "yes_no", **changes: object) -> JudgeSettings:
        given = {"model": "judge", "store": tmp_path / "store.sqlite", "first_wait": 0.01, "timeout": 30, **changes}
        return JudgeSettings(protocol(named), base_url=server.url, **given)  # type: ignore[arg-type]

    return made


@pytest.fixture
def environment(
    server: judge_server.JudgeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """The environment of somebody whose judge is the server and who allows it to spend."""
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("EMT_JUDGE_MODEL", "judge")
    monkeypatch.setenv("EMT_JUDGE_YES", "1")
    monkeypatch.setenv("EMT_STORE", str(tmp_path / "store.sqlite"))
    return monkeypatch
