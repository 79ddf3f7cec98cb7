"""The cost of work: counted once, over all threads and starts, and unknown rather than 0 where nobody noted it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finetuning.tuning.spent import EVERY, Spent, account, record_of, recorded

WORKED = 0.2  # seconds of CPU
TICK = 0.02  # by which the system may tell the time of child processes too short


def work(seconds: float = WORKED) -> None:
    """Keep a processor busy for so many seconds of its time."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_work_in_threads_and_child_processes_is_counted_and_sleep_is_only_by_the_clock(tmp_path: Path) -> None:
    code = f"import time\nwhile time.process_time() < {WORKED}: pass"
    with account(tmp_path / "ledger") as opened:
        thread = Thread(target=work)
        thread.start()
        work()
        thread.join()
        subprocess.run([sys.executable, "-c", code], check=True)
        time.sleep(WORKED)
    assert opened.spent is not None
    assert 3 * WORKED - TICK <= opened.spent.cpu < 3 * WORKED + 2
    assert opened.spent.wall >= 2 * WORKED
    assert not (tmp_path / "ledger").exists()


def test_what_an_inner_account_counts_its_outer_one_does_not(tmp_path: Path) -> None:
    with account(tmp_path / "outer") as outer:
        with account(tmp_path / "inner") as inner:
            work(5 * WORKED)
        work()
    assert inner.spent is not None
    assert outer.spent is not None
    assert inner.spent.cpu >= 5 * WORKED
    assert WORKED <= outer.spent.cpu < 3 * WORKED


def test_work_that_was_stopped_adds_up_over_its_starts(tmp_path: Path) -> None:
    def start(stopped: bool) -> Spent | None:
        with account(tmp_path / "ledger", "this") as opened:
            work()
            if stopped:
                raise KeyboardInterrupt
        return opened.spent

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            start(stopped=True)
    whole = start(stopped=False)
    assert whole is not None
    assert 3 * WORKED <= whole.cpu < 3 * WORKED + 2
    again = start(stopped=False)
    assert again is not None
    assert again.cpu < whole.cpu, "a ledger outlived the work that came to its end"


def test_a_kill_loses_about_a_second(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from finetuning.tuning.spent import account\n"
        "with account(Path(sys.argv[1])):\n    print('begun', flush=True)\n    while True: pass"
    )
    with subprocess.Popen([sys.executable, "-c", code, tmp_path / "ledger"], stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        started.stdout.readline()
        time.sleep(3 * EVERY)
        os.kill(started.pid, signal.SIGKILL)
    kept = recorded(json.loads((tmp_path / "ledger").read_text()))
    assert kept is not None
    assert kept.wall >= EVERY
    with account(tmp_path / "ledger") as opened:
        pass
    assert opened.spent is not None
    assert opened.spent.wall >= kept.wall


def test_a_beginning_that_nobody_noted_leaves_all_unknown_and_other_work_is_not_counted(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    with account(ledger, otherwise=None) as opened:
        work(0.01)
    assert opened.spent is None
    ledger.write_text(json.dumps({"of": "other", **record_of(Spent(1000, 1000))}))
    with account(ledger, "this") as opened:
        pass
    assert opened.spent is not None
    assert opened.spent.cpu < 100
    ledger.write_text("torn")
    with account(ledger, "this", otherwise=None) as opened:
        pass
    assert opened.spent is None


def test_a_ledger_that_cannot_be_written_stops_no_work(tmp_path: Path) -> None:
    (tmp_path / "ledger.part").mkdir()
    with account(tmp_path / "ledger") as opened:
        work(0.01)
    assert opened.spent is not None


@given(st.builds(Spent, st.floats(0, 1e9), st.floats(0, 1e9)))
def test_a_record_reads_back_to_a_hundredth(spent: Spent) -> None:
    back = recorded(json.loads(json.dumps(record_of(spent))))
    assert back is not None
    assert back.cpu == pytest.approx(spent.cpu, abs=0.006)
    assert back.wall == pytest.approx(spent.wall, abs=0.006)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"seconds": 3.0},
        {"spent": None},
        {"spent": {"cpu_seconds": 1}},
        {"spent": {"cpu_seconds": -1, "wall_seconds": 1}},
        {"spent": {"cpu_seconds": float("nan"), "wall_seconds": 1}},
        {"spent": {"cpu_seconds": float("inf"), "wall_seconds": 1}},
        {"spent": {"cpu_seconds": "x", "wall_seconds": 1}},
    ],
)
def test_a_record_without_a_cost_tells_none(told: dict[str, object]) -> None:
    assert recorded(told) is None
    assert record_of(None) == {}
