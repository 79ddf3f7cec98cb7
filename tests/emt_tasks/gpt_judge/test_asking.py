"""Asking a judge that fails, dies, lies and is asked by several at once."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from judge_server import TROUBLES, JudgeServer

from emt_tasks.gpt_judge import asking
from emt_tasks.gpt_judge.asking import Totals, ask_all
from emt_tasks.gpt_judge.money import Budget
from emt_tasks.gpt_judge.questions import Question, Questions
from emt_tasks.gpt_judge.settings import JudgeSettings
from emt_tasks.gpt_judge.store import VerdictStore
from emt_tasks.labels import label_set

Made = Callable[..., JudgeSettings]


def pairs(settings: JudgeSettings, number: int) -> dict[str, Question]:
    about = Questions(settings.protocol, settings.model, label_set("cifar10")).about
    several = [about(("cat", "dog")[n % 2], f"It is a cat, number {n}.") for n in range(number)]
    return {one.key: one for one in several}


def asked(settings: JudgeSettings, number: int, most: float | None = None) -> Totals:
    with VerdictStore(settings.store) as store:
        budget = Budget(most, settings.price)
        return ask_all(pairs(settings, number), settings, store, budget, lambda _: None)


def meanings(settings: JudgeSettings, number: int) -> list[str | None]:
    with VerdictStore(settings.store) as store:
        there = store.verdicts(pairs(settings, number))
    return [there[key].meaning if key in there else "missing" for key in pairs(settings, number)]


def test_every_pair_is_asked_once_and_never_again(server: JudgeServer, settings: Made) -> None:
    told = asked(settings(), 50)
    assert (told.judged, told.calls, told.unscored) == (50, 50, 0)
    assert meanings(settings(), 50) == ["yes", "no"] * 25
    again = asked(settings(), 50)
    assert (again.stored, again.judged, again.calls, server.seen) == (50, 0, 0, 50)


def test_a_third_of_failures_of_all_kinds_loses_nothing_and_pays_once(server: JudgeServer, settings: Made) -> None:
    server.trouble = 0.3
    told = asked(settings(attempts=20, timeout=4, concurrency=32), 120)
    assert (told.judged, told.unscored) == (120, 0)
    assert meanings(settings(), 120) == ["yes", "no"] * 60
    assert set(server.delivered.values()) == {1}, "no pair is paid twice"
    assert told.calls == server.seen == 120 + told.retries


@pytest.mark.parametrize("kind", TROUBLES)
def test_a_failure_that_does_not_end_is_unscored_and_never_wrong(
    server: JudgeServer, settings: Made, kind: str
) -> None:
    server.trouble, server.kinds = 1.0, (kind,)
    told = asked(settings(attempts=2, timeout=0.3), 3)
    assert (told.judged, told.unscored, told.calls) == (0, 3, 6)
    assert meanings(settings(), 3) == ["missing"] * 3
    server.trouble = 0
    assert asked(settings(), 3).judged == 3, "the next start has them"


def test_a_judge_that_dies_midway_is_left_and_the_second_start_goes_on(server: JudgeServer, settings: Made) -> None:
    server.dies_after = 40
    first = asked(settings(attempts=2), 200)
    assert 40 <= first.judged < 60
    assert first.stopped is not None
    assert "does not answer any more" in first.stopped
    assert first.judged + first.unscored == 200
    assert server.seen < 150, "it is not asked about what is left"
    server.dies_after = None
    second = asked(settings(), 200)
    assert second.stored == first.judged
    assert second.judged == 200 - first.judged
    assert set(server.delivered.values()) == {1}


def test_a_wrong_key_stops_at_once_and_is_not_repeated(server: JudgeServer, settings: Made) -> None:
    server.status = (401, {"error": {"message": "Incorrect API key provided: sk-secret \x1b[2J"}})
    told = asked(settings(api_key="sk-secret", concurrency=1), 30)
    assert server.seen == 1
    assert told.stopped is not None
    assert "sk-secret" not in told.stopped
    assert "\x1b" not in told.stopped
    assert "OPENAI_API_KEY" in told.stopped


def test_an_empty_account_stops_at_once(server: JudgeServer, settings: Made) -> None:
    server.status = (429, {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}})
    told = asked(settings(concurrency=1), 30)
    assert (server.seen, told.unscored) == (1, 30)
    assert "empty" in (told.stopped or "")


def test_a_question_that_is_refused_is_unscored_alone(server: JudgeServer, settings: Made) -> None:
    server.status = (400, {"error": {"message": "content filter"}})
    told = asked(settings(), 3)
    assert (told.unscored, told.calls, told.stopped) == (3, 3, None)


def test_the_service_says_how_long_to_wait(server: JudgeServer, settings: Made) -> None:
    server.trouble, server.kinds, server.retry_after = 1.0, ("429",), "1"
    asked(settings(attempts=2), 1)
    assert server.at[1] - server.at[0] >= 1.0


def test_no_more_calls_are_under_way_than_allowed(server: JudgeServer, settings: Made) -> None:
    server.delay = 0.05
    asked(settings(concurrency=5), 30)
    assert 1 < server.most_under_way <= 5


def test_an_unclear_reply_is_asked_for_once_more_and_then_unscored(server: JudgeServer, settings: Made) -> None:
    server.say = lambda _: "I can't tell."
    told = asked(settings(), 4)
    assert (told.judged, told.unclear, told.calls) == (4, 4, 8)
    assert meanings(settings(), 4) == [None] * 4
    assert asked(settings(), 4).calls == 0, "nor is it paid for again"


def test_the_second_reply_counts_where_it_is_clear(server: JudgeServer, settings: Made) -> None:
    said: list[str] = []
    server.say = lambda question: "Hm." if said.count(question) == 0 and not said.append(question) else "No."  # type: ignore[func-returns-value]
    told = asked(settings(concurrency=1), 3)
    assert (told.judged, told.unclear, told.calls) == (3, 0, 6)
    assert meanings(settings(), 3) == ["no"] * 3


@pytest.fixture
def priced(settings: Made, tmp_path: Path) -> Made:
    table = tmp_path / "prices.yaml"
    table.write_text("prices: [{model: judge, input: 1000, output: 1000, read: 2026-01-01, source: test}]")
    return lambda **changes: settings(prices=table, **changes)


def test_a_budget_stops_softly_and_is_kept(server: JudgeServer, priced: Made) -> None:
    told = asked(priced(concurrency=4), 100, most=1.0)
    assert told.usd is not None
    assert 0.5 < told.usd <= 1.0
    assert told.judged == round(told.usd / 0.042), "40 tokens in, 2 out, at 0.001 each"
    assert told.judged + told.unscored == 100
    assert "limit" in (told.stopped or "")
    assert server.seen == told.judged


def test_totals_count_the_tokens_that_the_service_tells(server: JudgeServer, priced: Made) -> None:
    told = asked(priced(), 10)
    assert (told.tokens_in, told.tokens_out) == (400, 20)
    assert told.usd == pytest.approx(0.42)


def worker(settings: JudgeSettings, number: int) -> list[str]:
    code = f"""
