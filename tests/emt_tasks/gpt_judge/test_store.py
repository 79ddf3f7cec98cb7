import os
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from emt_tasks.errors import EmtError
from emt_tasks.gpt_judge.protocols import protocol
from emt_tasks.gpt_judge.questions import Question, Questions
from emt_tasks.gpt_judge.store import Usage, VerdictStore, store_path
from emt_tasks.gpt_judge.verdicts import Verdict
from emt_tasks.labels import label_set

YES = Verdict("Yes.", "yes")


def question(answer: str = "a cat") -> Question:
    return Questions(protocol("yes_no"), "judge", label_set("cifar10")).about("cat", answer)


def test_what_is_put_is_there_again_and_the_first_verdict_stays(tmp_path: Path) -> None:
    one = question()
    with VerdictStore(tmp_path / "s") as store:
        store.put(one, YES, Usage(1, 2), "here")
        store.put(one, Verdict("No.", "no"), Usage(1, 2), "here")
    with VerdictStore(tmp_path / "s") as store:
        assert store.verdicts([one.key, "other"]) == {one.key: YES}
        assert store.counts()[0]["verdicts"] == 1


def test_more_keys_than_sqlite_takes_at_once_are_found(tmp_path: Path) -> None:
    several = [question(f"cat {number}") for number in range(1200)]
    with VerdictStore(tmp_path / "s") as store:
        for one in several:
            store.put(one, YES, Usage(None, None), "here")
        assert len(store.verdicts(one.key for one in several)) == 1200


def test_a_leased_question_is_nobody_elses(tmp_path: Path) -> None:
    key = question().key
    with VerdictStore(tmp_path / "s") as mine, VerdictStore(tmp_path / "s") as other:
        other._me = ("elsewhere", 1)
        assert mine.lease(key, 60)
        assert not other.lease(key, 60)
        mine.release([key])
        assert other.lease(key, 60)
        assert not mine.lease(key, 60)


def test_a_lease_runs_out_unless_it_is_renewed(tmp_path: Path) -> None:
    with VerdictStore(tmp_path / "s") as mine, VerdictStore(tmp_path / "s") as other:
        other._me = ("elsewhere", 1)
        assert mine.lease("a", 0.05)
        assert mine.lease("b", 0.05)
        mine.renew(["b"], 60)
        time.sleep(0.1)
        assert other.lease("a", 60)
        assert not other.lease("b", 60)


def test_a_dead_process_of_this_machine_leases_nothing(tmp_path: Path) -> None:
    code = f"""
import os, signal
from pathlib import Path
from emt_tasks.gpt_judge.store import VerdictStore
assert VerdictStore(Path({str(tmp_path / "s")!r})).lease("a", 600)
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    with VerdictStore(tmp_path / "s") as store:
        assert store.lease("a", 60)


def test_a_judged_question_is_not_leased(tmp_path: Path) -> None:
    with VerdictStore(tmp_path / "s") as store:
        store.put(question(), YES, Usage(None, None), "here")
        assert not store.lease(question().key, 60)


def test_many_may_open_a_store_that_is_not_there_yet(tmp_path: Path) -> None:
    together = Barrier(4)

    def opened(path: Path) -> bool:
        together.wait(timeout=60)
        with VerdictStore(path) as store:
            return store.lease(threading.current_thread().name, 1)

    with ThreadPoolExecutor(4) as at_once:
        for number in range(50):
            assert all(at_once.map(opened, [tmp_path / str(number)] * 4))


def test_a_file_that_is_no_store_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_text("my letters, which nobody may overwrite" * 100)
    with pytest.raises(EmtError, match="EMT_STORE"):
        VerdictStore(path)
    assert path.read_text().startswith("my letters")


def test_a_store_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "s")
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(EmtError, match="newer emt-bench"):
        VerdictStore(tmp_path / "s")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(EmtError, match="EMT_STORE"):
        VerdictStore(tmp_path / "deeper" / "s")


def test_the_store_is_in_the_cache_unless_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("EMT_STORE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert store_path() == tmp_path / "emt-bench" / "verdicts.sqlite"
    monkeypatch.setenv("EMT_STORE", "/elsewhere/v.sqlite")
    assert store_path() == Path("/elsewhere/v.sqlite")
