"""docs/adding-a-model.md does what it says: its files are written, put where pip would, and its commands run."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import toy_sets

from model_wrappers.contract import CHECKS

PAGE = (Path(__file__).parent.parent / "docs" / "adding-a-model.md").read_text(encoding="utf8")
FILES = dict(re.findall(r'^```\w+ title="([^"]+)"\n(.*?)^```', PAGE, re.DOTALL | re.MULTILINE))
BLOCKS = re.findall(r"^```bash\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]
SLOW = "--only ranks"


def install(package: Path, site: Path) -> None:
    """What `pip install -e .` leaves: the package on the path, and its entry points beside it."""
    said = tomllib.loads((package / "pyproject.toml").read_text(encoding="utf8"))["project"]
    about = site / f"{said['name'].replace('-', '_')}-{said['version']}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {said['name']}\nVersion: {said['version']}\n")
    lines = [
        line
        for group, points in said["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {target}" for name, target in points.items()))
    ]
    (about / "entry_points.txt").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The page's package in a folder, and the environment in which it is installed; sets to run on."""
    root = tmp_path_factory.mktemp("adding")
    package, site, data = root / "emt-smolvlm", root / "site", root / "data"
    for name, content in FILES.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(content, encoding="utf8")
    install(package, site)
    toy_sets.write_set(data, "cifar10", [row % 10 for row in range(20)])
    path = os.pathsep.join([str(package), str(site), *filter(None, sys.path)])
    here = {"PYTHONPATH": path, "EMT_DATA_DIR": str(data), "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    return package, {**os.environ, **here, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def test_the_page_has_a_package_a_toy_and_its_commands():
    assert set(FILES) == {
        "pyproject.toml", "emt_smolvlm/__init__.py", "emt_smolvlm/registration.py", "emt_smolvlm/wrapper.py",
        "tests/toy_smolvlm.py", "tests/test_contract.py",
    }  # fmt: skip
    assert [shlex.split(command)[0] for command in COMMANDS] == ["pip", "python", "emt", "emt", "python", "emt"]


def test_the_page_lists_every_check_with_its_promise():
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE.split("## 4.")[1], re.MULTILINE)
    assert rows == [(name, check.promise) for name, check in CHECKS.items()]


def output(command: str, place: tuple[Path, dict[str, str]]) -> str:
    """What `command` prints, run where the page's package is installed."""
    package, environment = place
    found = subprocess.run(
        shlex.split(command), cwd=package, env=environment, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, f"{command}\n{found.stdout}\n{found.stderr[-3000:]}"
    return found.stdout


def verdicts(table: str) -> list[tuple[str, str]]:
    return re.findall(r"^(\w+) +(holds|broken|not applicable|not run) ", table, re.MULTILINE)


def test_every_command_of_the_page_does_what_it_says(place):
    now = [command for command in COMMANDS if not command.startswith("pip ") and SLOW not in command]
    _toy, contract, tests, run = (output(command, place) for command in now)
    assert verdicts(contract) == [(name, "holds") for name in CHECKS if name != "ranks"]
    assert f"{len(CHECKS) - 1} passed, 1 deselected" in tests
    assert "emt_cifar10_choice" in run


@pytest.mark.slow
def test_the_page_s_model_is_shared_by_two_processes(place):
    [command] = [command for command in COMMANDS if SLOW in command]
    output(COMMANDS[1], place)
    assert verdicts(output(command, place)) == [("ranks", "holds")]
