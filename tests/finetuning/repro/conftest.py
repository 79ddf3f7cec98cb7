"""Real digits of scikit-learn, 8x8, in a folder for each class."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from finetuning.repro.course import read_course
from finetuning.repro.job import ReproJob

CLASSES, EACH = 5, 12
QUICK = {
    "resnet": {"epochs": 2, "second_epochs": 2, "batch_size": 8, "learning_rate": 0.02},
    "clip": {"epochs": 2, "batch_size": 16, "learning_rate": 1e-3},
}


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 12 pictures of each of the digits 0 to 4."""
    root, told = tmp_path_factory.mktemp("digits"), load_digits()
    for label in range(CLASSES):
        (root / f"digit {label}").mkdir()
        for place in np.flatnonzero(told.target == label)[:EACH]:
            values = (told.images[place] * 255 / 16).astype(np.uint8)
            Image.fromarray(values).save(root / f"digit {label}" / f"{place}.png")
    return root


@pytest.fixture(scope="session")
def job_in(digits: Path):
    """A job on them in a folder, some epochs of some steps; fields of the course and of the job can be given."""

    def made(out: Path, fields: dict | None = None, course: str = "resnet", **others) -> ReproJob:
        given = {"data": f"folder:{digits}", "out": out, "device": "cpu"}
        network = "resnet" if course == "resnet" else "clip"
        return ReproJob(read_course(network, course, QUICK[network] | (fields or {})), **(given | others))

    return made


@pytest.fixture
def make_job(job_in, tmp_path: Path):
    """The same in the test's own folder."""
    return partial(job_in, tmp_path / "out")
