import sys

import pytest

from model_wrappers.generating.allocation import keep_freed_memory


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc is Linux's")
def test_glibc_takes_the_hint():
    assert keep_freed_memory()


def test_elsewhere_nothing_is_done(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not keep_freed_memory()
