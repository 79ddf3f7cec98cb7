"""What checks found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remark:
    """What a check found: the rule's name, and what was seen."""

    rule: str
    what: str


@dataclass(frozen=True, slots=True)
class Excluded:
    """A file that is left out, and why: `path` is below the folder of entries."""

    path: str
    reasons: tuple[Remark, ...]
