"""How likely a model finds one answer, in a form that goes through the harness whole."""

import ast
import json
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import Any

from emt_tasks.errors import EmtError

DECIMALS = 5  # of the text form: ten times finer than what passes for equal


@dataclass(frozen=True, slots=True)
class Likelihood:
    """A pair (loss, greedy) to whoever unpacks it, as lmms-eval's `multiple_choice` does, and more to us.

    lmms-eval 0.7.3 makes `str(answer)` of every answer that is no text (its own `multiple_choice` fails over that), so
    the text form has everything. It is no tuple, which keeps it out of the harness's response cache: that would keep
    the pair alone, whatever the weights.

    Attributes:
        loss: mean negative log-likelihood of the answer's tokens, in nats. The harness's multimodal tasks take the
            least of these for the likeliest choice, so a log-likelihood would choose the worst. None where only `total`
            is told, as lm_eval's models do.
        greedy: whether greedy generation would begin with the answer.
        total: log p(answer | image, prompt), in nats.
        with_end: log p(answer, and then the end | image, prompt).
        over_prior: `total` minus that after the same prompt with an image without content.
    """

    loss: float | None
    greedy: bool
    total: float | None = None
    with_end: float | None = None
    over_prior: float | None = None

    def __iter__(self) -> Iterator[Any]:
        return iter((self.loss, self.greedy))

    def __getitem__(self, place: int) -> Any:
        return (self.loss, self.greedy)[place]

    def __str__(self) -> str:
        return json.dumps([round(part, DECIMALS) if isinstance(part, float) else part for part in astuple(self)])

    @classmethod
    def read(cls, given: Any) -> "Likelihood":
        """What a model of the harness returned, or the harness made of it.

        >>> Likelihood.read("[0.5, true, -1.0, -1.5, 2.0]").with_end
        -1.5
        >>> Likelihood.read("(0.5, False)")
        Likelihood(loss=0.5, greedy=False, total=None, with_end=None, over_prior=None)

        Raises:
            EmtError: it is no such thing.
        """
        if isinstance(given, cls):
            return given
        try:
            parts = _parts(given) if isinstance(given, str) else list(given)
            loss, greedy, *more = parts
            return cls(float(loss), bool(greedy), *more)
        except (TypeError, ValueError, SyntaxError) as error:
            raise EmtError(
                f"{str(given)[:80]!r} is no (loss, greedy) of a label. Use a model that scores answers, as emt_llava."
            ) from error


def _parts(text: str) -> Any:
    """The list that one of our models wrote, or the tuple of another's."""
    return json.loads(text) if text.startswith("[") else ast.literal_eval(text)
