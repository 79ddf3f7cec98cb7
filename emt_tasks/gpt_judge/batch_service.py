"""OpenAI's batch service: half the price, an answer within a day, and a second start that finds what was sent off.

A batch is written to the store before it is sent, and carries its plan's name as metadata: a process that is killed
between sending and noting the batch's id finds it again by that name. While it is being sent its process holds a lease
of the plan, so that another does not take it for one that was never sent, and pay for its pairs again.
"""

import asyncio
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from emt_tasks.errors import EmtError
from emt_tasks.escaping import plain
from emt_tasks.gpt_judge.asking import Totals
from emt_tasks.gpt_judge.endpoint import SHOWN, Endpoint, Unanswered, body, reply_in
from emt_tasks.gpt_judge.money import Budget, tokens_in
from emt_tasks.gpt_judge.questions import Question
from emt_tasks.gpt_judge.settings import JudgeSettings
from emt_tasks.gpt_judge.store import OpenBatch, Usage, VerdictStore
from emt_tasks.gpt_judge.verdicts import MOST_REPLY, Verdict, meaning_of

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types import Batch

MOST_IN_BATCH = 50_000  # the service's limit of requests
MOST_SECONDS_BETWEEN_LOOKS = 5.0  # at what another process is sending, which takes seconds
ENDED = frozenset({"completed", "expired", "failed", "cancelled"})
METADATA = "emt_plan"
ASKED_AT: Final = "/v1/chat/completions"
LONGEST_SENDING = 3600.0  # seconds that a batch may take to be sent off by a process of another machine


class _Batches:
    """The batches of one round; `say` is told how they are."""

    def __init__(
        self, settings: JudgeSettings, store: VerdictStore, budget: Budget, client: "AsyncOpenAI",
        say: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.settings, self.store, self.budget, self.client, self.say = settings, store, budget, client, say
        self.totals = Totals()
        self.first_reply: dict[str, str] = {}
        self._reserved: dict[str, float] = {}  # what was set aside for a question, in dollars, by its key

    async def sent_off(self, poll: float) -> list[OpenBatch]:
        """Those that this and other starts sent off; waits for the ones that another process is sending now."""
        while True:
            known = await self._found_again()
            if all(batch.id is not None for batch in known):
                return known
            self.say("another process is sending a batch off")
            await asyncio.sleep(min(poll, MOST_SECONDS_BETWEEN_LOOKS))

    async def _found_again(self) -> list[OpenBatch]:
        """Those whose results were not fetched; ones that a process did not live to send are forgotten."""
        known = self.store.open_batches(self.settings.base_url)
        if any(batch.id is None for batch in known):
            named = {(one.metadata or {}).get(METADATA): one.id async for one in self.client.batches.list(limit=100)}
            for batch in known:
                if batch.id is None and batch.plan in named:
                    self.store.name_batch(batch.plan, named[batch.plan])
                elif batch.id is None and self.store.lease(batch.plan, LONGEST_SENDING):
                    self.store.forget_batch(batch.plan)
                    self.store.release([batch.plan])
        return self.store.open_batches(self.settings.base_url)

    async def send(self, questions: Mapping[str, Question]) -> None:
        """Send off what is free and within the budget."""
        affordable = [key for key, question in questions.items() if self._affordable(question)]
        for first in range(0, len(affordable), MOST_IN_BATCH):
            plan = uuid.uuid4().hex
            self.store.lease(plan, LONGEST_SENDING)
            keys = self.store.claim_batch(self.settings.base_url, plan, affordable[first : first + MOST_IN_BATCH])
            if keys:
                name = await self._send_one(plan, [questions[key] for key in keys])
                self.store.name_batch(plan, name)
                self.totals.calls += len(keys)
                self.say(f"sent off {len(keys):,} questions as {plain(name)}")
            self.store.release([plan])

    async def _send_one(self, plan: str, questions: Iterable[Question]) -> str:
        """Send `questions` off as one batch; what the service calls it."""
        lines = [{"custom_id": one.key, "method": "POST", "url": ASKED_AT, "body": body(one)} for one in questions]
        file = await self.client.files.create(
            file=(f"{plan}.jsonl", "\n".join(map(json.dumps, lines)).encode()), purpose="batch"
        )
        batch = await self.client.batches.create(
            input_file_id=file.id, endpoint=ASKED_AT, completion_window="24h", metadata={METADATA: plan}
        )
        return batch.id

    def _affordable(self, question: Question) -> bool:
        reserved = self.budget.reserve(question)
        if reserved is not None:
            self._reserved[question.key] = reserved
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
        sent, answered = set(batch.keys), set()
        for key, completion in _completions(text):
            question = questions.get(key)
            if question is not None and key in sent and self._settled(question, completion, again):
                answered.add(key)
        lost = len(sent & questions.keys() - answered)
        if lost:
            self.totals.failed[_trouble(at, self.settings)] += lost
        self.store.forget_batch(batch.plan)
        return again

    def _settled(self, question: Question, completion: Any, again: dict[str, Question]) -> bool:
        """Keep the verdict in `completion`, or note that the question is to be asked again; False where it has none."""
        try:
            said, usage = reply_in(completion)
        except Unanswered:
            return False
        reply = self.settings.hidden(said)
        used = Usage(usage.tokens_in or round(tokens_in(question).most), usage.tokens_out or 1)
        self.budget.settle(self._reserved.pop(question.key, 0.0), used.tokens_in or 0, used.tokens_out or 0)
        self.totals.tokens_in += used.tokens_in or 0
        self.totals.tokens_out += used.tokens_out or 0
        meaning, before = meaning_of(reply, question), self.first_reply.get(question.key)
        if meaning is None and before is None:
            self.first_reply[question.key] = reply[:MOST_REPLY]
            again[question.key] = question
            return True
        kept = reply[:MOST_REPLY] if before is None else f"{before} / {reply[:MOST_REPLY]}"
        self.store.put(question, Verdict(kept, meaning), used, self.settings.base_url)
        self.totals.judged += 1
        self.totals.unclear += meaning is None
        return True


def _trouble(batch: "Batch", settings: JudgeSettings) -> str:
    """Why a batch that has ended lacks replies, as far as the service says it."""
    told = [str(one.message) for one in (batch.errors.data if batch.errors else None) or ()][:1]
    return plain(settings.hidden(": ".join([f"batch {batch.status}", *told])))[:SHOWN]


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
            await batches.sent_off(poll)
            sent = store.in_batches()
            unsent = {key: question for key, question in missing.items() if key not in sent}
            for _ in range(2):  # a reply that says neither is asked for once more
                await batches.send(unsent)
                unsent = {}
                for batch in await batches.sent_off(poll):
                    unsent |= await batches.fetch(batch, missing, poll)
                if not unsent:
                    break
    except openai.OpenAIError as error:
        told = plain(settings.hidden(str(error)))[:SHOWN]
        raise EmtError(
            f"the batch service at {settings.base_url} fails: {told} Run the same command again: what was sent off is "
            "found again."
        ) from error
    batches.totals.usd = budget.spent if budget.price else None
    return batches.totals
