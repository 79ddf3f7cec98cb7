import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from judge_server import JudgeServer
from test_asking import asked, pairs

from emt_tasks.errors import EmtError
from emt_tasks.gpt_judge.exchange import exported, imported
from emt_tasks.gpt_judge.settings import JudgeSettings
from emt_tasks.gpt_judge.store import VerdictStore

Made = Callable[..., JudgeSettings]


def test_exported_and_imported_verdicts_are_the_same_elsewhere(
    server: JudgeServer, settings: Made, tmp_path: Path
) -> None:
    asked(settings(api_key="sk-secret"), 20)
    with VerdictStore(settings().store) as here, VerdictStore(tmp_path / "there") as there:
        lines = list(exported(here))
        assert "sk-secret" not in "".join(lines)
        assert imported(there, io.StringIO("\n".join(lines)), "file") == {"new": 20, "same": 0, "other": 0}
        assert imported(there, io.StringIO("\n".join(lines)), "file") == {"new": 0, "same": 20, "other": 0}
        assert there.verdicts(pairs(settings(), 20)) == here.verdicts(pairs(settings(), 20))
        assert list(exported(there)) == lines


def test_a_verdict_that_is_there_stays(server: JudgeServer, settings: Made) -> None:
    asked(settings(), 1)
    with VerdictStore(settings().store) as store:
        line = json.loads(next(exported(store)))
        forged = json.dumps({**line, "meaning": "no"})
        assert imported(store, io.StringIO(forged), "file")["other"] == 1
        assert [one.meaning for one in store.verdicts(pairs(settings(), 1)).values()] == ["yes"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"meaning": "perhaps"}, "neither yes, no"),
        ({"meaning": '{"a": 1}'}, "neither yes, no"),
        ({"meaning": '["cat"]'}, "none that the protocol yes_no has"),
        ({"protocol": "which_label"}, "none that the protocol which_label has"),
        ({"label": 7}, "label"),
        ({"meaning": "[" * 100_000}, "neither yes, no"),
        ({"tokens_in": 10**20}, "tokens_in"),
        ({"tokens_out": -1}, "tokens_out"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_line_that_is_no_verdict_is_named_and_nothing_is_taken(
    server: JudgeServer, settings: Made, tmp_path: Path, change: dict, said: str
) -> None:
    asked(settings(), 2)
    with VerdictStore(settings().store) as here, VerdictStore(tmp_path / "there") as there:
        good, other = map(json.loads, exported(here))
        text = json.dumps(good) + "\n" + json.dumps({**other, **change})
        with pytest.raises(EmtError, match=rf"line 2 is no verdict.*{said}"):
            imported(there, io.StringIO(text), "file")
        assert there.counts() == []
