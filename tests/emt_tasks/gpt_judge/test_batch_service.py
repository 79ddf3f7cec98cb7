"""OpenAI's batch service, as the local judge plays it."""

import datetime
import os
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from judge_server import JudgeServer
from test_asking import pairs

from emt_tasks.gpt_judge.asking import Totals, ask_all
from emt_tasks.gpt_judge.batch_service import ask_in_batches
from emt_tasks.gpt_judge.money import Budget, Price
from emt_tasks.gpt_judge.questions import Question
from emt_tasks.gpt_judge.settings import JudgeSettings
from emt_tasks.gpt_judge.store import VerdictStore

Made = Callable[..., JudgeSettings]


def asked(settings: JudgeSettings, number: int, say: Callable[[str], None] = lambda _: None) -> Totals:
    with VerdictStore(settings.store) as store:
        return ask_in_batches(
            pairs(settings, number), settings, store, Budget(settings.max_usd, settings.price, batch=True), say, 0.01
        )


def test_a_batch_judges_every_pair_once(server: JudgeServer, settings: Made) -> None:
    told = asked(settings(), 40)
    assert (told.judged, told.unscored, len(server.batches)) == (40, 0, 1)
    assert set(server.delivered.values()) == {1}
    assert server.seen == 0, "no single call was made"
    assert asked(settings(), 40).stored == 40


def test_a_start_that_was_cut_off_finds_its_batch_again(server: JudgeServer, settings: Made) -> None:
    def interrupt(said: str) -> None:
        if "in_progress" in said or "validating" in said:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asked(settings(), 40, interrupt)
    told = asked(settings(), 40)
    assert (told.judged, len(server.batches)) == (40, 1)
    assert set(server.delivered.values()) == {1}


def test_a_batch_whose_name_was_lost_is_found_by_its_plan(server: JudgeServer, settings: Made) -> None:
    def die(said: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asked(settings(), 40, die)
    with VerdictStore(settings().store) as store:
        store.connection.execute("UPDATE batches SET id=NULL")
    assert asked(settings(), 40).judged == 40
    assert len(server.batches) == 1


def test_a_batch_that_was_never_sent_is_forgotten(server: JudgeServer, settings: Made) -> None:
    with VerdictStore(settings().store) as store:
        assert store.claim_batch(server.url, "plan", list(pairs(settings(), 5)))
    assert asked(settings(), 5).judged == 5


def test_pairs_in_a_batch_are_not_asked_singly(server: JudgeServer, settings: Made) -> None:
    with VerdictStore(settings().store) as store:
        store.claim_batch(server.url, "plan", list(pairs(settings(), 5))[:2])
        told = ask_all(pairs(settings(), 5), settings(), store, Budget(None, None), lambda _: None)
    assert (told.judged, told.unscored, server.seen) == (3, 2, 3)


def test_what_a_batch_lost_is_unscored_and_sent_again_by_the_next_start(server: JudgeServer, settings: Made) -> None:
    server.trouble = 0.4
    first = asked(settings(), 40)
    assert 0 < first.judged < 40
    assert first.judged + first.unscored == 40
    server.trouble = 0
    assert asked(settings(), 40).judged == 40 - first.judged
    assert set(server.delivered.values()) == {1}


def test_an_unclear_reply_goes_into_a_second_batch(server: JudgeServer, settings: Made) -> None:
    server.say = lambda _: "Hm."
    told = asked(settings(), 4)
    assert (told.judged, told.unclear, len(server.batches)) == (4, 4, 2)


def test_a_batch_keeps_to_the_limit(server: JudgeServer, settings: Made, tmp_path: Path) -> None:
    table = tmp_path / "prices.yaml"
    table.write_text("prices: [{model: judge, input: 1000, output: 1000, batch: 0.5, read: 2026-01-01, source: test}]")
    told = asked(settings(prices=table, max_usd=0.5), 40)
    assert 0 < told.judged < 40
    assert told.usd is not None
    assert told.usd <= 0.5
    assert told.judged + told.unscored == 40


def test_a_batch_that_another_process_is_sending_is_neither_forgotten_nor_paid_for_again(
    server: JudgeServer, settings: Made
) -> None:
    waits = []
    with VerdictStore(settings().store) as store:
        store.claim_batch(server.url, "plan", list(pairs(settings(), 5)))
        store.connection.execute(
            "INSERT INTO leases VALUES ('plan', ?, ?, ?)", (socket.gethostname(), os.getppid(), time.time() + 60)
        )

        def died(said: str) -> None:
            if "another process" in said:
                waits.append(len(server.batches))
                with store.transaction():
                    store.connection.execute("DELETE FROM leases")

        assert asked(settings(), 5, died).judged == 5
    assert waits == [0], "nothing was sent while the other lived"
    assert set(server.delivered.values()) == {1}


def test_why_a_batch_failed_is_told(server: JudgeServer, settings: Made) -> None:
    def fail(said: str) -> None:
        for batch in server.batches.values():
            errors = {"object": "list", "data": [{"code": "x", "message": "\x1b[31mno such model", "line": None}]}
            batch.update(status="failed", errors=errors)

    assert asked(settings(), 3, fail).failed == {"batch failed: no such model": 3}


def test_a_batch_of_an_earlier_start_does_not_widen_the_limit_of_this_one(server: JudgeServer, settings: Made) -> None:
    def interrupt(said: str) -> None:
        raise KeyboardInterrupt

    priced = Price(model="judge", input=1, output=1, read=datetime.date(2026, 11, 22), source="here")
    several = pairs(settings(), 20)
    with VerdictStore(settings().store) as store:
        with pytest.raises(KeyboardInterrupt):
            ask_in_batches(several, settings(), store, Budget(None, priced, batch=True), interrupt, 0.01)
        budget = Budget(0.01, priced, batch=True)
        ask_in_batches(several, settings(), store, budget, lambda _: None, 0.01)
    what_is_left = Budget(0.01 - budget.spent, priced, batch=True)
    assert _fit(budget, several) == _fit(what_is_left, several)


def _fit(budget: Budget, several: Mapping[str, Question]) -> int:
    """How many of the first question a budget still allows."""
    question = next(iter(several.values()))
    number = 0
    while budget.reserve(question) is not None:
        number += 1
    return number
