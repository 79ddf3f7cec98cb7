"""OpenAI's batch service: half the price, an answer within a day, and a second start that finds what was sent off.

A batch is written to the store before it is sent, and carries its plan's name as metadata: a process that is killed
between sending and noting the batch's id finds it again by that name.
"""

import asyncio
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from emt_tasks.errors import EmtError
from emt_tasks.escaping import plain
from emt_tasks.gpt_judge.asking import Totals
from emt_tasks.gpt_judge.endpoint import Endpoint, Unanswered, body, reply_in
from emt_tasks.gpt_judge.money import Budget, tokens_in, tokens_out
from emt_tasks.gpt_judge.questions import Question
from emt_tasks.gpt_judge.settings import JudgeSettings
from emt_tasks.gpt_judge.store import OpenBatch, Usage, VerdictStore
from emt_tasks.gpt_judge.verdicts import MOST_REPLY, Verdict, meaning_of

if TYPE_CHECKING:
    from openai import AsyncOpenAI

MOST_IN_BATCH = 50_000  # the service's limit of requests
ENDED = frozenset({"completed", "expired", "failed", "cancelled"})
METADATA = "emt_plan"


class _Batches:
    """The batches of one round; `say` is told how they are."""

    def __init__(
        self, settings: JudgeSettings, store: VerdictStore, budget: Budget, client: "AsyncOpenAI",
        say: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.settings, self.store, self.budget, self.client, self.say = settings, store, budget, client, say
        self.totals = Totals()
        self.first_reply: dict[str, str] = {}

    async def found_again(self) -> list[OpenBatch]:
        """Those that an earlier start sent off; ones that it did not come to send are forgotten."""
        known = self.store.open_batches(self.settings.base_url)
        if any(batch.id is None for batch in known):
            named = {(one.metadata or {}).get(METADATA): one.id async for one in self.client.batches.list(limit=100)}
            for batch in known:
                if batch.id is None and batch.plan in named:
                    self.store.name_batch(batch.plan, named[batch.plan])
                elif batch.id is None:
                    self.store.forget_batch(batch.plan)
        return self.store.open_batches(self.settings.base_url)

    async def send(self, questions: Mapping[str, Question]) -> None:
        """Send off what is free and within the budget."""
        affordable = [key for key, question in questions.items() if self._affordable(question)]
        for first in range(0, len(affordable), MOST_IN_BATCH):
            plan = uuid.uuid4().hex
            keys = self.store.claim_batch(self.settings.base_url, plan, affordable[first : first + MOST_IN_BATCH])
            if not keys:
                continue
            lines = [
                {"custom_id": key, "method": "POST", "url": "/v1/chat/completions", "body": body(questions[key])}
                for key in keys
            ]
            file = await self.client.files.create(
                file=(f"{plan}.jsonl", "\n".join(map(json.dumps, lines)).encode()), purpose="batch"
            )
            batch = await self.client.batches.create(
                input_file_id=file.id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={METADATA: plan},
            )
            self.store.name_batch(plan, batch.id)
            self.totals.calls += len(keys)
            self.say(f"sent off {len(keys):,} questions as {plain(batch.id)}")

    def _affordable(self, question: Question) -> bool:
        if self.budget.reserve(question) is not None:
            return True
        self.totals.failed["budget"] += 1
        self.totals.stopped = f"the limit of ${self.budget.most:g} is reached"
        return False

    async def fetch(self, batch: OpenBatch, questions: Mapping[str, Question], poll: float) -> dict[str, Question]:
        """Wait for `batch` and keep its verdicts; the questions whose reply said neither, to be asked once more."""
        assert batch.id is not None, "only batches that were sent are waited for"
        while (at := await self.client.batches.retrieve(batch.id)).status not in ENDED:
            self.say(f"{plain(batch.id)}: {plain(str(at.status))}")
            await asyncio.sleep(poll)
        text = (await self.client.files.content(at.output_file_id)).text if at.output_file_id else ""
        again: dict[str, Question] = {}
        answered = set()
        for key, completion in _completions(text):
            question = questions.get(key)
            if question is not None and key in batch.keys and self._settled(question, completion, again):
                answered.add(key)
        lost = len(set(batch.keys) & questions.keys() - answered)
        if lost:
            self.totals.failed[f"batch {plain(str(at.status))}"] += lost
        self.store.forget_batch(batch.plan)
        return again

    def _settled(self, question: Question, completion: Any, again: dict[str, Question]) -> bool:
        """Keep the verdict in `completion`, or note that the question is to be asked again; False where it has none."""
        try:
            reply, usage = reply_in(completion)
        except Unanswered:
            return False
        used = Usage(usage.tokens_in or round(tokens_in(question).most), usage.tokens_out or 1)
        self.budget.settle(self._worst(question), used.tokens_in or 0, used.tokens_out or 0)
        self.totals.tokens_in += used.tokens_in or 0
        self.totals.tokens_out += used.tokens_out or 0
        meaning, before = meaning_of(reply, question), self.first_reply.get(question.key)
        if meaning is None and before is None:
            self.first_reply[question.key] = reply[:MOST_REPLY]
            again[question.key] = question
            return True
        said = reply[:MOST_REPLY] if before is None else f"{before} / {reply[:MOST_REPLY]}"
        self.store.put(question, Verdict(said, meaning), used, self.settings.base_url)
        self.totals.judged += 1
        self.totals.unclear += meaning is None
        return True

    def _worst(self, question: Question) -> float:
        price = self.budget.price
        return price.usd(tokens_in(question).most, tokens_out(question).most, batch=True) if price else 0.0


def _completions(text: str) -> Iterator[tuple[str, Any]]:
    """Key and chat completion of each line of a batch's output that holds one."""
    for line in text.splitlines():
        try:
            told = json.loads(line, object_hook=lambda fields: SimpleNamespace(**fields))
            yield str(told.custom_id), told.response.body
        except (ValueError, AttributeError, TypeError):
            continue  # its question counts as lost


def ask_in_batches(
    questions: Mapping[str, Question],
    settings: JudgeSettings,
    store: VerdictStore,
    budget: Budget,
    say: Callable[[str], None],
    poll: float = 60.0,
) -> Totals:
    """Ask the judge about each of `questions` that has no verdict, by the batch service; waits until it is done.

    Raises:
        EmtError: the service can't be reached or refuses. What was sent off is found again by the next start.
    """
    there = store.verdicts(questions)
    missing = {key: question for key, question in questions.items() if key not in there}
    totals = asyncio.run(_rounds(missing, settings, store, budget, say, poll)) if missing else Totals()
    totals.pairs, totals.stored = len(questions), len(there)
    return totals


async def _rounds(
    missing: Mapping[str, Question], settings: JudgeSettings, store: VerdictStore, budget: Budget,
    say: Callable[[str], None], poll: float,
) -> Totals:  # fmt: skip
    import openai

    try:
        async with Endpoint(settings) as endpoint:
            batches = _Batches(settings, store, budget, endpoint.client, say)
            await batches.found_again()
            sent = store.in_batches()
            unsent = {key: question for key, question in missing.items() if key not in sent}
            for _ in range(2):  # a reply that says neither is asked for once more
                await batches.send(unsent)
                unsent = {}
                for batch in store.open_batches(settings.base_url):
                    unsent |= await batches.fetch(batch, missing, poll)
                if not unsent:
                    break
    except openai.OpenAIError as error:
        raise EmtError(
            f"the batch service at {settings.base_url} fails: {plain(str(error))[:300]} Run the same command again: "
            "what was sent off is found again."
        ) from error
    batches.totals.usd = budget.spent if budget.price else None
    return batches.totals
