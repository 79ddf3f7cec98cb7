"""What the page computes is what `emt_tasks.statistics` computes: the same script, run in a browser."""

import base64
import json
import random
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from emt_tasks.statistics.mcnemar import holm, mcnemar
from emt_tasks.statistics.paired import PairedTable, newcombe, newcombe_mean

SCRIPT = files("leaderboard.page") / "script"
EXACT = {"rel": 1e-9, "abs": 1e-300}


@pytest.fixture(scope="module")
def computed(browser: Any) -> Any:
    """Evaluates an expression of the page's own functions on a value."""
    code = "\n".join((SCRIPT / f"{name}.js").read_text(encoding="utf8") for name in ("statistics", "bits"))
    page = browser.new_page()
    page.evaluate(f"(0, eval)({json.dumps(code)})")
    yield lambda function, value: page.evaluate(function, value)
    page.close()


def tables(count: int) -> list[PairedTable]:
    drawn = random.Random(9)
    edges = [(0, 0, 0, 1), (1, 0, 0, 0), (5, 0, 0, 5), (0, 7, 0, 0), (0, 0, 9, 0), (0, 3, 3, 0), (1, 7, 1, 12)]
    most = [1, 4, 30, 500, 10_000]
    random_ones = [tuple(drawn.randint(0, drawn.choice(most)) for _ in range(4)) for _ in range(count)]
    return [PairedTable(*cells) for cells in [*edges, *random_ones] if sum(cells)]


def as_told(table: PairedTable) -> dict[str, int]:
    return dict(zip(("both", "onlyA", "onlyB", "neither"), table.cells, strict=True))


def test_mcnemars_p_is_pythons(computed: Any) -> None:
    cases = tables(1500)
    got = computed("(ts) => ts.map((t) => mcnemar(t.onlyA, t.onlyB))", [as_told(one) for one in cases])
    assert got == [pytest.approx(mcnemar(one.only_a, one.only_b), **EXACT) for one in cases]


def test_newcombes_interval_is_pythons(computed: Any) -> None:
    cases = tables(1500)
    got = computed("(ts) => ts.map(newcombe)", [as_told(one) for one in cases])
    for one, (difference, low, high) in zip(cases, got, strict=True):
        assert (difference, low, high) == pytest.approx((one.difference, *newcombe(one)), abs=1e-9)


def test_the_mean_over_sets_and_holms_correction_are_pythons(computed: Any) -> None:
    cases = tables(400)
    groups = [cases[at : at + 4] for at in range(0, len(cases), 4)]
    means = computed("(gs) => gs.map(newcombeMean)", [[as_told(one) for one in group] for group in groups])
    for group, (_, low, high) in zip(groups, means, strict=True):
        assert (low, high) == pytest.approx(newcombe_mean(group), abs=1e-9)
    ps = [[mcnemar(one.only_a, one.only_b) for one in group] for group in groups]
    assert computed("(gs) => gs.map(holm)", ps) == [pytest.approx(holm(group), abs=1e-12) for group in ps]


@pytest.mark.parametrize("n", [1, 7, 8, 9, 1000, 10_000])
def test_bits_make_the_table_of_their_rows(computed: Any, n: int) -> None:
    rng = np.random.default_rng(n)
    a, b = rng.random(n) < 0.6, rng.random(n) < 0.4
    packed = [base64.b64encode(np.packbits(one, bitorder="little").tobytes()).decode() for one in (a, b)]
    assert computed("([a, b, n]) => paired(a, b, n)", [*packed, n]) == as_told(PairedTable.of(a, b))
