"""How long a study still takes: what was measured beforehand, put right by how long things have taken."""

from finetuning.studies.plan import Cell, Plan, Speeds

SMALLEST = 1e-9  # seconds


class Clock:
    """Counts what is done, and tells what is left.

    Args:
        plan: of the study.
        speeds: measured beforehand.

    Attributes:
        seconds_asked: that this start has spent on evaluations.
    """

    def __init__(self, plan: Plan, speeds: Speeds) -> None:
        self.plan, self.speeds = plan, speeds
        self.seconds_asked = 0.0
        self._asked = 0
        self._trained = self._expected = 0.0

    def asked(self, seconds: float) -> None:
        """Count an evaluation."""
        self.seconds_asked += seconds
        self._asked += 1

    def trained(self, cell: Cell, seconds: float, kept: bool) -> None:
        """Count a training, unless an earlier start had done it."""
        if not kept:
            self._trained += seconds
            self._expected += self.plan.seconds_of_training(cell, self.speeds)

    def left(self) -> float:
        """Seconds until the study is done, about."""
        return self.plan.seconds_left(self._put_right())

    def said(self) -> str:
        """What is left, in words."""
        return f"about {in_words(self.left())} left"

    def _put_right(self) -> Speeds:
        """The speeds as they have turned out."""
        slower = self._trained / self._expected if self._expected else 1.0
        expected = self.plan.seconds_of_evaluation(self.speeds)
        longer = self.seconds_asked / self._asked / max(expected, SMALLEST) if self._asked else 1.0
        return Speeds(
            {name: speed / max(slower, SMALLEST) for name, speed in self.speeds.images_per_second.items()},
            self.speeds.each * longer,
            self.speeds.row * longer,
        )


def in_words(seconds: float) -> str:
    """A time in two of its units.

    >>> in_words(42), in_words(200), in_words(7500), in_words(200_000)
    ('42 s', '3 min 20 s', '2 h 5 min', '2 d 7 h')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = whole // 60
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 60 // 24} d {minutes // 60 % 24} h"
