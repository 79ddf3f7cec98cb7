"""Which way the rooms may look: each module is imported in a process of its own, and what came along is looked at."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HARNESSES = {"lmms_eval", "lm_eval"}
FORBIDDEN = {
    "emt_tasks": {"torch", "transformers", "peft"},
    "leaderboard": {"torch", "transformers", "peft", *HARNESSES, "model_wrappers", "finetuning"},
}
DOORS = {"emt_tasks.filters"}  # to the harness
RULES = {
    "emt_tasks.outcomes",
    *(f"emt_tasks.clip_argmin.{name}" for name in ("nearest", "texts", "settings", "store", "reader")),
    "emt_tasks.subsets",
    *(f"emt_tasks.label_match.{name}" for name in ("lexicon", "senses", "numerals", "spelling", "tokens")),
    "emt_tasks.label_match",
    "emt_tasks.statistics.intervals",
    "emt_tasks.forgetting.findings",
    *(f"emt_tasks.gpt_judge.{name}" for name in ("protocols", "questions", "verdicts", "money", "asking", "panel")),
}


def modules(room: str) -> list[str]:
    found = [path.relative_to(ROOT).with_suffix("") for path in (ROOT / room).rglob("*.py")]
    return [".".join(path.parts).removesuffix(".__init__") for path in found if path.name != "__main__"]


@pytest.mark.parametrize("room", FORBIDDEN)
def test_no_module_of_the_room_brings_what_it_may_not(room: str) -> None:
    names = [name for name in modules(room) if not name.endswith("__main__")]
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}:\n"
        "    importlib.import_module(name)\n"
        f"    for found in sorted({FORBIDDEN[room]!r} & set(sys.modules)):\n"
        "        print(name, 'brings', found)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


@pytest.mark.parametrize("name", sorted(RULES))
def test_rules_know_neither_doors_nor_harness(name: str) -> None:
    code = f"import {name}, sys\nprint(sorted(({HARNESSES | DOORS | {'datasets', 'PIL'}!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_nothing_in_the_rooms_opens_a_pickle() -> None:
    """`torch.load` only with weights_only=True; no pickle, dill or joblib."""
    for room in ("emt_tasks", "model_wrappers", "finetuning", "leaderboard"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
                if isinstance(node, ast.Import):
                    assert not {alias.name.split(".")[0] for alias in node.names} & {"pickle", "dill", "joblib"}, path
                if isinstance(node, ast.ImportFrom) and node.module in ("pickle", "dill", "joblib"):
                    assert {alias.name for alias in node.names} == {"UnpicklingError"}, path
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load":
                    assert any(k.arg == "weights_only" and ast.unparse(k.value) == "True" for k in node.keywords), path
