"""Toy checkpoints that several files ask; made once, never changed."""

from pathlib import Path

import pytest
import torch
import toy_models


@pytest.fixture(scope="session", autouse=True)
def _one_core() -> None:
    """Models this small gain nothing from a second thread, and beside another program lose all their time to it."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def llava_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toy LLaVA with random weights."""
    return toy_models.llava(tmp_path_factory.mktemp("models") / "toy-llava")


@pytest.fixture(scope="session")
def wide_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with twice the hidden size and one layer more."""
    return toy_models.llava(tmp_path_factory.mktemp("models") / "toy-llava-wide", hidden=64, layers=3)


@pytest.fixture(scope="session")
def coloured_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toy LLaVA that says " The object is a(n) ship." of red pictures and "cat" of blue ones."""
    return toy_models.coloured(tmp_path_factory.mktemp("models") / "toy-coloured")


@pytest.fixture(scope="session")
def qwen_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toy Qwen2-VL with random weights."""
    return toy_models.qwen(tmp_path_factory.mktemp("models") / "toy-qwen")
