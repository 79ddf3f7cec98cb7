"""No network, no accidents: every test runs offline; loopback is allowed where a test serves itself."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ.setdefault("OMP_NUM_THREADS", "1")  # toy tensors: a second thread only waits
os.environ.pop("EMT_DATA_DIR", None)

import pytest


@pytest.fixture(scope="session", autouse=True)
def _own_caches(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The suite leaves the user's caches alone."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["HF_HOME"] = str(folder / "hf")
    os.environ["XDG_CACHE_HOME"] = str(folder / "xdg")
