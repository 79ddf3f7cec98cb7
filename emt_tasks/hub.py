"""Where a task's data is, and whether the hub can be reached: its client tries each file for half a minute."""

import logging
import os
import socket
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from emt_tasks import sources

logger = logging.getLogger(__name__)
SECONDS = 4.0
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")


def located(config: Mapping[str, Any]) -> dict[str, Any]:
    """A task's config, reading from `EMT_DATA_DIR` where that is set, and from the hub's cache when offline.

    Raises:
        MissingData: the folder, or the cache, has not what the task reads.
    """
    from huggingface_hub import constants

    folder = sources.data_dir()
    if folder is not None:
        return sources.from_folder(config, folder)
    if sources.is_ours(config):
        _reach_hub_once()
    return sources.from_hub_cache(config) if constants.HF_HUB_OFFLINE else dict(config)


@cache
def _reach_hub_once() -> None:
    """Have the caches used at once where the hub is away: its client asks a minute and more for each file."""
    from huggingface_hub import constants

    asked = not constants.HF_HUB_OFFLINE
    found = reach_hub()
    if asked and constants.HF_HUB_OFFLINE:
        logger.warning("emt-bench: %s", found)


def reach_hub() -> str:
    """Where models and sets come from, in words.

    Where the hub does not answer, this process is told to use its caches alone, as HF_HUB_OFFLINE=1 would.
    """
    from datasets import config as datasets_config
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return "not asked (HF_HUB_OFFLINE): what is in the caches"
    if answers(constants.ENDPOINT):
        return constants.ENDPOINT
    constants.HF_HUB_OFFLINE = True
    datasets_config.HF_HUB_OFFLINE = True
    return f"{constants.ENDPOINT} does not answer: what is in the caches"


def answers(endpoint: str) -> bool:
    """Whether a connection to `endpoint`, an URL, is taken; behind a proxy this can't be told and is assumed."""
    if any(os.environ.get(name) or os.environ.get(name.lower()) for name in PROXIES):
        return True
    url = urlsplit(endpoint)
    try:
        socket.create_connection((url.hostname, url.port or (443 if url.scheme == "https" else 80)), SECONDS).close()
    except OSError:
        return False
    return True
