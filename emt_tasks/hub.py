"""Whether the hub can be reached, found out at once: its client tries each file for half a minute."""

import os
import socket
from urllib.parse import urlsplit

SECONDS = 4.0
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")


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
