"""The rooms of the leaderboard look one way: each may import those before it, and none after it."""

import ast
from pathlib import Path

import pytest

LEADERBOARD = Path(__file__).parents[2] / "leaderboard"
ORDER = ("words", "look", "figures", "entry", "board", "page", "report", "theory")


def rooms_imported(path: Path) -> set[str]:
    """The rooms of the leaderboard that a file imports, anywhere in it."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf8")))
    found = [node.module.split(".") for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {parts[1] for parts in found if parts[0] == "leaderboard"}


@pytest.mark.parametrize("room", ORDER)
def test_a_room_of_the_leaderboard_imports_none_that_comes_after_it(room: str) -> None:
    own = LEADERBOARD / f"{room}.py"
    files = [own] if own.is_file() else sorted((LEADERBOARD / room).rglob("*.py"))
    assert files
    allowed = set(ORDER[: ORDER.index(room) + 1])
    for path in files:
        wrong = rooms_imported(path) - allowed
        assert not wrong, f"{path.relative_to(LEADERBOARD)} imports {sorted(wrong)}"


def test_the_page_and_the_report_know_nothing_of_each_other() -> None:
    for room, other in (("page", "report"), ("report", "page"), ("report", "board"), ("report", "entry")):
        for path in (LEADERBOARD / room).rglob("*.py"):
            assert other not in rooms_imported(path), f"{path.relative_to(LEADERBOARD)} imports {other}"
