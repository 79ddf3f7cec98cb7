"""How far a run is: a live line on a terminal, a plain line now and then elsewhere."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 15.0


class ImageProgress:
    """Counts images on stderr with images/s and the time that is left.

    Images that an earlier start has answered count as done, not towards the speed.
    """

    def __init__(self, total: int, kept: int = 0, shown: bool = True) -> None:
        self.total, self.kept, self.shown = total, kept, shown
        self.asked = 0
        self._start = self._last = time.monotonic()
        self._console = Console(stderr=True)
        self._live: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> "ImageProgress":
        if self.shown and self._console.is_terminal:
            self._live = Progress(
                TextColumn("images"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[speed]}"),
                TimeRemainingColumn(), console=self._console,
            )  # fmt: skip
            self._live.start()
            self._task = self._live.add_task("images", total=self.total, completed=self.kept, speed="")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
        elif self.shown and error is None:
            self._say()

    @property
    def speed(self) -> float:
        """Images a second so far, of those asked in this start."""
        return self.asked / max(time.monotonic() - self._start, 1e-9)

    def advance(self, images: int) -> None:
        """Count `images` more."""
        self.asked += images
        if self._live is not None and self._task is not None:
            self._live.update(self._task, completed=self.kept + self.asked, speed=f"{self.speed:,.1f} images/s")
        elif self.shown and time.monotonic() - self._last > SECONDS_BETWEEN_LINES:
            self._say()

    def set_aside(self, seconds: float) -> None:
        """Leave out of the speed so long a time, in which something else was done."""
        self._start += seconds

    def _say(self) -> None:
        self._last = time.monotonic()
        left = (self.total - self.kept - self.asked) / self.speed if self.asked else 0.0
        sys.stderr.write(
            f"{self.kept + self.asked:,} of {self.total:,} images, {self.speed:,.1f} images/s, {left:,.0f} s left\n"
        )
        sys.stderr.flush()
