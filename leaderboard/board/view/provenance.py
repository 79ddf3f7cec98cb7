"""What was asked, how it was tuned, and where an entry comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from leaderboard.board.view.kinds import Tier


@dataclass(frozen=True, slots=True)
class Model:
    """What was asked. `url` begins with https://. `params` is a number of weights."""

    name: str
    org: str
    url: str | None = None
    encoder: str | None = None
    llm: str | None = None
    params: int | None = None
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class Tuning:
    """How it was tuned; `kind` is none, linear, lora, prompt or full. `sets` are keys, or names of other data."""

    kind: str = "none"
    sets: tuple[str, ...] = ()
    epoch: float | None = None
    steps: int | None = None
    lr: float | None = None
    seed: int | None = None
    base: str | None = None
    adapter_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an entry comes from; `date` is ISO (YYYY-MM-DD), `source` a sentence or an https address."""

    tier: Tier
    submitted_by: str | None
    date: str
    source: str | None
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    """sha256 of which pictures were asked about and what they show, by set."""


@dataclass(frozen=True, slots=True)
class Judged:
    """How one reading came about; what a judge was, where it was one."""

    reading: str
    version: str | None
    model: str | None = None
    prompt_hash: str | None = None
    date: str | None = None
    cost_usd: float | None = None
