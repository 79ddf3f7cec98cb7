"""How the judge is reached and how far it may go: by the environment inside the harness, by options under `emt`."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from emt_tasks.errors import EmtError
from emt_tasks.gpt_judge.money import Price, price_of
from emt_tasks.gpt_judge.protocols import Protocol, protocol
from emt_tasks.gpt_judge.store import store_path

OPENAI = "https://api.openai.com/v1"
MODEL = "gpt-3.5-turbo"  # the paper's
VARIABLES = (
    "OPENAI_API_KEY", "OPENAI_BASE_URL", "EMT_JUDGE_MODEL", "EMT_JUDGE_PROTOCOL", "EMT_JUDGE_MAX_USD",
    "EMT_JUDGE_PRICES", "EMT_STORE", "XDG_CACHE_HOME",
)  # fmt: skip
NO_KEY = "none"  # what servers of one's own are sent, which ask for no key
LEAST_SECRET = 8  # characters of a key that is one; "EMPTY" and the like are words, which replies may hold


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """What a judge is asked with.

    Attributes:
        protocol: how it is asked.
        model: the judge's name.
        base_url: of an OpenAI-compatible endpoint, up to and with `/v1`.
        api_key: None where there is none.
        store: the file of verdicts.
        concurrency: calls under way at once.
        timeout: seconds that one call may take.
        attempts: calls for one reply, the first included, when they fail.
        first_wait: seconds before the second attempt; each further wait is about twice as long, with jitter.
        max_usd: dollars that may be spent; None is no limit.
        prices: a price table of one's own.
    """

    protocol: Protocol
    model: str = MODEL
    base_url: str = OPENAI
    api_key: str | None = field(default=None, repr=False)
    store: Path = field(default_factory=store_path)
    concurrency: int = 8
    timeout: float = 60.0
    attempts: int = 6
    first_wait: float = 0.5
    max_usd: float | None = None
    prices: Path | None = None

    @property
    def price(self) -> Price | None:
        """The judge's price; None where it is not known."""
        return price_of(self.model, self.base_url, self.prices)

    def require_key(self) -> str:
        """The key to send.

        Raises:
            EmtError: there is none, and the endpoint is OpenAI's, which asks for one.
        """
        if not self.api_key and urlsplit(self.base_url).hostname == urlsplit(OPENAI).hostname:
            raise EmtError(
                "the judge needs a key: set OPENAI_API_KEY, or OPENAI_BASE_URL to an OpenAI-compatible server of your "
                "own (http://127.0.0.1:8000/v1)."
            )
        return self.api_key or NO_KEY

    def hidden(self, text: str) -> str:
        """A service's words without the key, which it may repeat, and which would be kept with the verdicts."""
        secret = self.api_key or ""
        return text.replace(secret, "[hidden]") if len(secret) >= LEAST_SECRET else text


def from_environment() -> JudgeSettings:
    """The settings of `OPENAI_API_KEY`, `OPENAI_BASE_URL` and the `EMT_JUDGE_...` variables (docs/judge.md).

    Raises:
        EmtError: one of them can't be; what it may be is said.
    """
    return JudgeSettings(
        protocol=protocol(os.environ.get("EMT_JUDGE_PROTOCOL") or "yes_no"),
        model=os.environ.get("EMT_JUDGE_MODEL") or MODEL,
        base_url=checked_url(os.environ.get("OPENAI_BASE_URL") or OPENAI),
        api_key=os.environ.get("OPENAI_API_KEY") or None,
        max_usd=_max_usd(os.environ.get("EMT_JUDGE_MAX_USD")),
    )


def checked_url(text: str) -> str:
    """`text` as the address of an endpoint, without a slash at its end.

    Raises:
        EmtError: it is no http address, or carries what may be secret, which would be kept with the verdicts.
    """
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise EmtError(f"OPENAI_BASE_URL (--base-url) {text!r} is no address. Write http://HOST:PORT/v1.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise EmtError("OPENAI_BASE_URL (--base-url) carries a password or more. Put the key into OPENAI_API_KEY.")
    return text.rstrip("/")


def says_yes() -> bool:
    """Whether `EMT_JUDGE_YES` allows to spend without asking.

    Raises:
        EmtError: it is neither 1 nor 0.
    """
    told = os.environ.get("EMT_JUDGE_YES", "").strip().lower()
    if told not in ("", "0", "1", "true", "false", "yes", "no"):
        raise EmtError(f"EMT_JUDGE_YES={told!r}: write 1 (spend without asking) or 0.")
    return told in ("1", "true", "yes")


def _max_usd(text: str | None) -> float | None:
    if not text:
        return None
    try:
        amount = float(text)
    except ValueError:
        amount = -1.0
    if not 0 <= amount < float("inf"):
        raise EmtError(f"EMT_JUDGE_MAX_USD={text!r} is no amount of dollars. Write 2.50.")
    return amount
