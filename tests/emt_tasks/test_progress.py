"""Images a second: of the time in which images were asked about."""

import time

import pytest

from emt_tasks.progress import ImageProgress


def test_time_in_which_something_else_was_done_is_left_out_of_the_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    progress = ImageProgress(20, shown=False)
    now[0] += 2
    progress.advance(10)
    assert progress.speed == pytest.approx(5)
    now[0] += 60
    progress.set_aside(60)
    assert progress.speed == pytest.approx(5)
