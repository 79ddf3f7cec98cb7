"""Asking a judge about many pairs: each once, together with whoever else is asking, until done or stopped."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from emt_tasks.gpt_judge.endpoint import Endpoint, EndpointRefuses, Unanswered, Unaskable
from emt_tasks.gpt_judge.money import Budget, tokens_in, tokens_out
from emt_tasks.gpt_judge.questions import Question
from emt_tasks.gpt_judge.settings import JudgeSettings
from emt_tasks.gpt_judge.store import Usage, VerdictStore
from emt_tasks.gpt_judge.verdicts import MOST_REPLY, Verdict, meaning_of

LEASE_SECONDS = 60.0  # renewed while a call is under way; after a crash on another machine its pairs wait this long
POLL_SECONDS = 0.25  # between looks at what another process is asking about
GONE_AFTER = 16  # questions in a row that every attempt failed for: the service is gone, not busy


@dataclass(slots=True)
class Totals:
    """What happened.

    Attributes:
        pairs: distinct questions.
        stored: had a verdict before.
        judged: have one since, by this process.
        by_others: have one since, by another process.
        unclear: of `judged`, those whose reply said neither, twice.
        failed: questions without a verdict, by reason.
        calls: requests sent, failed ones too.
        retries: of these, the attempts after a failure.
        tokens_in: of replies, as the service counts them, else as estimated.
        tokens_out: the same of what it said.
        usd: dollars for them; None where the price is unknown.
        stopped: why not everything was asked; None where it was.
    """

    pairs: int = 0
    stored: int = 0
    judged: int = 0
    by_others: int = 0
    unclear: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    retries: int = 0
    tokens_in: float = 0
    tokens_out: float = 0
    usd: float | None = None
    stopped: str | None = None

    @property
    def unscored(self) -> int:
        """Questions without a verdict."""
        return sum(self.failed.values())


class Asker:
    """Asks the questions that have no verdict and writes each verdict as it comes; made for one round."""

    def __init__(self, settings: JudgeSettings, store: VerdictStore, budget: Budget) -> None:
        self.settings, self.store, self.budget = settings, store, budget
        self.totals = Totals()
        self._leased: set[str] = set()
        self._elsewhere: list[Question] = []
        self._failed_in_a_row = 0
        self._waiting: deque[Question] = deque()

    async def ask(self, questions: Mapping[str, Question], done: Callable[[int], None]) -> Totals:
        """Ask `questions`; `done` is told of each that is settled. Interrupted, it gives its leases back."""
        self._waiting.extend(questions.values())
        async with Endpoint(self.settings) as endpoint:
            heart = asyncio.create_task(self._keep_leases())
            try:
                await self._rounds(endpoint, done)
            finally:
                heart.cancel()
                with suppress(asyncio.CancelledError):
                    await heart
                self.store.release(self._leased)
                self.totals.calls, self.totals.retries = endpoint.calls, endpoint.retries
                self.totals.usd = self.budget.spent if self.budget.price else None
        return self.totals

    async def _rounds(self, endpoint: Endpoint, done: Callable[[int], None]) -> None:
        """Ask what is free, then look after what other processes have, until each question is settled."""
        while self._waiting:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self.settings.concurrency, len(self._waiting))):
                    group.create_task(self._work(endpoint, done))
            if self._elsewhere:
                await asyncio.sleep(POLL_SECONDS)
                there = self.store.verdicts(one.key for one in self._elsewhere)
                self.totals.by_others += len(there)
                done(len(there))
                self._waiting.extend(one for one in self._elsewhere if one.key not in there)
                self._elsewhere.clear()

    async def _work(self, endpoint: Endpoint, done: Callable[[int], None]) -> None:
        while self._waiting:
            question = self._waiting.popleft()
            if self.totals.stopped:
                self._fail("not asked")
            elif not self.store.lease(question.key, LEASE_SECONDS):
                self._elsewhere.append(question)
                continue
            else:
                self._leased.add(question.key)
                await self._settle(endpoint, question)
                if question.key in self._leased:
                    self.store.release([question.key])
                    self._leased.discard(question.key)
            done(1)

    async def _settle(self, endpoint: Endpoint, question: Question) -> None:
        """A verdict for `question`, or the reason why there is none."""
        try:
            verdict, usage = await self._verdict(endpoint, question)
        except Unanswered as error:
            self._fail(error.kind)
            self._failed_in_a_row += 1
            if self._failed_in_a_row >= GONE_AFTER:
                self._stop(f"the judge at {self.settings.base_url} does not answer any more (last: {error})")
        except Unaskable as error:
            self._fail(f"refused: {error}")
            self._failed_in_a_row += 1
            if self._failed_in_a_row >= GONE_AFTER:
                self._stop(f"the judge refuses every question (last: {error})")
        except EndpointRefuses as error:
            self._fail("endpoint refuses")
            self._stop(str(error))
        except OutOfBudget:
            self._fail("budget")
            self._stop(f"the limit of ${self.budget.most:g} is reached")
        else:
            self._failed_in_a_row = 0
            self.store.put(question, verdict, usage, self.settings.base_url)
            self._leased.discard(question.key)
            self.totals.judged += 1
            self.totals.unclear += verdict.meaning is None

    async def _verdict(self, endpoint: Endpoint, question: Question) -> tuple[Verdict, Usage]:
        """The judge's verdict; a reply that says neither is asked for once more."""
        replies, ins, outs = [], 0, 0
        for _ in range(2):
            reply, usage = await self._paid(endpoint, question)
            replies.append(reply[:MOST_REPLY])
            ins, outs = ins + (usage.tokens_in or 0), outs + (usage.tokens_out or 0)
            meaning = meaning_of(reply, question)
            if meaning is not None:
                break
        return Verdict(" / ".join(replies), meaning), Usage(ins or None, outs or None)

    async def _paid(self, endpoint: Endpoint, question: Question) -> tuple[str, Usage]:
        """One reply within the budget."""
        reserved = self.budget.reserve(question)
        if reserved is None:
            raise OutOfBudget
        used_in = used_out = 0.0
        try:
            reply, usage = await endpoint.ask(question)
            used_in = usage.tokens_in if usage.tokens_in is not None else tokens_in(question).most
            used_out = usage.tokens_out if usage.tokens_out is not None else tokens_out(question).most
        finally:
            self.budget.settle(reserved, used_in, used_out)
            self.totals.tokens_in += used_in
            self.totals.tokens_out += used_out
        return reply, usage

    def _fail(self, why: str) -> None:
        self.totals.failed[why] += 1

    def _stop(self, why: str) -> None:
        self.totals.stopped = self.totals.stopped or why

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            self.store.renew(self._leased, LEASE_SECONDS)


class OutOfBudget(Exception):  # noqa: N818  # reads as what it says
    """Nothing of the budget is left for one more question."""


def ask_all(
    questions: Mapping[str, Question],
    settings: JudgeSettings,
    store: VerdictStore,
    budget: Budget,
    done: Callable[[int], None],
) -> Totals:
    """Ask the judge about each of `questions` that has no verdict, several at once.

    Args:
        questions: by key.
        settings: how.
        store: where verdicts are kept.
        budget: what may be spent.
        done: told how many more are settled.

    Returns:
        What happened; why a question has no verdict is in `failed` and `stopped`, never an exception.
    """
    there = store.verdicts(questions)
    sent_off = store.in_batches() - there.keys()
    missing = {key: question for key, question in questions.items() if key not in there and key not in sent_off}
    totals = asyncio.run(Asker(settings, store, budget).ask(missing, done)) if missing else Totals()
    totals.pairs, totals.stored = len(questions), len(there)
    waiting = len(questions) - len(there) - len(missing)
    if waiting:
        totals.failed["sent off in a batch (--batch fetches it)"] += waiting
    return totals
