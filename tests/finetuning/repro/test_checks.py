"""What can be known to fail before anything is learnt."""

from pathlib import Path

import pytest
from torch import nn

from emt_tasks.errors import EmtError
from finetuning.repro.checks import room


def test_a_disk_that_is_too_small_is_said_before_anything_is_written(tmp_path: Path) -> None:
    assert "GB free" in room(tmp_path, [nn.Linear(10, 10)], kept=2)
    with pytest.raises(EmtError, match="Make room, or choose another --out"):
        room(tmp_path / "not" / "yet", [nn.Linear(1000, 1000)], kept=10**8)