import sys, json
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_asking import asked
from emt_tasks.gpt_judge.protocols import protocol
from emt_tasks.gpt_judge.settings import JudgeSettings
told = asked(JudgeSettings(protocol("yes_no"), "judge", {settings.base_url!r}, store=Path({str(settings.store)!r}),
             first_wait=0.01, concurrency=4), {number})
print(json.dumps([told.judged, told.stored, told.by_others, told.unscored]))
"""
    return [sys.executable, "-c", code]


def started(settings: JudgeSettings, number: int) -> subprocess.Popen[str]:
    tests = str(Path(__file__).parents[2])
    return subprocess.Popen(
        worker(settings, number), stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": tests}
    )


def test_several_processes_share_the_work_and_pay_once(server: JudgeServer, settings: Made) -> None:
    server.delay = 0.02
    processes = [started(settings(), 150) for _ in range(3)]
    told = [json.loads(process.communicate(timeout=120)[0]) for process in processes]
    assert set(server.delivered.values()) == {1}
    assert len(server.delivered) == sum(judged for judged, *_ in told) == 150
    for judged, stored, by_others, unscored in told:
        assert judged + stored + by_others == 150
        assert unscored == 0


def test_after_kill_9_the_next_start_goes_on_and_only_what_was_under_way_is_asked_again(
    server: JudgeServer, settings: Made
) -> None:
    server.delay = 0.02
    process = started(settings(), 300)
    deadline = time.monotonic() + 60
    while server.delivered.total() < 60 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = 300 - meanings(settings(), 300).count("missing")
    assert kept >= 60 - 4, "what was answered was kept"
    begun = time.monotonic()
    told = asked(settings(concurrency=32), 300)
    assert (told.stored, told.judged, told.unscored) == (kept, 300 - kept, 0)
    assert time.monotonic() - begun < asking.LEASE_SECONDS / 2, "a dead process's leases are not waited for"
    again = sum(count - 1 for count in server.delivered.values())
    assert again <= 4, "four calls were under way"


def test_half_of_a_surrogate_pair_in_a_reply_is_kept_as_a_question_mark(server: JudgeServer, settings: Made) -> None:
    server.say = lambda _: "Yes \ud83d"
    assert asked(settings(), 2).judged == 2
    with VerdictStore(settings().store) as store:
        assert {one.reply for one in store.verdicts(pairs(settings(), 2)).values()} == {"Yes ?"}


def test_a_key_that_the_judge_repeats_is_not_kept(server: JudgeServer, settings: Made) -> None:
    server.say = lambda _: "Yes, by sk-very-secret."
    asked(settings(api_key="sk-very-secret"), 2)
    with VerdictStore(settings().store) as store:
        assert {one.reply for one in store.verdicts(pairs(settings(), 2)).values()} == {"Yes, by [hidden]."}
