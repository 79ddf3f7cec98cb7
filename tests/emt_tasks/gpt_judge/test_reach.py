"""What a `_judge` task lacks is said before anything is loaded."""

from pathlib import Path

import pytest
import toy_sets
from click.testing import CliRunner
from judge_server import JudgeServer

from emt_tasks.cli.run import command as run
from emt_tasks.errors import EmtError, RefusedToSpend
from emt_tasks.gpt_judge.reach import require_for
from emt_tasks.requirements import require_readings


def test_what_is_there_is_told(server: JudgeServer, environment: pytest.MonkeyPatch) -> None:
    assert require_for() == f"judge at {server.url}, price unknown"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("OPENAI_BASE_URL", "", "needs a key: set OPENAI_API_KEY"),
        ("OPENAI_BASE_URL", "ftp://x", "is no address"),
        ("OPENAI_BASE_URL", "http://[::1", "is no address"),
        ("OPENAI_BASE_URL", "http://localhost:99999/v1", "is no address"),
        ("OPENAI_BASE_URL", "http://me:secret@localhost/v1", "carries a password"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1", "can't be reached"),
        ("EMT_JUDGE_PROTOCOL", "yes", "Did you mean 'yes_no'"),
        ("EMT_JUDGE_MAX_USD", "much", "no amount of dollars"),
        ("EMT_JUDGE_MAX_USD", "1", "price is unknown"),
        ("EMT_JUDGE_YES", "perhaps", "write 1"),
        ("EMT_JUDGE_PRICES", "/nowhere.yaml", "no price table"),
    ],
)
def test_what_is_wrong_is_said(environment: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    environment.setenv(name, value)
    with pytest.raises(EmtError, match=said):
        require_for()


def test_nobody_who_could_say_yes_is_a_refusal(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("EMT_JUDGE_YES")
    with pytest.raises(RefusedToSpend, match="EMT_JUDGE_YES=1"):
        require_for()


def test_plain_lmms_eval_is_told_before_it_loads_a_model(environment: pytest.MonkeyPatch) -> None:
    import lmms_eval.tasks

    from emt_tasks import hook

    environment.delenv("EMT_JUDGE_YES")
    hook.teach(lmms_eval.tasks)
    manager = object.__new__(lmms_eval.tasks.TaskManager)
    environment.setattr(lmms_eval.tasks.TaskManager, "all_tasks", ["emt_cifar10_judge"])
    with pytest.raises(RefusedToSpend, match=r"emt_cifar10_judge.*Or run emt_cifar10"):
        manager.match_tasks(["emt_cifar10_judge"])


def test_the_other_tasks_need_nothing(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OPENAI_BASE_URL", "nonsense")
    assert require_readings(["emt", "emt_cifar10_lite"]) == ()


def test_emt_run_stops_in_its_preflight(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.delenv("EMT_JUDGE_YES")
    toy_sets.write_set(tmp_path, "cifar10", [0, 1])
    where = ["--data-dir", str(tmp_path), "--output-path", str(tmp_path / "out")]
    done = CliRunner().invoke(run, ["--tasks", "emt_cifar10_judge", *where, "--check"])
    assert isinstance(done.exception, RefusedToSpend)
