from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from synthetic_runs import Truth, paper, write_run

from emt_tasks.forgetting.findings import Choices, Findings, findings
from emt_tasks.runs.reading_back import read_runs

Told = Callable[..., Findings]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """What runs with these truths tell."""

    def tell(truths: Iterable[Truth], n: int = 300, choices: Choices | None = None) -> Findings:
        for truth in truths:
            write_run(tmp_path, truth, n)
        return findings(read_runs([tmp_path]), None, choices)

    return tell


@pytest.fixture(scope="session")
def of_the_paper(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """What 26 runs tell in which all claims of the paper are true."""
    folder = tmp_path_factory.mktemp("paper")
    for truth in paper():
        write_run(folder, truth, 400)
    return findings(read_runs([folder]))
