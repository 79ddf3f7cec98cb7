"""The grid: a cell for each method, set and asked set, its seeds together."""

from collections.abc import Callable
from dataclasses import replace
from statistics import fmean

import pytest
from synthetic_runs import BASE, Truth, paper

from emt_tasks.forgetting.contrasts import Contrast, mean_of
from emt_tasks.forgetting.findings import Findings
from leaderboard.report.sections.grid import grid as section

BASE_RUN, LORA = (
    next(truth for truth in paper() if truth.name == name) for name in ("base", "lora-mnist/epoch-3")
)  # fmt: skip


def again(seed: int) -> Truth:
    return replace(LORA, name=f"lora-mnist-{seed}/epoch-3", tuned={**(LORA.tuned or {}), "seed": seed})


def test_every_tuning_has_its_last_epoch_in_the_grid(of_the_paper: Findings) -> None:
    cells = of_the_paper.grid
    assert len(cells) == 2 * len(BASE) ** 2  # linear and LoRA
    assert all(run.endswith("epoch-3") for cell in cells for run in cell.runs)
    assert sum(cell.tuned_on for cell in cells) == 2 * len(BASE)
    for cell in cells:
        score = of_the_paper.score(cell.runs[0], cell.key)
        assert score is not None
        assert cell.accuracy == cell.lowest == cell.highest == pytest.approx(score.accuracy)


def test_seeds_are_one_cell_with_their_mean(told: Callable[..., Findings]) -> None:
    found = told([BASE_RUN, LORA, again(1), again(2)])
    assert [len(cell.runs) for cell in found.grid] == [3] * len(BASE)
    for cell in found.grid:
        scores = [found.score(run, cell.key) for run in cell.runs]
        accuracies = [score.accuracy for score in scores if score is not None]
        assert cell.accuracy == pytest.approx(fmean(accuracies))
        assert (cell.lowest, cell.highest) == (min(accuracies), max(accuracies))
        changes = [found.told.contrast("base", run, cell.key) for run in cell.runs]
        assert cell.change == mean_of(one for one in changes if isinstance(one, Contrast))


def test_the_table_says_base_seeds_and_what_was_tuned_on(told: Callable[..., Findings]) -> None:
    told_section = section(told([BASE_RUN, LORA, again(1)]))
    assert told_section is not None
    base, tuned = told_section.tables[0].rows
    assert base[:4] == ("base", "", "", "")
    assert tuned[:4] == ("MNIST", "LoRA", "3", "2")
    marked = [place for place, cell in enumerate(tuned) if cell[0].endswith("*")]
    assert marked == [4]


def test_without_a_tuning_there_is_no_grid(told: Callable[..., Findings]) -> None:
    assert section(told([BASE_RUN])) is None
