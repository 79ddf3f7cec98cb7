"""How asking goes and how it went, for people."""

import sys
import time
from types import TracebackType

from emt_tasks.escaping import plain
from emt_tasks.gpt_judge.asking import Totals
from emt_tasks.gpt_judge.money import dollars

SECONDS_BETWEEN_LINES = 10.0


class CallProgress:
    """Counts settled pairs on stderr: in one line on a terminal, in a line now and then elsewhere."""

    def __init__(self, total: int, shown: bool = True) -> None:
        self.total, self.done = total, 0
        self._shown = shown and total > 0
        self._live = sys.stderr.isatty()
        self._start = self._last = time.monotonic()

    def __enter__(self) -> "CallProgress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown and self._live:
            sys.stderr.write("\n")

    def advance(self, pairs: int) -> None:
        """Count `pairs` more."""
        self.done += pairs
        now = time.monotonic()
        if not self._shown or now - self._last < (0.2 if self._live else SECONDS_BETWEEN_LINES):
            return
        self._last = now
        speed = self.done / max(now - self._start, 1e-9)
        line = f"judge: {self.done:,} of {self.total:,} pairs, {speed:,.1f} a second"
        sys.stderr.write(f"\r{line}" if self._live else f"{line}\n")
        sys.stderr.flush()


def totals_in_words(totals: Totals) -> str:
    """What happened, in a few lines: verdicts, calls, money, and why some pairs have none."""
    lines = [
        f"judged {totals.judged:,} pairs, {totals.stored:,} were stored"
        + (f", {totals.by_others:,} were judged by another process meanwhile" if totals.by_others else "")
        + (f"; {totals.unclear:,} replies were unclear twice and count as unscored" if totals.unclear else "")
    ]
    if totals.calls:
        cost = "of unknown price" if totals.usd is None else f"for {dollars(totals.usd)}"
        lines.append(
            f"{totals.calls:,} calls ({totals.retries:,} of them after a failure), {totals.tokens_in:,.0f} tokens in, "
            f"{totals.tokens_out:,.0f} out, {cost}"
        )
    if totals.unscored:
        reasons = ", ".join(f"{plain(reason)[:120]}: {count:,}" for reason, count in totals.failed.most_common(5))
        lines.append(f"{totals.unscored:,} pairs have no verdict ({reasons})")
    if totals.stopped:
        lines.append(f"stopped: {plain(totals.stopped)}")
    return "\n".join(lines)
