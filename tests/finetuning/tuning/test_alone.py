from pathlib import Path

import pytest
from lmms_eval import evaluator

from emt_tasks.errors import EmtError
from finetuning.tuning.alone import alone_in


def test_one_at_a_time_also_where_lmms_eval_makes_locks_of_one_path_one_object(tmp_path: Path) -> None:
    evaluator._enable_reentrant_filelocks()
    with alone_in(tmp_path), pytest.raises(EmtError, match="another study is at work"), alone_in(tmp_path):
        pass
    with alone_in(tmp_path):
        pass
