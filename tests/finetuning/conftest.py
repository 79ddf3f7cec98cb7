"""A LLaVA of 60,000 weights and toy sets in the hub's schemas, made once."""

from pathlib import Path

import pytest

from finetuning.recipes.recipe import read_recipe
from finetuning.toy.data import SetSizes, write_toy_data
from finetuning.toy.llava import ModelSizes, toy_llava, toy_processor, untrained_tower
from finetuning.toy.quickstart import quiet_libraries
from finetuning.training.base_model import LoadedBase, load_base
from finetuning.training.job import Job

SIZES = ModelSizes(vision_width=32, vision_layers=1, language_width=32, language_layers=1, heads=2)
WORDS = ["USER: What is the object in the image? Please only answer ASSISTANT: The object is a an number."]


@pytest.fixture(scope="session")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of EMT_DATA_DIR's layout with mnist and cifar10."""
    folder = tmp_path_factory.mktemp("sets")
    write_toy_data(folder, 0, SetSizes(digit_tests=2, drawing_tests=2, drawing_trains=4))
    return folder


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an untrained toy LLaVA."""
    quiet_libraries()
    folder = tmp_path_factory.mktemp("base")
    processor = toy_processor(SIZES, WORDS)
    toy_llava(SIZES, processor, untrained_tower(SIZES, 0), 0).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def loaded(base_folder: Path) -> LoadedBase:
    """The same in memory; whoever trains it leaves it as it was."""
    return load_base(str(base_folder), "cpu")


@pytest.fixture
def make_job(sets: Path, base_folder: Path, tmp_path: Path):
    """A job on 24 drawings, 3 steps an epoch; fields of the recipe and of the job can be given."""

    def made(method: str = "linear", fields: dict | None = None, **others) -> Job:
        small = {"epochs": 1, "fractions": [], "batch_size": 8, "lora.rank": 2, "prompt.tokens": 3}
        recipe = read_recipe(f"toy-{method}", small | (fields or {}))
        given = {"data": ["cifar10?rows=24"], "out": tmp_path / "out", "data_dir": sets, "device": "cpu"}
        return Job(recipe, str(base_folder), **(given | others))

    return made
