"""Two processes that run the suite together must see the same tests under the same names."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]


def collected(**environment: str) -> str:
    """The names of all tests, as another process finds them."""
    asked = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        asked, cwd=REPOSITORY, env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return "\n".join(line for line in done.stdout.splitlines() if "::" in line)


@pytest.mark.slow
def test_every_process_finds_the_same_tests_whenever_and_wherever_it_looks(tmp_path: Path) -> None:
    one = collected(PYTHONHASHSEED="1", TZ="Asia/Tokyo", COLUMNS="40")
    other = collected(PYTHONHASHSEED="2", TZ="America/Lima", HOME=str(tmp_path), LC_ALL="C")  # seconds later
    assert one.count("::") > 4000
    assert one == other
