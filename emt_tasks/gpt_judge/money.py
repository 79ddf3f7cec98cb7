"""What asking costs: tokens estimated before, counted after, and a price table that says when it was read."""

import datetime
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emt_tasks.errors import EmtError, RefusedToSpend
from emt_tasks.gpt_judge.questions import Question

VARIABLE = "EMT_JUDGE_PRICES"
MILLION = 1_000_000
LEAST_BYTES, MOST_BYTES = 6.0, 2.5  # of plain text in a token; English prompts have 4 to 5 under OpenAI's encodings
FRAME_TOKENS = 12  # that chat completions put around a system and a user message, at most
UNBOUNDED_REPLY = 2_000  # tokens, where no max_tokens is set: models that reason are billed for their thoughts


class Price(BaseModel):
    """One line of the table: US dollars for a million tokens.

    Attributes:
        model: the name that is asked for.
        at: the host that it holds for; "*" is any.
        input: dollars for a million tokens of prompt.
        output: dollars for a million tokens of reply.
        batch: what the batch service takes of that, a fraction; None where there is none.
        read: when somebody read it.
        retired: since when the service does not answer for the model.
        source: where.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    model: str
    at: str = "*"
    input: float = Field(ge=0)
    output: float = Field(ge=0)
    batch: float | None = Field(default=None, ge=0, le=1)
    read: datetime.date
    retired: datetime.date | None = None
    source: str

    def usd(self, tokens_in: float, tokens_out: float, batch: bool = False) -> float:
        """Dollars for so many tokens."""
        full = (tokens_in * self.input + tokens_out * self.output) / MILLION
        return full * self.batch if batch and self.batch is not None else full


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")

    prices: list[Price]


def price_of(model: str, base_url: str, table: Path | None = None) -> Price | None:
    """The price of `model` at the host of `base_url`; None where it is not known.

    Args:
        model: the judge.
        base_url: of the endpoint: a model of the same name elsewhere has another price.
        table: a user's own lines, which come first; without it those of `EMT_JUDGE_PRICES`, where that is set.

    Raises:
        EmtError: the table can't be read; each mistake is named.
    """
    own = table or (Path(os.environ[VARIABLE]).expanduser() if os.environ.get(VARIABLE) else None)
    host = urlsplit(base_url).hostname
    lines = [*(_lines(_text_of(own), str(own)) if own else ()), *_shipped()]
    return next((line for line in lines if line.model == model and line.at in ("*", host)), None)


def _text_of(path: Path) -> str:
    if not path.is_file():
        raise EmtError(f"there is no price table {path} (--prices, {VARIABLE}).")
    try:
        return path.read_text("utf8")
    except (OSError, UnicodeDecodeError) as error:
        raise EmtError(f"the price table {path} can't be read: {error}. Save it as UTF-8.") from error


@cache
def _shipped() -> tuple[Price, ...]:
    return _lines(files(__package__).joinpath("prices.yaml").read_text("utf8"), "prices.yaml")


def _lines(text: str, where: str) -> tuple[Price, ...]:
    try:
        return tuple(_Table.model_validate(yaml.safe_load(text)).prices)
    except yaml.YAMLError as error:
        raise EmtError(f"the price table {where} is no YAML: {error}") from error
    except ValidationError as error:
        mistakes = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise EmtError(f"the price table {where}: {mistakes}.") from error


@dataclass(frozen=True, slots=True)
class Range:
    """From least to most."""

    least: float
    most: float


def tokens_in(question: Question) -> Range:
    """The tokens of a question, estimated from its UTF-8 bytes, since encodings have to be fetched from a service.

    A token of plain text has between `MOST_BYTES` and `LEAST_BYTES` bytes, of other scripts at least one byte.
    """
    text = "".join(message["content"] for message in question.messages).encode("utf8", "replace")
    other = sum(byte > 127 for byte in text)
    return Range(len(text) / LEAST_BYTES, (len(text) - other) / MOST_BYTES + other + FRAME_TOKENS)


def tokens_out(question: Question) -> Range:
    """The tokens of a reply, at least one."""
    return Range(1, question.protocol.max_tokens or UNBOUNDED_REPLY)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What asking `calls` questions takes; `usd` is None where the price is unknown."""

    calls: int
    tokens_in: Range
    tokens_out: Range
    usd: Range | None

    def in_words(self, price: Price | None, today: datetime.date | None = None) -> str:
        """As a line for people: tokens, dollars, and how old the price is."""
        tokens = f"{_range(self.tokens_in)} tokens in, {_range(self.tokens_out)} out"
        if price is None or self.usd is None:
            return f"{tokens}, price unknown (no line in the price table; see --prices)"
        retired = price.retired and price.retired <= (today or datetime.date.today())
        gone = f"; {price.model} was retired on {price.retired}" if retired else ""
        return f"{tokens}, {dollars(self.usd.least)} to {dollars(self.usd.most)} (prices read {price.read}{gone})"


def estimate(questions: Iterable[Question], price: Price | None, batch: bool = False) -> Estimate:
    """What asking `questions` once takes; a reply that can't be understood is asked for once more, on top of it."""
    asked = list(questions)
    ins, outs = [tokens_in(one) for one in asked], [tokens_out(one) for one in asked]
    given = Range(sum(one.least for one in ins), sum(one.most for one in ins))
    said = Range(sum(one.least for one in outs), sum(one.most for one in outs))
    if price is None:
        return Estimate(len(asked), given, said, None)
    usd = Range(price.usd(given.least, said.least, batch), price.usd(given.most, said.most, batch))
    return Estimate(len(asked), given, said, usd)


class Budget:
    """Dollars that may be spent; None is no limit. What is under way counts at its most, so that none is overspent."""

    def __init__(self, most: float | None, price: Price | None, batch: bool = False) -> None:
        if most is not None and price is None:
            raise RefusedToSpend(
                f"a limit of {dollars(most)} can't be kept: the judge's price is unknown. Give it a line in a price "
                f"table (--prices FILE or {VARIABLE}; `emt judge prices` prints the one that ships), or leave the "
                "limit out."
            )
        self.most, self.price, self.batch = most, price, batch
        self.spent = self._reserved = 0.0

    def reserve(self, question: Question) -> float | None:
        """Set aside what `question` may cost at most; None where that is more than is left."""
        worst = self.price.usd(tokens_in(question).most, tokens_out(question).most, self.batch) if self.price else 0.0
        if self.most is not None and self.spent + self._reserved + worst > self.most:
            return None
        self._reserved += worst
        return worst

    def settle(self, reserved: float, used_in: float, used_out: float) -> None:
        """Put what was used in place of what was set aside."""
        self._reserved -= reserved
        self.spent += self.price.usd(used_in, used_out, self.batch) if self.price else 0.0


def dollars(amount: float) -> str:
    """An amount of money with as many digits as tell something.

    >>> dollars(0), dollars(0.00042), dollars(12.345)
    ('$0', '$0.00042', '$12.35')
    """
    return f"${amount:.2f}" if amount >= 1 else f"${amount:.2g}" if amount >= 1e-4 or amount == 0 else f"${amount:.6f}"


def _range(tokens: Range) -> str:
    return f"{tokens.least:,.0f} to {tokens.most:,.0f}"
