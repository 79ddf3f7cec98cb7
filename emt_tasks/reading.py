"""What a reading found in one answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer as one reading understood it.

    Attributes:
        reading: Name of the reading ("label_match").
        raw: The answer as the model gave it.
        named: Labels of the task's own set, as its prompt lists them, each once, in order of first mention.
        foreign: Labels that only other sets have, each once, in order of first mention.
        says_something: False where the answer holds no word, number or emoji.
        extra: What this reading alone can tell (a distance, a judge's reply), as JSON can hold it; kept in the record.
        scored: False where the reading could not be had (encoder or judge out of reach): nothing is said of it.
    """

    reading: str
    raw: str
    named: tuple[str, ...]
    foreign: tuple[str, ...]
    says_something: bool
    extra: Mapping[str, object] = field(default_factory=dict, hash=False)
    scored: bool = True

    @property
    def prediction(self) -> str | None:
        """The label, where exactly one is named."""
        return self.named[0] if len(self.named) == 1 else None
