"""No network, no accidents: every test runs offline; loopback is allowed where a test serves itself."""

import os
import random
import sys

SET_BY_USERS = ("EMT_", "HF_", "HUGGINGFACE_", "OPENAI_", "TRANSFORMERS_", "SLURM_", "ACCELERATE_")
KEPT = ("EMT_CHROMIUM",)  # where a browser is
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy")  # loopback is asked without one
RANKS = ("rank", "local_rank", "world_size", "master_addr", "master_port")  # of a job that the suite is not part of
LOOKS = ("columns", "lines", "force_color", "clicolor_force", "tty_compatible", "tty_interactive")

for name in [*os.environ]:
    own = name.startswith(SET_BY_USERS) and name not in KEPT
    if own or name.lower() in (*PROXIES, *RANKS, *LOOKS):
        del os.environ[name]
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ.setdefault("OMP_NUM_THREADS", "1")  # toy tensors: a second thread only waits

import hypothesis  # noqa: E402  # what it and others read of the environment is set by now
import pytest  # noqa: E402

# A busy machine is no slow law: examples have no deadline, and are the same in each run, so that a red run says that
# something changed. `--hypothesis-profile=search` looks for new ones.
hypothesis.settings.register_profile(
    "repeated", deadline=None, derandomize=True, database=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile(
    "search", max_examples=1000, deadline=None, database=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("repeated")

LUCK = 20


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """A test draws the same numbers whatever ran before it in its process, and so do the fixtures made for it."""
    random.seed(LUCK)
    for module, seed in (("numpy.random", "seed"), ("torch", "manual_seed")):
        if module in sys.modules:
            getattr(sys.modules[module], seed)(LUCK)


@pytest.fixture(scope="session", autouse=True)
def _own_caches(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The suite leaves the user's caches alone."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["HF_HOME"] = str(folder / "hf")
    os.environ["XDG_CACHE_HOME"] = str(folder / "xdg")
