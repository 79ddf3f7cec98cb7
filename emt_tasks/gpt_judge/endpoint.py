"""One call to the judge: sent with OpenAI's client, tried again where that can help, and never taken for an answer.

The client is imported when the first call is made: it takes a second.
"""

import asyncio
import math
import random
from email.utils import parsedate_to_datetime
from time import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt

from emt_tasks.errors import EmtError
from emt_tasks.escaping import plain, storable
from emt_tasks.gpt_judge.questions import Question
from emt_tasks.gpt_judge.settings import JudgeSettings
from emt_tasks.gpt_judge.store import Usage

if TYPE_CHECKING:
    from openai import AsyncOpenAI

LONGEST_WAIT = 30.0  # seconds that back-off grows to
MOST_PATIENCE = 300.0  # seconds that a service may ask for with Retry-After before the question is given up
SHOWN = 300  # characters of a service's error


class Unanswered(Exception):  # noqa: N818  # reads as what it says
    """A call brought no reply; asked again it may."""

    def __init__(self, kind: str, told: str, retry_after: float | None = None) -> None:
        """Say which `kind` it was, in what words, and how many seconds the service asked to wait."""
        super().__init__(told)
        self.kind, self.retry_after = kind, retry_after


class Unaskable(Exception):  # noqa: N818
    """The service refuses this one question."""


class EndpointRefuses(EmtError):  # noqa: N818
    """The service refuses all questions: key, model or address are wrong, or the account is empty."""


class Endpoint:
    """An OpenAI-compatible service; an async context manager."""

    def __init__(self, settings: JudgeSettings) -> None:
        self.settings = settings
        self.calls = self.retries = 0
        self._client: AsyncOpenAI | None = None

    async def __aenter__(self) -> "Endpoint":
        from openai import AsyncOpenAI

        self._client = AsyncOpenAI(
            api_key=self.settings.require_key(),
            base_url=self.settings.base_url,
            timeout=self.settings.timeout,
            max_retries=0,  # ours know a garbled reply for a failure, which the client's don't
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.close()

    @property
    def client(self) -> "AsyncOpenAI":
        """The client, once entered."""
        assert self._client is not None, "the endpoint is a context manager"
        return self._client

    async def ask(self, question: Question) -> tuple[str, Usage]:
        """The judge's reply to `question` and what it took.

        Raises:
            Unanswered: as often as is tried.
            Unaskable: the service refuses this question.
            EndpointRefuses: it refuses all.
        """
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(Unanswered),
            wait=self._wait,
            stop=stop_after_attempt(self.settings.attempts),
            reraise=True,
        ):
            with attempt:
                self.retries += attempt.retry_state.attempt_number > 1
                return await self._once(question)
        raise AssertionError("tenacity returns or raises")

    def _wait(self, state: RetryCallState) -> float:
        """Seconds before the next attempt: what the service asks for, at least back-off with full jitter."""
        grown: float = min(self.settings.first_wait * 2 ** (state.attempt_number - 1), LONGEST_WAIT)
        jittered = grown * (0.5 + random.random() / 2)  # noqa: S311  # no secret
        failure = state.outcome.exception() if state.outcome else None
        told = failure.retry_after if isinstance(failure, Unanswered) else None
        if told is not None and told > MOST_PATIENCE:
            raise EndpointRefuses(f"the judge asks to come back in {told:,.0f} seconds. Run the same command then.")
        return jittered if told is None else told + jittered

    async def _once(self, question: Question) -> tuple[str, Usage]:
        import openai

        self.calls += 1
        try:
            async with asyncio.timeout(self.settings.timeout):
                completion: Any = await self.client.chat.completions.create(**body(question))
        except (TimeoutError, openai.APITimeoutError) as error:
            raise Unanswered("timeout", f"no reply in {self.settings.timeout:g} seconds") from error
        except openai.APIStatusError as error:
            raise self._refusal(error) from None
        except openai.APIConnectionError as error:
            raise Unanswered("connection", self._safe(str(error.__cause__ or error))) from error
        except (openai.APIResponseValidationError, ValueError, TypeError) as error:
            raise Unanswered("garbled", self._safe(str(error))) from error
        reply, usage = reply_in(completion)
        return self.settings.hidden(reply), usage

    def _refusal(self, error: "Any") -> Exception:
        """What a service's error status means for the question, or for all."""
        status, told = error.status_code, self._safe(str(error.message))
        if status == 429 and "insufficient_quota" in f"{error.code} {told}":
            return EndpointRefuses(f"the judge's account is empty: {told}")
        if status in (408, 409, 429) or status >= 500:
            return Unanswered(str(status), told, retry_after(error.response.headers))
        if status in (401, 403, 404):
            return EndpointRefuses(
                f"the judge at {self.settings.base_url} refuses ({status}): {told} Check OPENAI_API_KEY, "
                f"OPENAI_BASE_URL and the model {self.settings.model!r}."
            )
        return Unaskable(f"{status}: {told}")

    def _safe(self, text: str) -> str:
        """A service's words, short, for a terminal, without the key that it may repeat."""
        return plain(self.settings.hidden(text))[:SHOWN]


def body(question: Question) -> dict[str, Any]:
    """A question as chat completions take it."""
    set_ = {"temperature": question.protocol.temperature, "max_tokens": question.protocol.max_tokens}
    given = {name: value for name, value in set_.items() if value is not None}
    return {"model": question.model, "messages": question.messages, **given}


def reply_in(completion: Any) -> tuple[str, Usage]:
    """The text and usage of a chat completion, whose form is the service's word.

    Raises:
        Unanswered: it holds no text.
    """
    try:
        text = completion.choices[0].message.content
        usage = getattr(completion, "usage", None)
    except (AttributeError, IndexError, TypeError) as error:
        raise Unanswered("garbled", "a reply without a message") from error
    if text is None:
        text = ""
    if not isinstance(text, str):
        raise Unanswered("garbled", "a message that is no text")
    return storable(text), Usage(_count(usage, "prompt_tokens"), _count(usage, "completion_tokens"))


def _count(usage: Any, name: str) -> int | None:
    value = cast(object, getattr(usage, name, None))
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


def retry_after(headers: Any) -> float | None:
    """The seconds that `Retry-After` asks for, in any of its forms; None where it says nothing that can be read."""
    try:
        if "retry-after-ms" in headers:
            seconds = float(headers["retry-after-ms"]) / 1000
        elif "retry-after" in headers:
            told = headers["retry-after"]
            seconds = float(told) if told.strip().replace(".", "", 1).isdigit() else _until(told)
        else:
            return None
    except ValueError:
        return None
    return None if math.isnan(seconds) else max(seconds, 0.0)


def _until(date: str) -> float:
    return parsedate_to_datetime(date).timestamp() - time()
