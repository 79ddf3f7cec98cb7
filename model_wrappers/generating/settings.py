"""How an answer is to be generated, as a task or `--gen_kwargs` says it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from transformers import GenerationConfig

from emt_tasks.errors import EmtError

logger = logging.getLogger(__name__)

MAX_NEW_TOKENS = 1024  # the harness's LLaVA models' default
OURS = ("max_new_tokens", "max_gen_toks", "until", "temperature", "top_p", "num_beams", "do_sample")
_ignored: set[str] = set()


@dataclass(frozen=True, slots=True)
class Settings:
    """How an answer is generated.

    Attributes:
        max_new_tokens: the longest answer.
        until: an answer ends before the first of these.
        num_beams: 1 is no beam search.
        temperature: 0 is greedy.
        top_p: share of the probability to sample from, or None.
        others: further names of transformers' GenerationConfig with their values.
    """

    max_new_tokens: int = MAX_NEW_TOKENS
    until: tuple[str, ...] = ()
    num_beams: int = 1
    temperature: float = 0.0
    top_p: float | None = None
    others: tuple[tuple[str, Any], ...] = ()

    @property
    def samples(self) -> bool:
        """Whether chance has a part in it."""
        return self.temperature > 0

    @property
    def options(self) -> dict[str, Any]:
        """What transformers' `generate` is given, apart from lengths and stops."""
        if not self.samples:
            choice: dict[str, Any] = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
        else:
            choice = {"do_sample": True, "temperature": self.temperature}
            choice |= {} if self.top_p is None else {"top_p": self.top_p}
        return {**choice, "num_beams": self.num_beams, **dict(self.others)}


def read_settings(given: Mapping[str, Any]) -> Settings:
    """The settings in a task's `generation_kwargs`. What transformers has no name for is left out, and said once.

    Raises:
        EmtError: a value is not of its kind.
    """
    until = given.get("until") or ()
    until = (until,) if isinstance(until, str) else tuple(until)
    temperature = _number("temperature", given.get("temperature") or 0)
    if given.get("do_sample") is False:
        temperature = 0.0
    elif given.get("do_sample") and not given.get("temperature"):
        temperature = 1.0
    top_p = given.get("top_p")
    return Settings(
        max_new_tokens=_count("max_new_tokens", given.get("max_new_tokens", given.get("max_gen_toks", MAX_NEW_TOKENS))),
        until=tuple(text for text in until if text),
        num_beams=_count("num_beams", given.get("num_beams") or 1),
        temperature=temperature,
        top_p=None if top_p is None else _number("top_p", top_p),
        others=tuple(sorted((name, _hashable(value)) for name, value in given.items() if _is_known(name))),
    )


def _is_known(name: str) -> bool:
    if name in OURS:
        return False
    if name in vars(_DEFAULTS):
        return True
    if name not in _ignored:
        _ignored.add(name)
        logger.warning("generation setting %r is not one that transformers has: it changes nothing here", name)
    return False


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 1 or value != int(value):
        raise EmtError(f"generation setting {name}={value!r} is not a whole number above 0.")
    return int(value)


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise EmtError(f"generation setting {name}={value!r} is not a number from 0.")
    return float(value)


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


_DEFAULTS = GenerationConfig()
