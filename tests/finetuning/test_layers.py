"""The rooms of fine-tuning look one way: each may import those before it, and none after it."""

import ast
from pathlib import Path

import pytest

FINETUNING = Path(__file__).parents[2] / "finetuning"
ORDER = ("declared", "told", "records", "recipes", "training", "against_forgetting", "tuning", "studies", "toy")


def imported(path: Path) -> set[str]:
    """The modules of fine-tuning that a file imports, anywhere in it."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf8")))
    found = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {name for name in found if name.startswith("finetuning.")}


@pytest.mark.parametrize("room", ORDER)
def test_a_room_imports_none_that_comes_after_it(room: str) -> None:
    own = FINETUNING / f"{room}.py"
    files = [own] if own.is_file() else sorted((FINETUNING / room).rglob("*.py"))
    assert files
    allowed = set(ORDER[: ORDER.index(room) + 1])
    for path in files:
        wrong = {name for name in imported(path) if name.split(".")[1] not in allowed}
        assert not wrong, f"{path.relative_to(FINETUNING)} imports {sorted(wrong)}"


def test_every_room_has_its_place_or_stands_on_all_of_them() -> None:
    rooms = {path.parent.name for path in FINETUNING.glob("*/__init__.py")}
    for room in rooms - set(ORDER):
        for path in (path for each in ORDER for path in (FINETUNING / each).rglob("*.py")):
            assert not [name for name in imported(path) if name.split(".")[1] == room], f"{path} imports {room}"
