"""What a reading found in one answer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer as one reading understood it.

    Attributes:
        reading: Name of the reading ("label_match").
        raw: The answer as the model gave it.
        named: Labels of the task's own set, as its prompt lists them, each once, in order of first mention.
        foreign: Labels that only other sets have, each once, in order of first mention.
        says_something: False where the answer holds no word, number or emoji.
    """

    reading: str
    raw: str
    named: tuple[str, ...]
    foreign: tuple[str, ...]
    says_something: bool

    @property
    def prediction(self) -> str | None:
        """The label, where exactly one is named."""
        return self.named[0] if len(self.named) == 1 else None
